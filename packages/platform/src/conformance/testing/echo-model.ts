import { DATATYPES, decodeBinary, encodeBinary, type Value } from '../datatypes.ts'
import { countOf, flatText, type Tensor, type TensorSpec } from '../tensors.ts'

/** A refusal with its HTTP status and its gRPC code. */
export class Refusal extends Error {
  readonly status: number
  readonly code: number

  constructor(message: string, status = 400, code = 3) {
    super(message)
    this.status = status
    this.code = code
  }
}

/** Refuses unless `condition` holds. */
export function demand(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Refusal(message)
}

/** A model that answers each input unchanged under its name with `_out`. */
export interface EchoModel {
  inputs: TensorSpec[]
  outputs: TensorSpec[]
}

/** A model with one input for each datatype. */
export function echoModel(datatypes: readonly string[]): EchoModel {
  const inputs = datatypes.map((datatype) => ({ name: datatype.toLowerCase(), datatype, shape: [-1, 2] }))
  return { inputs, outputs: inputs.map((spec) => ({ ...spec, name: `${spec.name}_out` })) }
}

/** An input as a caller sent it. */
export interface Sent {
  name: unknown
  datatype: unknown
  shape: unknown
  values: (datatype: string, count: number) => Value[]
}

/** Compares the inputs with the declared ones, and answers the wanted outputs. */
export function answer(model: EchoModel, sent: readonly Sent[], wanted: readonly unknown[] = []): Tensor[] {
  demand(new Set(sent.map(({ name }) => name)).size === sent.length, 'an input is there twice')
  for (const { name } of sent)
    demand(
      model.inputs.some((spec) => spec.name === name),
      `there is no input ${name}`,
    )
  const tensors = model.inputs.map((spec): Tensor => {
    const one = sent.find(({ name }) => name === spec.name)
    demand(one, `the input ${spec.name} is missing`)
    demand(one.datatype === spec.datatype, `${spec.name} must be ${spec.datatype}`)
    const { shape } = one
    demand(Array.isArray(shape) && shape.length === spec.shape.length, `${spec.name} must have ${spec.shape.length} dimensions`)
    demand(
      shape.every((size, i) => Number.isSafeInteger(size) && size >= 0 && (spec.shape[i] === -1 || spec.shape[i] === size)),
      `the shape of ${spec.name} is wrong`,
    )
    const count = countOf(shape)
    demand(count < 1e7, 'too many values')
    const values = one.values(spec.datatype, count)
    demand(values.length === count, `${spec.name} needs ${count} values`)
    return { ...spec, name: `${spec.name}_out`, shape, values }
  })
  demand(new Set(wanted).size === wanted.length, 'an output is asked for twice')
  for (const name of wanted)
    demand(
      tensors.some((tensor) => tensor.name === name),
      `there is no output ${name}`,
    )
  return wanted.length === 0 ? tensors : tensors.filter(({ name }) => wanted.includes(name))
}

/** Values in JSON, flat or nested to the shape. */
export function fromJson(data: unknown, shape: unknown, datatype: string): Value[] {
  demand(Array.isArray(data), 'data must be an array')
  const nested = Array.isArray(data[0])
  const flat = nested ? (data as unknown[][]).flatMap((row) => (Array.isArray(row) && row.length === (shape as number[])[1] ? row : [row, undefined])) : data
  if (nested) demand(data.length === (shape as number[])[0], 'the nesting and the shape disagree')
  return flat.map((value) => fits(value, datatype))
}

function fits(value: unknown, datatype: string): Value {
  const type = DATATYPES[datatype]!
  if (type.kind === 'bool') demand(typeof value === 'boolean', 'BOOL is true or false')
  else if (type.kind === 'bytes') demand(typeof value === 'string', 'BYTES is text')
  else if (type.kind === 'int') {
    demand(typeof value === 'bigint' || (typeof value === 'number' && Number.isInteger(value)), `${datatype} is a whole number`)
    demand(BigInt(value) >= type.range![0] && BigInt(value) <= type.range![1], `${value} is beyond ${datatype}`)
  } else {
    if (value === null || value === 'NaN') return Number.NaN
    demand((typeof value === 'number' && Number.isFinite(value)) || typeof value === 'bigint', `${datatype} is a number`)
    return Number(value)
  }
  return value as Value
}

/** Values in binary. */
export function fromBytes(bytes: Uint8Array, datatype: string): Value[] {
  const values = decodeBinary(datatype, bytes)
  demand(values, `the bytes are no ${datatype}`)
  return values
}

/** An output as JSON text, or as text and bytes. */
export function outputText(tensor: Tensor, binary: boolean): { text: string; bytes: Buffer } {
  const head = `{"name":"${tensor.name}","datatype":"${tensor.datatype}","shape":[${tensor.shape}]`
  if (!binary) return { text: `${head},"data":${flatText(tensor.values).replaceAll('NaN', 'null')}}`, bytes: Buffer.alloc(0) }
  const bytes = encodeBinary(tensor.datatype, tensor.values)
  return { text: `${head},"parameters":{"binary_data_size":${bytes.length}}}`, bytes }
}
