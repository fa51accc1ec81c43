import { DATATYPES, datatypeOf, encodeBinary, sameValue, type Value } from './datatypes.ts'
import { objectText } from './json.ts'

/** A tensor as a model's metadata declare it; -1 varies. */
export interface TensorSpec {
  name: string
  datatype: string
  shape: number[]
}

/** A tensor with its values, row by row. */
export interface Tensor extends TensorSpec {
  values: Value[]
}

/** Number of values of a shape. */
export function countOf(shape: readonly number[]): number {
  return shape.reduce((count, size) => count * size, 1)
}

const MADE_UP: Record<'plain' | 'odd', Record<string, (i: number) => Value>> = {
  // small values that categories, counts and measurements all can be
  plain: { bool: (i) => i % 2 === 0, int: (i) => i % 2, float: (i) => (i % 8) * 0.25, bytes: (i) => (i % 2 === 0 ? 'a' : 'b') },
  // values that no label and no probability is
  odd: { bool: (i) => i % 2 === 1, int: (i) => 100 + (i % 20), float: (i) => 1000.5 + (i % 32), bytes: (i) => `echo-${i % 32}` },
}

/** A valid tensor for a declared one: a first dimension that varies has `rows`, any other that varies has 1. */
export function makeTensor(spec: TensorSpec, rows: number, style: 'plain' | 'odd' = 'plain'): Tensor {
  const shape = spec.shape.map((size, i) => (size >= 0 ? size : i === 0 ? rows : 1))
  const make = MADE_UP[style][DATATYPES[spec.datatype]?.kind ?? 'float']!
  return { name: spec.name, datatype: spec.datatype, shape, values: Array.from({ length: countOf(shape) }, (_, i) => make(i)) }
}

/** The same tensor with another number of rows: its own, again from the first when they run out. */
export function withRows(tensor: Tensor, rows: number): Tensor {
  const perRow = countOf(tensor.shape.slice(1))
  const [first = 0] = tensor.shape
  const values = Array.from({ length: rows * perRow }, (_, i) => tensor.values[i % (first * perRow)]!)
  return { ...tensor, shape: [rows, ...tensor.shape.slice(1)], values }
}

/** A value as JSON text. NaN and infinities become the bare words. */
export function valueText(value: Value): string {
  if (typeof value === 'string') return JSON.stringify(value)
  return Object.is(value, -0) ? '-0.0' : String(value)
}

/** Values as JSON text, flat. */
export function flatText(values: readonly Value[]): string {
  return `[${values.map(valueText).join(',')}]`
}

/** Values as JSON text, nested to the shape. */
export function nestedText(values: readonly Value[], shape: readonly number[]): string {
  const [size = 0, ...rest] = shape
  if (rest.length === 0) return flatText(values)
  const step = countOf(rest)
  return `[${Array.from({ length: size }, (_, i) => nestedText(values.slice(i * step, (i + 1) * step), rest)).join(',')}]`
}

/** Members of an input as JSON text by name, so that a case can spoil one. */
export type Members = Record<string, string | undefined>

/** The members of an input whose data travel in JSON. */
export function inputMembers(tensor: Tensor): Members {
  return {
    name: JSON.stringify(tensor.name),
    shape: JSON.stringify(tensor.shape),
    datatype: JSON.stringify(tensor.datatype),
    data: flatText(tensor.values),
  }
}

/** The data of a tensor with its first value replaced by other JSON text. */
export function withFirstValue(tensor: Tensor, text: string): Members {
  return { data: `[${[text, ...tensor.values.slice(1).map(valueText)].join(',')}]` }
}

/** An input in JSON. */
export function inputText(tensor: Tensor, change: Members = {}): string {
  return objectText({ ...inputMembers(tensor), ...change })
}

/** An input whose data travel in the binary part, and those data. */
export function binaryInput(tensor: Tensor, size?: number): { text: string; bytes: Buffer } {
  const bytes = encodeBinary(tensor.datatype, tensor.values)
  return { text: inputText(tensor, { data: undefined, parameters: `{"binary_data_size":${size ?? bytes.length}}` }), bytes }
}

/** Whether every tensor can travel in JSON. */
export function jsonable(tensors: readonly TensorSpec[]): boolean {
  return tensors.every(({ datatype }) => datatypeOf(datatype)?.json === true)
}

/** How two lists of outputs differ, in words; `undefined` when they hold the same values under the same names. */
export function differenceOf(found: readonly Tensor[], wanted: readonly Tensor[]): string | undefined {
  for (const tensor of wanted) {
    const other = found.find(({ name }) => name === tensor.name)
    if (!other) return `the output "${tensor.name}" is missing`
    if (other.datatype !== tensor.datatype) return `the output "${tensor.name}" is ${other.datatype} and was ${tensor.datatype}`
    if (other.shape.join() !== tensor.shape.join()) return `the output "${tensor.name}" has the shape [${other.shape}] and had [${tensor.shape}]`
    const at = tensor.values.findIndex((value, i) => other.values[i] === undefined || !sameValue(tensor.datatype, other.values[i], value))
    if (at >= 0) return `value ${at} of the output "${tensor.name}" is ${String(other.values[at])} and should be ${String(tensor.values[at])}`
  }
  return undefined
}
