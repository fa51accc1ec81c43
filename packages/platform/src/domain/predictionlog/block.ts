import { crc32 } from 'node:zlib'
import type { TensorData } from '../inference/index.ts'

/**
 * Frames of a segment file. All integers are little-endian.
 *
 * ```
 * frame := magic(4) length(u32) crc32(u32, of the payload) zero(u32) payload(length)
 * ```
 * `FLB1` is a block of rows, `FLE1` (empty payload) the end mark of a segment that was closed in good order.
 * A block's payload is a JSON head behind its length (u32), padded to 8, then the arrays that the head lists, each padded to 8.
 */
export const FRAME_HEAD = 16
const DATA = 0x31424c46
const END = 0x31454c46
/** Larger lengths can only come from damage. */
const MAX_PAYLOAD = 1 << 30

/** Rounds up to a multiple of eight, so that typed arrays can be laid over the bytes. */
export function padded(length: number): number {
  return (length + 7) & ~7
}

/** An array of a block as its head lists it. */
export interface ArrayHead {
  kind: keyof typeof ARRAYS
  length: number
}

const ARRAYS = {
  u8: Uint8Array,
  i8: Int8Array,
  u16: Uint16Array,
  i16: Int16Array,
  u32: Uint32Array,
  i32: Int32Array,
  u64: BigUint64Array,
  i64: BigInt64Array,
  f32: Float32Array,
  f64: Float64Array,
} as const

/** Numeric arrays that a block can hold. */
export type BlockArray = Exclude<TensorData, string[]>

const KIND = new Map<unknown, keyof typeof ARRAYS>(Object.entries(ARRAYS).map(([kind, type]) => [type, kind as keyof typeof ARRAYS]))

/** Builds one whole frame of a JSON-able head and its arrays. Throws RangeError where it would be longer than a reader believes. */
export function encodeFrame(head: object, arrays: readonly BlockArray[]): Buffer {
  const list = arrays.map((a): ArrayHead => ({ kind: KIND.get(a.constructor)!, length: a.length }))
  const text = JSON.stringify({ ...head, arrays: list })
  const textBytes = Buffer.byteLength(text)
  let length = padded(4 + textBytes)
  for (const array of arrays) length += padded(array.byteLength)
  if (length > MAX_PAYLOAD) throw new RangeError(`a block of ${length} bytes is too large for the log; at most ${MAX_PAYLOAD} go into one`)
  const frame = Buffer.allocUnsafe(FRAME_HEAD + length)
  frame.writeUInt32LE(textBytes, FRAME_HEAD)
  let at = FRAME_HEAD + 4
  at += frame.write(text, at)
  const start = FRAME_HEAD + padded(4 + textBytes)
  frame.fill(0, at, start)
  at = start
  for (const array of arrays) {
    frame.set(new Uint8Array(array.buffer, array.byteOffset, array.byteLength), at)
    frame.fill(0, at + array.byteLength, at + padded(array.byteLength))
    at += padded(array.byteLength)
  }
  writeFrameHead(frame, DATA, length)
  return frame
}

function writeFrameHead(frame: Buffer, magic: number, length: number): void {
  frame.writeUInt32LE(magic, 0)
  frame.writeUInt32LE(length, 4)
  frame.writeUInt32LE(crc32(frame.subarray(FRAME_HEAD, FRAME_HEAD + length)), 8)
  frame.writeUInt32LE(0, 12)
}

/** The end mark of a segment. */
export function endFrame(): Buffer {
  const frame = Buffer.alloc(FRAME_HEAD)
  writeFrameHead(frame, END, 0)
  return frame
}

/** What lies at a position of a segment. `torn`: the bytes end too early; `bad`: they are not a frame, or their checksum is wrong. */
export type Frame = { kind: 'data'; payload: Buffer; end: number } | { kind: 'end' } | { kind: 'torn' } | { kind: 'bad' }

/** Reads the frame at `at`. */
export function readFrame(bytes: Buffer, at: number): Frame {
  if (bytes.length - at < FRAME_HEAD) return { kind: 'torn' }
  const magic = bytes.readUInt32LE(at)
  const length = bytes.readUInt32LE(at + 4)
  if ((magic !== DATA && magic !== END) || length > MAX_PAYLOAD) return { kind: 'bad' }
  const end = at + FRAME_HEAD + length
  if (end > bytes.length) return { kind: 'torn' }
  const payload = bytes.subarray(at + FRAME_HEAD, end)
  if (crc32(payload) !== bytes.readUInt32LE(at + 8)) return { kind: 'bad' }
  return magic === END ? { kind: 'end' } : { kind: 'data', payload, end }
}

/** Reads a payload made by `encodeFrame`. Throws when the bytes are not of this form. */
export function decodePayload(payload: Buffer): { head: Record<string, unknown>; arrays: BlockArray[] } {
  const textBytes = payload.readUInt32LE(0)
  const head = JSON.parse(payload.toString('utf8', 4, 4 + textBytes)) as Record<string, unknown> & { arrays: ArrayHead[] }
  let at = padded(4 + textBytes)
  const arrays = head.arrays.map(({ kind, length }) => {
    const type = ARRAYS[kind]
    const size = length * type.BYTES_PER_ELEMENT
    // A copy, because the file's bytes are not aligned for every element size.
    const copy = new ArrayBuffer(size)
    new Uint8Array(copy).set(payload.subarray(at, at + size))
    at += padded(size)
    return new type(copy)
  })
  return { head, arrays }
}
