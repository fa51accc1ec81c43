import { type DataType, FairleadError, OIP_TYPES } from '@fairlead/contract'
import { bytesOf, copyOf, type ReleasePlan, sizeOf, type Tensor, type TensorData, viewOf } from '../domain/inference/index.ts'
import { utf8 } from './utf8.ts'

/** Why values cannot be taken. */
export interface Unfit {
  code: 'request-invalid' | 'shape-mismatch' | 'value-type' | 'value-range' | 'utf8-invalid'
  detail: string
}

/** What is known of an input before its values are read. */
export interface InputHead {
  type: DataType
  shape: number[]
  /** Number of values. */
  size: number
}

/** Bytes of a message from one place up to another. */
export interface Span {
  from: number
  to: number
}

/** The words for data that are more or fewer than the shape says. */
export function wrongCount(count: number, size: number): Unfit {
  return { code: 'shape-mismatch', detail: `there are ${count} values, and the shape does not match true shape, it needs ${size}` }
}

/**
 * Values as the protocol's binary form has them: numbers little-endian and unpadded, texts each behind its length in four bytes. Answers why
 * where they do not fit. Numbers that lie at a multiple of their size are not copied if most of the memory around them is theirs.
 */
export function readRaw(bytes: Buffer, span: Span, { type, shape, size }: InputHead): TensorData | Unfit {
  if (type === 'string') return readTexts(bytes, span, size)
  const length = span.to - span.from
  const needed = size * bytesOf(type)
  if (length !== needed) {
    const detail = `there are ${length} bytes, and the shape [${shape}] of ${OIP_TYPES[type]} does not match true shape, it needs ${needed}`
    return { code: 'shape-mismatch', detail }
  }
  const at = bytes.byteOffset + span.from
  // a small tensor must not keep a large message in memory for as long as it is in use
  const keeps = needed * 4 >= bytes.buffer.byteLength && at % bytesOf(type) === 0
  const data = keeps ? viewOf(type, bytes.buffer, { at, length: size }) : copyOf(type, bytes.buffer, { at, length: size })
  return type === 'bool' ? checkBools(data as Uint8Array) : data
}

function checkBools(data: Uint8Array): Uint8Array | Unfit {
  const odd = data.findIndex((value) => value > 1)
  return odd < 0 ? data : { code: 'value-type', detail: `value ${odd} of BOOL is the byte ${data[odd]}, and only 0 and 1 are taken` }
}

function readTexts(bytes: Buffer, { from, to }: Span, size: number): string[] | Unfit {
  const texts: string[] = []
  let at = from
  // each takes at least its length, so what the bytes cannot hold is found before room is made
  if (size > (to - from) / 4) return wrongCount(countTexts(bytes, { from, to }), size)
  while (at < to) {
    if (texts.length === size) return wrongCount(countTexts(bytes, { from, to }), size)
    const length = to - at < 4 ? Number.POSITIVE_INFINITY : bytes.readUInt32LE(at)
    if (length > to - at - 4) return { code: 'request-invalid', detail: `text ${texts.length} goes beyond the end of the data` }
    const text = utf8(bytes, at + 4, at + 4 + length)
    if (text === undefined) return { code: 'utf8-invalid', detail: `value ${texts.length} is not valid UTF-8` }
    texts.push(text)
    at += 4 + length
  }
  return texts.length === size ? texts : wrongCount(texts.length, size)
}

function countTexts(bytes: Buffer, { from, to }: Span): number {
  let count = 0
  for (let at = from; to - at >= 4; count++) at += 4 + bytes.readUInt32LE(at)
  return count
}

/** Bytes that `putRaw` writes. */
export function rawLength({ data, shape }: Tensor): number {
  if (!Array.isArray(data)) return data.byteLength
  let length = 4 * sizeOf(shape)
  for (const text of data) length += Buffer.byteLength(text)
  return length
}

/** Writes values in the form that `readRaw` reads, and answers where they end: memory is little-endian wherever Node runs ONNX Runtime. */
export function putRaw(bytes: Buffer, at: number, { data }: Tensor): number {
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

/** The bytes of a tensor; those of numbers where they lie. */
export function rawBytes(tensor: Tensor): Uint8Array {
  const { data } = tensor
  if (!Array.isArray(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
  const bytes = Buffer.allocUnsafe(rawLength(tensor))
  putRaw(bytes, 0, tensor)
  return bytes
}

/** Refuses more rows than the release takes before room is made for their values. Throws `rows-too-many`. */
export function checkRoom(name: string, size: number, serving: ReleasePlan): void {
  const spec = serving.tensors.inputs.find((tensor) => tensor.name === name)
  const { maxRows } = serving.release.settings
  if (!spec || size <= maxRows) return
  const inner = spec.shape.slice(1)
  if (inner.every((dimension) => dimension >= 0) && size > maxRows * sizeOf(inner)) {
    throw new FairleadError('rows-too-many', `input "${name}" has ${size} values, and at most ${maxRows} rows are taken in one request`)
  }
}
