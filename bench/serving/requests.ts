import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { LoadRequest } from '../load.ts'
import { FIXTURES } from '../platform.ts'

/** A row of the 100-tree classifier with the answer of XGBoost itself. */
export interface BenchRow {
  features: number[]
  label: number
  probabilities: number[]
}

export const ROWS = JSON.parse(readFileSync(join(FIXTURES, 'rows.json'), 'utf8')) as BenchRow[]
export const TREES = join(FIXTURES, 'trees_100x30.onnx')
export const IDENTITY = join(FIXTURES, 'identity_fp32.onnx')

/** Shape of the large tensor: 602,112 bytes of FP32. */
export const TENSOR_SHAPE = [1, 3, 224, 224] as const

/** Four tensors, so that no request is the one before it; quarters, which every way of writing numbers keeps exactly. */
export const TENSORS: Float32Array[] = Array.from({ length: 4 }, (_, seed) =>
  Float32Array.from({ length: 3 * 224 * 224 }, (_, at) => ((at * 7 + seed * 13) % 1021) / 4),
)

/** The requests for all rows, with bodies of one form. */
export function rowRequests(path: string, body: (features: number[]) => unknown): LoadRequest[] {
  return ROWS.map(({ features, label, probabilities }) => ({ path, body: JSON.stringify(body(features)), expect: { label, probabilities } }))
}

/** A row as the tensor `features` of the Open Inference Protocol. */
export function oipRow(features: number[]): unknown {
  return { inputs: [{ name: 'features', shape: [1, features.length], datatype: 'FP32', data: features }] }
}

/** Tensors as bare bytes, there and back. */
export function rawTensors(path: string): LoadRequest[] {
  return TENSORS.map((tensor) => {
    const bytes = bytesOf(tensor)
    return { path, body: bytes, headers: { 'Content-Type': 'application/octet-stream' }, expect: { bytes } }
  })
}

/** Tensors by the binary extension of the Open Inference Protocol, there and back. */
export function binaryTensors(path: string): LoadRequest[] {
  return TENSORS.map((tensor) => {
    const bytes = bytesOf(tensor)
    const input = { name: 'input', shape: TENSOR_SHAPE, datatype: 'FP32', parameters: { binary_data_size: bytes.length } }
    const head = Buffer.from(JSON.stringify({ inputs: [input], outputs: [{ name: 'output', parameters: { binary_data: true } }] }))
    const headers = { 'Content-Type': 'application/octet-stream', 'Inference-Header-Content-Length': String(head.length) }
    return { path, body: Buffer.concat([head, bytes]), headers, expect: { bytes } }
  })
}

/** Tensors as numbers in JSON, for servers that have no other way. */
export function jsonTensors(path: string): LoadRequest[] {
  return TENSORS.map((tensor) => {
    const input = { name: 'input', shape: TENSOR_SHAPE, datatype: 'FP32', data: Array.from(tensor) }
    return { path, body: JSON.stringify({ inputs: [input] }), expect: { values: tensor } }
  })
}

function bytesOf(tensor: Float32Array): Buffer {
  return Buffer.from(tensor.buffer, tensor.byteOffset, tensor.byteLength)
}
