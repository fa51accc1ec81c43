import { datatypeOf, decodeBinary, type Value } from './datatypes.ts'
import type { HttpAnswer } from './http.ts'
import { isObject, kindOf, parseObject } from './json.ts'
import { countOf, type Tensor } from './tensors.ts'
import { must, Unmet } from './unmet.ts'

/** An output of an inference response. */
export interface Output extends Tensor {
  /** Whether its data came in the binary part. */
  binary: boolean
  /** Values that JSON does not have and that came as `null`. */
  nulls: number
}

/** An inference response whose form was checked. */
export interface InferenceAnswer {
  modelName: string
  modelVersion: string | undefined
  id: string | undefined
  outputs: Output[]
}

const HEADER = 'inference-header-content-length'

/** The length of the JSON part that an answer tells; `undefined` without the header. Throws `Unmet` when it cannot be. */
export function headerLength({ headers, body }: HttpAnswer): number | undefined {
  const text = headers[HEADER]
  if (text === undefined) return undefined
  must(typeof text === 'string' && /^\d+$/.test(text), `Inference-Header-Content-Length is ${kindOf(text)}`)
  must(Number(text) <= body.length, `Inference-Header-Content-Length is ${text}, and the body has ${body.length} bytes`)
  return Number(text)
}

/** Reads an inference response, JSON or with a binary part. Throws `Unmet` naming the first place with the wrong form. */
export function readInference(answer: HttpAnswer): InferenceAnswer {
  must(answer.decoded, 'the content encoding could not be undone')
  const length = headerLength(answer)
  const json = parseObject(answer.body.subarray(0, length))
  const { model_name: modelName, model_version: modelVersion, id, outputs } = json
  must(typeof modelName === 'string', `"model_name" is ${kindOf(modelName)}, not text`)
  must(modelVersion === undefined || modelVersion === null || typeof modelVersion === 'string', `"model_version" is ${kindOf(modelVersion)}, not text`)
  must(id === undefined || id === null || typeof id === 'string', `"id" is ${kindOf(id)}, not text`)
  must(Array.isArray(outputs), `"outputs" is ${kindOf(outputs)}, not an array`)
  const binary = { bytes: answer.body.subarray(length ?? answer.body.length), at: 0 }
  const read = outputs.map((output, i) => readOutput(output, `outputs[${i}]`, binary))
  must(binary.at === binary.bytes.length, `the binary part has ${binary.bytes.length} bytes, and the outputs say ${binary.at}`)
  return { modelName, modelVersion: modelVersion ?? undefined, id: id ?? undefined, outputs: read }
}

/** An input or output whose data are JSON. Throws `Unmet` naming the place with the wrong form. */
export function inputTensor(value: unknown, path: string): Tensor {
  const { name, datatype, shape, values } = readOutput(value, path, { bytes: Buffer.alloc(0), at: 0 })
  return { name, datatype, shape, values }
}

function readOutput(value: unknown, path: string, binary: { bytes: Buffer; at: number }): Output {
  must(isObject(value), `${path} is ${kindOf(value)}, not an object`)
  const { name, datatype, shape, parameters, data } = value
  must(typeof name === 'string', `${path}.name is ${kindOf(name)}, not text`)
  must(datatypeOf(datatype) && typeof datatype === 'string', `${path}.datatype is ${kindOf(datatype)}, no datatype of the protocol`)
  must(isShape(shape), `${path}.shape is ${kindOf(shape)}, not an array of whole numbers`)
  must(parameters === undefined || parameters === null || isObject(parameters), `${path}.parameters is ${kindOf(parameters)}, not an object`)
  const size = isObject(parameters) ? parameters.binary_data_size : undefined
  const found = size === undefined ? jsonValues(data, datatype, path) : binaryValues(datatype, { size, binary, path })
  const count = countOf(shape)
  must(found.values.length === count, `${path} has ${found.values.length} values, and its shape [${shape}] needs ${count}`)
  return { name, datatype, shape, ...found, binary: size !== undefined }
}

function isShape(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0)
}

function binaryValues(datatype: string, from: { size: unknown; binary: { bytes: Buffer; at: number }; path: string }) {
  const { size, binary, path } = from
  must(typeof size === 'number' && Number.isSafeInteger(size) && size >= 0, `${path}.parameters.binary_data_size is ${kindOf(size)}`)
  const bytes = binary.bytes.subarray(binary.at, binary.at + size)
  must(bytes.length === size, `${path} should have ${size} bytes in the binary part, and there are ${bytes.length}`)
  binary.at += size
  const values = decodeBinary(datatype, bytes)
  must(values, `the ${size} bytes of ${path} are not whole ${datatype} values`)
  return { values, nulls: 0 }
}

const MAX_DEPTH = 100

function jsonValues(data: unknown, datatype: string, path: string): { values: Value[]; nulls: number } {
  must(Array.isArray(data), `${path}.data is ${kindOf(data)}, not an array`)
  let level: unknown[] = data
  for (let depth = 0; level.some(Array.isArray); depth++) {
    must(depth < MAX_DEPTH, `${path}.data is nested too deeply`)
    level = level.flat()
  }
  const values = level.map((value, i) => jsonValue(value, datatype, `${path}.data[${i}]`))
  return { values, nulls: level.filter((value) => value === null).length }
}

function jsonValue(value: unknown, datatype: string, path: string): Value {
  const type = datatypeOf(datatype)!
  if (type.kind === 'float') {
    if (value === null || value === 'NaN') return Number.NaN
    if (value === 'Infinity' || value === '-Infinity') return Number(value)
    if (typeof value === 'number' || typeof value === 'bigint') return Number(value)
  } else if (type.kind === 'int') {
    const whole = typeof value === 'bigint' || (typeof value === 'number' && Number.isInteger(value)) ? BigInt(value) : undefined
    if (whole !== undefined && whole >= type.range![0] && whole <= type.range![1]) return value as Value
  } else if (typeof value === (type.kind === 'bool' ? 'boolean' : 'string')) return value as Value
  throw new Unmet(`${path} is ${kindOf(value)}, which is no ${datatype}`)
}
