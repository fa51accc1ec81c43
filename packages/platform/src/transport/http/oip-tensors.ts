import { type DataType, FairleadError, isFloat, OIP_TYPES, type ProblemItem, TYPES_BY_OIP } from '@fairlead/contract'
import { allocate, float32Text, halfToNumber, setterOf, shapeFault, sizeOf, type Tensor, type TensorData, valueWriter } from '../../domain/inference/index.ts'
import type { InputHead } from '../tensor-bytes.ts'
import { type BinaryPart, JSON_LENGTH_HEADER } from './oip-binary.ts'
import { parametersOf } from './oip-parameters.ts'

function refused(path: string, detail: string, code: ProblemItem['code'] = 'request-invalid'): FairleadError {
  return new FairleadError(code, `${path}: ${detail}`, { items: [{ path, code, detail }] })
}

const SETTERS = new Map([...TYPES_BY_OIP.values()].map((type) => [type, setterOf({ name: '', type, tensor: '' }, 'pass')]))

function shapeOf(value: unknown, path: string): number[] {
  if (!Array.isArray(value)) throw refused(`${path}.shape`, 'an array of whole numbers is needed')
  for (const [i, size] of value.entries()) {
    if (typeof size !== 'number' || !Number.isInteger(size) || size < 0) throw refused(`${path}.shape[${i}]`, 'a whole number of at least 0 is needed')
  }
  const shape = value as number[]
  const fault = shapeFault(shape)
  if (fault !== undefined) throw refused(`${path}.shape`, fault, 'shape-mismatch')
  return shape
}

interface Fill {
  type: DataType
  data: TensorData
  path: string
}

function fillValue(value: unknown, at: number, { type, data, path }: Fill): void {
  // some servers write null for what is not a number, and clients send back what they got
  const refusal = SETTERS.get(type)!(value === null && isFloat(type) ? 'NaN' : value, data, at)
  if (refusal) throw refused(`${path}.data`, `value ${at}: ${refusal.detail}`, refusal.code)
}

/** Nested data must follow the shape level by level. */
function fillNested(value: unknown, { shape, at, fill }: { shape: number[]; at: number; fill: Fill }): void {
  const [size, ...rest] = shape
  if (size === undefined) {
    fillValue(value, at, fill)
    return
  }
  if (!Array.isArray(value) || value.length !== size) {
    const got = Array.isArray(value) ? `${value.length} elements` : 'no array'
    throw refused(
      `${fill.path}.data`,
      `the nesting of the data and the shape disagree: ${size} elements are needed at one place, and there is ${got}`,
      'shape-mismatch',
    )
  }
  const step = sizeOf(rest)
  for (let k = 0; k < size; k++) fillNested(value[k], { shape: rest, at: at + k * step, fill })
}

function decodeData(data: unknown, { type, shape, path }: { type: DataType; shape: number[]; path: string }): TensorData {
  if (!Array.isArray(data)) throw refused(`${path}.data`, 'an array is needed')
  const size = sizeOf(shape)
  const nested = Array.isArray(data[0])
  if (!nested && data.length !== size) {
    throw refused(
      `${path}.data`,
      `unexpected number of values: the data have ${data.length}, and the shape [${shape}] does not match true shape, it needs ${size}`,
      'shape-mismatch',
    )
  }
  // the count was compared above or is compared level by level, so no more room is made than values were sent, but for
  // nested data, whose room is bounded by the count of the first branch
  if (nested && data.length !== shape[0]) {
    throw refused(
      `${path}.data`,
      `the data have ${data.length} rows, and the shape [${shape}] does not match true shape, it needs ${shape[0]}`,
      'shape-mismatch',
    )
  }
  const values = allocate(type, nested ? countNested(data, shape, path) : size)
  const fill: Fill = { type, data: values, path }
  if (nested) fillNested(data, { shape, at: 0, fill })
  else for (let i = 0; i < size; i++) fillValue(data[i], i, fill)
  return values
}

/** The size of the shape, once the first branch shows that the data can have it. */
function countNested(data: unknown[], shape: number[], path: string): number {
  let level: unknown = data
  for (const size of shape) {
    if (!Array.isArray(level) || level.length !== size)
      throw refused(`${path}.data`, `the nesting of the data does not match true shape [${shape}]`, 'shape-mismatch')
    level = level[0]
  }
  return sizeOf(shape)
}

/** Where the values of inputs may be beside the JSON, and what to ask before room is made for them. */
export interface InputSource {
  binary?: BinaryPart | undefined
  checkRoom?(name: string, size: number): void
}

/** One input of an inference request as a named tensor. `index` is its place among the inputs. */
export function decodeInput(value: unknown, index: number, { binary, checkRoom }: InputSource = {}): { name: string; tensor: Tensor } {
  const path = `inputs[${index}]`
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw refused(path, 'an object with name, shape, datatype and data is needed')
  const { name, shape: rawShape, datatype, data, parameters } = value as Record<string, unknown>
  if (typeof name !== 'string' || name === '') throw refused(`${path}.name`, 'text is needed')
  const type = typeof datatype === 'string' ? TYPES_BY_OIP.get(datatype) : undefined
  if (type === undefined) throw refused(`${path}.datatype`, `must be one of ${[...TYPES_BY_OIP.keys()].join(', ')}`)
  const shape = shapeOf(rawShape, path)
  const { binary_data_size: length } = parametersOf(parameters, path)
  const size = sizeOf(shape)
  checkRoom?.(name, size)
  if (length === undefined) {
    if (data === undefined) throw refused(`${path}.data`, 'the data are missing')
    return { name, tensor: { type, shape, data: decodeData(data, { type, shape, path }) } }
  }
  if (data !== undefined) throw refused(path, 'there are both "data" and "binary_data_size"; one of them is needed')
  return { name, tensor: { type, shape, data: readBinary(binary, length, { head: { type, shape, size }, path }) } }
}

function readBinary(binary: BinaryPart | undefined, length: unknown, { head, path }: { head: InputHead; path: string }): TensorData {
  if (typeof length !== 'number' || !Number.isSafeInteger(length) || length < 0)
    throw refused(`${path}.parameters.binary_data_size`, 'a whole number of at least 0 is needed')
  if (!binary) throw refused(path, `its values are said to be behind the JSON, and the header ${JSON_LENGTH_HEADER} does not say where that ends`)
  const data = binary.read(length, head)
  if ('detail' in data) throw refused(path, data.detail, data.code)
  return data
}

/** How numbers that JSON does not have are written: as null (told in the output's parameters), in quotes, or as bare words. */
export type NonFiniteForm = 'null' | 'strings' | 'tokens'

const TOKENS: Record<NonFiniteForm, (value: number) => string> = { null: () => 'null', strings: (value) => `"${value}"`, tokens: (value) => `${value}` }

/** How an output is written. */
export interface OutputForm {
  /** Its head up to its shape. */
  head: string
  /** Whether it has no other characters than those of ASCII. */
  ascii: boolean
  type: DataType
}

/** By type and name: releases have few. */
const FORMS = new Map<DataType, Map<string, OutputForm>>()
const MOST_FORMS = 10_000

/** The way to write an output of a name and type. */
export function outputForm(name: string, type: DataType): OutputForm {
  let forms = FORMS.get(type)
  if (!forms || forms.size > MOST_FORMS) {
    forms = new Map()
    FORMS.set(type, forms)
  }
  let form = forms.get(name)
  if (form === undefined) {
    const head = `{"name":${JSON.stringify(name)},"datatype":"${OIP_TYPES[type]}","shape":[`
    form = { head, type, ascii: type !== 'string' && Buffer.byteLength(head) === head.length }
    forms.set(name, form)
  }
  return form
}

/** One output as JSON text, its data flat. */
export function encodeOutput({ head }: OutputForm, tensor: Tensor, form: NonFiniteForm): string {
  const { type, data, nulls } = tensor
  const plain = valueWriter(type)
  const count = data.length
  let hidden = false
  let text = ''
  for (let i = 0; i < count; i++) {
    if (i > 0) text += ','
    if (nulls?.[i]) text += type === 'string' ? '""' : 'null'
    else if (isFloat(type)) {
      const value = type === 'float16' ? halfToNumber(data[i] as number) : (data[i] as number)
      if (Number.isFinite(value)) text += type === 'float32' ? float32Text(value) : plain(data, i)
      else {
        hidden = true
        text += TOKENS[form](value)
      }
    } else text += plain(data, i)
  }
  const parameters = hidden ? `,"parameters":{"nonfinite":"${form}"}` : ''
  return `${head}${tensor.shape.length === 1 ? tensor.shape[0] : tensor.shape.join(',')}]${parameters},"data":[${text}]}`
}
