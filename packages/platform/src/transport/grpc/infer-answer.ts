import { OIP_TYPES } from '@fairlead/contract'
import { sizeOf, type Tensor } from '../../domain/inference/index.ts'
import { BYTES, putVarint, tagOf, varintSize, WireWriter } from './wire.ts'

/** Bytes before each message: whether it is compressed, and its length. */
export const PREFIX_BYTES = 5
const RAW = tagOf(6, BYTES)
const SHAPE = tagOf(3, BYTES)

/** What is answered to a request for predictions. */
export interface InferAnswer {
  model: string
  version: string
  id: string
  outputs: readonly { name: string; tensor: Tensor }[]
}

const head = new WireWriter()
const output = new WireWriter()

/** An `inference.ModelInferResponse` behind its prefix. All values are in raw_output_contents. */
export function writeInferAnswer({ model, version, id, outputs }: InferAnswer): Buffer {
  head.clear()
  head.text(1, model)
  head.text(2, version)
  head.text(3, id)
  let size = PREFIX_BYTES
  const lengths: number[] = []
  for (const { name, tensor } of outputs) {
    head.bytes(5, outputHead(name, tensor))
    const length = rawLength(tensor)
    lengths.push(length)
    size += 1 + varintSize(length) + length
  }
  const bytes = Buffer.allocUnsafe(size + head.length)
  bytes[0] = 0
  bytes.writeUInt32BE(bytes.length - PREFIX_BYTES, 1)
  bytes.set(head.written, PREFIX_BYTES)
  let at = PREFIX_BYTES + head.length
  for (const [i, { tensor }] of outputs.entries()) {
    bytes[at++] = RAW
    at = putVarint(bytes, at, lengths[i]!)
    at = putRaw(bytes, at, tensor)
  }
  return bytes
}

function outputHead(name: string, { type, shape }: Tensor): Buffer {
  output.clear()
  output.text(1, name)
  output.text(2, OIP_TYPES[type])
  output.varint(SHAPE)
  output.varint(shape.reduce((sum, dimension) => sum + varintSize(dimension), 0))
  for (const dimension of shape) output.varint(dimension)
  return output.written
}

function rawLength({ data, shape }: Tensor): number {
  if (!Array.isArray(data)) return data.byteLength
  let length = 4 * sizeOf(shape)
  for (const text of data) length += Buffer.byteLength(text)
  return length
}

/** Numbers as they lie in memory, which is little-endian wherever Node runs ONNX Runtime; texts after their lengths. */
function putRaw(bytes: Buffer, at: number, { data }: Tensor): number {
  if (!Array.isArray(data)) {
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at)
    return at + data.byteLength
  }
  for (const text of data) {
    const length = bytes.write(text, at + 4, 'utf8')
    bytes.writeUInt32LE(length, at)
    at += 4 + length
  }
  return at
}
