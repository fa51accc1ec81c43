import { datatypeOf, decodeBinary, encodeBinary, type Value } from '../datatypes.ts'
import type { InferenceAnswer, Output } from '../inference.ts'
import { countOf, type Tensor, type TensorSpec } from '../tensors.ts'
import { must } from '../unmet.ts'
import { allBytes, bytes, fieldsOf, integer, integers, number, text, varint } from './wire.ts'

/** The field of `InferTensorContents` of a datatype; FP16 and BF16 travel raw only. */
function contentsField(datatype: string): number | undefined {
  if (datatype === 'BOOL') return 1
  if (datatype === 'INT64') return 3
  if (datatype === 'UINT64') return 5
  if (datatype.startsWith('INT')) return 2
  if (datatype.startsWith('UINT')) return 4
  return { FP32: 6, FP64: 7, BYTES: 8 }[datatype]
}

/** Whether tensors of these datatypes can travel in typed contents. */
export function typeable(tensors: readonly TensorSpec[]): boolean {
  return tensors.every(({ datatype }) => contentsField(datatype) !== undefined)
}

function contents({ datatype, values }: Tensor): Buffer {
  const field = contentsField(datatype) ?? 8
  if (datatype === 'BYTES') return Buffer.concat(values.map((value) => bytes(field, Buffer.from(String(value)))))
  if (field >= 6) return bytes(field, encodeBinary(datatype, values))
  return bytes(field, Buffer.concat(values.map((value) => varint(typeof value === 'boolean' ? Number(value) : BigInt(value)))))
}

/** What a `ModelInfer` call asks. */
export interface InferCall {
  model: string
  version?: string
  id?: string
  inputs: readonly Tensor[]
  /** How inputs travel; `both` is what the protocol forbids. */
  form: 'raw' | 'typed' | 'both'
  outputs?: readonly string[]
  /** Whether parameters that nobody knows are sent along. */
  parameters?: boolean
  /** Raw contents in place of the right ones. */
  raw?: readonly Uint8Array[]
}

/** An entry of `map<string, InferParameter>`. */
function parameter(field: number, key: string, value: Buffer): Buffer {
  return bytes(field, Buffer.concat([bytes(1, key), bytes(2, value)]))
}

/** A `ModelInferRequest`. */
export function inferRequest(call: InferCall): Buffer {
  const inputs = call.inputs.map((tensor) => {
    const parts = [bytes(1, tensor.name), bytes(2, tensor.datatype), bytes(3, Buffer.concat(tensor.shape.map(varint)))]
    return bytes(5, Buffer.concat(call.form === 'raw' ? parts : [...parts, bytes(5, contents(tensor))]))
  })
  const raw = call.form === 'typed' ? [] : (call.raw ?? call.inputs.map(({ datatype, values }) => encodeBinary(datatype, values)))
  const parameters = call.parameters
    ? [parameter(4, 'fairlead_flag', number(1, 1)), parameter(4, 'fairlead_number', number(2, 17)), parameter(4, 'fairlead_text', bytes(3, 'x'))]
    : []
  return Buffer.concat([
    bytes(1, call.model),
    bytes(2, call.version ?? ''),
    bytes(3, call.id ?? ''),
    ...parameters,
    ...inputs,
    ...(call.outputs ?? []).map((name) => bytes(6, bytes(1, name))),
    ...raw.map((one) => bytes(7, one)),
  ])
}

/** A request with a model's name and version: metadata, ready, configuration, statistics. */
export function named(model: string, version = ''): Buffer {
  return Buffer.concat([bytes(1, model), bytes(2, version)])
}

function typedValues(datatype: string, message: Uint8Array): Value[] {
  const fields = fieldsOf(message)
  const field = contentsField(datatype)
  must(field !== undefined, `${datatype} has no typed contents`)
  if (datatype === 'BYTES') return allBytes(fields, field).map((one) => Buffer.from(one).toString())
  if (field >= 6) return decodeBinary(datatype, Buffer.concat(allBytes(fields, field))) ?? []
  const values = integers(fields, field)
  if (datatype === 'BOOL') return values.map((value) => value !== 0n)
  return values.map((value) => (datatype.startsWith('U') ? value : BigInt.asIntN(64, value)))
}

/** An inference answer over gRPC; `raw` says in which form the outputs came. */
export interface GrpcInference extends InferenceAnswer {
  raw: boolean
}

/** Reads a `ModelInferResponse`. Throws `Unmet` at the first place with the wrong form. */
export function readInferResponse(message: Uint8Array): GrpcInference {
  const fields = fieldsOf(message)
  const raws = allBytes(fields, 6)
  const tensors = allBytes(fields, 5)
  must(raws.length === 0 || raws.length === tensors.length, `there are ${tensors.length} outputs and ${raws.length} raw contents`)
  const outputs = tensors.map((one, i): Output => {
    const tensor = fieldsOf(one)
    const [name, datatype] = [text(tensor, 1), text(tensor, 2)]
    const shape = integers(tensor, 3).map(Number)
    must(datatypeOf(datatype), `the output "${name}" has the datatype "${datatype}"`)
    const raw = raws[i]
    const values = raw ? decodeBinary(datatype, raw) : typedValues(datatype, allBytes(tensor, 5).at(-1) ?? Buffer.alloc(0))
    must(values, `the raw contents of "${name}" are not whole ${datatype} values`)
    must(values.length === countOf(shape), `the output "${name}" has ${values.length} values, and its shape [${shape}] needs ${countOf(shape)}`)
    return { name, datatype, shape, values, binary: raw !== undefined, nulls: 0 }
  })
  return { modelName: text(fields, 1), modelVersion: text(fields, 2) || undefined, id: text(fields, 3) || undefined, outputs, raw: raws.length > 0 }
}

/** Field 1 as a flag: every answer about live and ready. */
export function readFlag(message: Uint8Array): boolean {
  return integer(fieldsOf(message), 1) === 1n
}

/** Reads a `ServerMetadataResponse`. */
export function readServerMetadata(message: Uint8Array): { name: string; version: string; extensions: string[] } {
  const fields = fieldsOf(message)
  return { name: text(fields, 1), version: text(fields, 2), extensions: allBytes(fields, 3).map((one) => Buffer.from(one).toString()) }
}

/** Reads a `ModelMetadataResponse`. */
export function readModelMetadata(message: Uint8Array): { name: string; platform: string; inputs: TensorSpec[]; outputs: TensorSpec[] } {
  const fields = fieldsOf(message)
  const specs = (field: number) =>
    allBytes(fields, field).map((one) => {
      const tensor = fieldsOf(one)
      return { name: text(tensor, 1), datatype: text(tensor, 2), shape: integers(tensor, 3).map((size) => Number(BigInt.asIntN(64, size))) }
    })
  return { name: text(fields, 1), platform: text(fields, 3), inputs: specs(4), outputs: specs(5) }
}

/** Names of the models of a `RepositoryIndexResponse`. */
export function readIndexNames(message: Uint8Array): string[] {
  return allBytes(fieldsOf(message), 1).map((one) => text(fieldsOf(one), 1))
}
