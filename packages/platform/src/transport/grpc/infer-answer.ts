import { OIP_TYPES } from '@fairlead/contract'
import type { Tensor } from '../../domain/inference/index.ts'
import { putRaw, rawLength } from '../tensor-bytes.ts'
import { BYTES, putVarint, tagOf, varintSize, WireWriter } from './wire.ts'

/** Bytes before each message: whether it is compressed, and its length. */
export const PREFIX_BYTES = 5
const OUTPUT = tagOf(5, BYTES)
const RAW = tagOf(6, BYTES)
const SHAPE = tagOf(3, BYTES)
const INFER_RESPONSE = tagOf(2, BYTES)

/** What is answered to a request for predictions. */
export interface InferAnswer {
  model: string
  version: string
  id: string
  outputs: readonly { name: string; tensor: Tensor }[]
}

const head = new WireWriter()

/** An `inference.ModelInferResponse` behind its prefix. All values are in raw_output_contents. */
export function writeInferAnswer({ model, version, id, outputs }: InferAnswer): Buffer {
  head.clear()
  head.text(1, model)
  head.text(2, version)
  head.text(3, id)
  let size = PREFIX_BYTES
  const lengths: number[] = []
  for (const { name, tensor } of outputs) {
    writeHead(name, tensor)
    const length = rawLength(tensor)
    lengths.push(length)
    size += 1 + varintSize(length) + length
  }
  const bytes = Buffer.allocUnsafe(size + head.length)
  bytes[0] = 0
  bytes.writeUInt32BE(bytes.length - PREFIX_BYTES, 1)
  bytes.set(head.written, PREFIX_BYTES)
  let at = PREFIX_BYTES + head.length
  for (let i = 0; i < outputs.length; i++) {
    bytes[at++] = RAW
    at = putVarint(bytes, at, lengths[i]!)
    at = putRaw(bytes, at, outputs[i]!.tensor)
  }
  return bytes
}

/** An `inference.ModelStreamInferResponse` behind its prefix, around an answer that has one. */
export function writeStreamAnswer(framed: Buffer): Buffer {
  const length = framed.length - PREFIX_BYTES
  const start = PREFIX_BYTES + 1 + varintSize(length)
  const bytes = Buffer.allocUnsafe(start + length)
  bytes[0] = 0
  bytes.writeUInt32BE(bytes.length - PREFIX_BYTES, 1)
  bytes[PREFIX_BYTES] = INFER_RESPONSE
  putVarint(bytes, PREFIX_BYTES + 1, length)
  framed.copy(bytes, start, PREFIX_BYTES)
  return bytes
}

/** The same for a request that has no answer. */
export function writeStreamError(words: string, id: string): Buffer {
  head.clear()
  head.text(1, words)
  head.varint(INFER_RESPONSE)
  head.varint(textSize(id))
  head.text(3, id)
  const bytes = Buffer.allocUnsafe(PREFIX_BYTES + head.length)
  bytes[0] = 0
  bytes.writeUInt32BE(head.length, 1)
  bytes.set(head.written, PREFIX_BYTES)
  return bytes
}

/** Name, datatype and shape of an output. */
function writeHead(name: string, { type, shape }: Tensor): void {
  const datatype = OIP_TYPES[type]
  let dimensions = 0
  for (const dimension of shape) dimensions += varintSize(dimension)
  head.varint(OUTPUT)
  head.varint(textSize(name) + textSize(datatype) + 1 + varintSize(dimensions) + dimensions)
  head.text(1, name)
  head.text(2, datatype)
  head.varint(SHAPE)
  head.varint(dimensions)
  for (const dimension of shape) head.varint(dimension)
}

/** Size of a field with text as `WireWriter.text` writes it. */
function textSize(text: string): number {
  const size = Buffer.byteLength(text)
  return size === 0 ? 0 : 1 + varintSize(size) + size
}
