import type { DataType, Signature, TensorSpec } from '@fairlead/contract'
import type { Artifact } from '../domain/inference/index.ts'

/** Numbers of the element types in ONNX files (onnx.proto, TensorProto.DataType). */
const ONNX_TYPES: Record<DataType, number> = {
  float32: 1,
  uint8: 2,
  int8: 3,
  uint16: 4,
  int16: 5,
  int32: 6,
  int64: 7,
  string: 8,
  bool: 9,
  float16: 10,
  float64: 11,
  uint32: 12,
  uint64: 13,
}

type Bytes = number[]

function varint(value: number): Bytes {
  const bytes: Bytes = []
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return [...bytes, rest]
    bytes.push((rest % 128) | 128)
  }
}
const number = (field: number, value: number): Bytes => [...varint(field << 3), ...varint(value)]
const chunk = (field: number, bytes: Bytes): Bytes => [...varint((field << 3) | 2), ...varint(bytes.length), ...bytes]
const text = (field: number, value: string): Bytes => chunk(field, [...Buffer.from(value)])

function valueInfo(spec: TensorSpec, name: string): Bytes {
  const shape = spec.shape.flatMap((size) => chunk(1, size < 0 ? text(2, 'N') : number(1, size)))
  return [...text(1, name), ...chunk(2, chunk(1, [...number(1, ONNX_TYPES[spec.type]), ...chunk(2, shape)]))]
}

/** A tiny ONNX model that copies each input `x` to an output `x_out`. */
export function identityModel(inputs: TensorSpec[]): Artifact {
  const graph = [
    ...inputs.flatMap(({ name }) => chunk(1, [...text(1, name), ...text(2, `${name}_out`), ...text(4, 'Identity')])),
    ...text(2, 'identity'),
    ...inputs.flatMap((spec) => chunk(11, valueInfo(spec, spec.name))),
    ...inputs.flatMap((spec) => chunk(12, valueInfo(spec, `${spec.name}_out`))),
  ]
  const opset = chunk(8, number(2, 17))
  const bytes = new Uint8Array([...number(1, 8), ...opset, ...chunk(7, graph)])
  return { format: 'onnx', bytes, signature: identitySignature(inputs) }
}

/** The identity model's signature: one column and one value per `[N]` or `[N, 1]` tensor. */
export function identitySignature(inputs: TensorSpec[]): Signature {
  return {
    task: 'other',
    inputs,
    outputs: inputs.map((spec) => ({ ...spec, name: `${spec.name}_out` })),
    columns: inputs.map(({ name, type }) => ({ name, type, tensor: name })),
    fields: inputs.map(({ name, type }) => ({ name: `${name}_out`, kind: 'value', type, tensor: `${name}_out` })),
  }
}
