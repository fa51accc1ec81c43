import type { DataType } from '@fairlead/contract'
import { allocate, type TensorData } from '../../domain/inference/index.ts'
import { type Unfit, wrongCount } from '../tensor-bytes.ts'
import { utf8 } from '../utf8.ts'
import { BYTES, FIXED32, FIXED64, tagOf, VARINT, WireReader } from './wire.ts'

type Wire = typeof VARINT | typeof FIXED32 | typeof FIXED64 | typeof BYTES

/** The fields of InferTensorContents: name, and how one value looks on the wire. */
const FIELDS: readonly { name: string; wire: Wire }[] = [
  { name: 'bool_contents', wire: VARINT },
  { name: 'int_contents', wire: VARINT },
  { name: 'int64_contents', wire: VARINT },
  { name: 'uint_contents', wire: VARINT },
  { name: 'uint64_contents', wire: VARINT },
  { name: 'fp32_contents', wire: FIXED32 },
  { name: 'fp64_contents', wire: FIXED64 },
  { name: 'bytes_contents', wire: BYTES },
]

/** Number of the field that carries a type; 0 for those that travel raw only. */
const FIELD_OF: Record<DataType, number> = {
  bool: 1,
  int8: 2,
  int16: 2,
  int32: 2,
  int64: 3,
  uint8: 4,
  uint16: 4,
  uint32: 4,
  uint64: 5,
  float16: 0,
  float32: 6,
  float64: 7,
  string: 8,
}

/** Bounds of the types that are narrower than the field they travel in. */
const BOUNDS: Partial<Record<DataType, readonly [number, number]>> = {
  int8: [-128, 127],
  int16: [-32768, 32767],
  uint8: [0, 255],
  uint16: [0, 65535],
}

/** Where the values of an InferTensorContents are: begin and end of each part, in `bytes`. */
export interface Contents {
  bytes: Buffer
  parts: readonly number[]
}

/** The value with number `at` of what is at the reader, which steps over it. */
type ReadValue = (reader: WireReader, data: TensorData, at: number) => Unfit | undefined

/**
 * The typed values of a tensor. They are counted before room is made for them, so that no more is made than `size` values.
 * Throws `request-invalid` for malformed bytes; answers why when the values do not fit.
 */
export function readContents(contents: Contents, type: DataType, size: number): TensorData | Unfit {
  const field = FIELD_OF[type]
  let count = 0
  for (const found of countFields(contents)) {
    if (found.count === 0) continue
    if (found.field !== field) return { code: 'value-type', detail: wrongField(type, found.field) }
    count = found.count
  }
  if (count !== size) return wrongCount(count, size)
  const data = allocate(type, size)
  const reader = readerOf(type)
  const refusal = fill(contents, { field, data, reader })
  return refusal ?? data
}

function wrongField(type: DataType, field: number): string {
  const wanted = FIELD_OF[type] === 0 ? 'raw_input_contents' : FIELDS[FIELD_OF[type] - 1]!.name
  return `its datatype travels in ${wanted}, not in ${FIELDS[field - 1]!.name}`
}

/** Calls `visit` for each field of the contents; a packed one with where it ends, a single value with `undefined`. */
function eachField({ bytes, parts }: Contents, visit: (reader: WireReader, field: number, packedEnd: number | undefined) => boolean): void {
  for (let i = 0; i < parts.length; i += 2) {
    const reader = new WireReader(bytes, parts[i], parts[i + 1])
    while (reader.at < reader.end) {
      const tag = reader.tag()
      const field = tag >>> 3
      const wire = FIELDS[field - 1]?.wire
      if (wire === undefined) reader.skip(tag)
      else if (tag === tagOf(field, wire)) {
        if (!visit(reader, field, undefined)) return
      } else if ((tag & 7) === BYTES) {
        const end = reader.span()
        if (!visit(reader, field, end)) return
        reader.at = end
      } else reader.skip(tag)
    }
  }
}

function countFields(contents: Contents): { field: number; count: number }[] {
  const counts = FIELDS.map((_, i) => ({ field: i + 1, count: 0 }))
  eachField(contents, (reader, field, end) => {
    const found = counts[field - 1]!
    if (end === undefined) {
      found.count++
      reader.skip(tagOf(field, FIELDS[field - 1]!.wire))
    } else found.count += packedCount(reader, FIELDS[field - 1]!.wire, end)
    return true
  })
  return counts
}

function packedCount(reader: WireReader, wire: Wire, end: number): number {
  if (wire !== VARINT) {
    const width = wire === FIXED32 ? 4 : 8
    if ((end - reader.at) % width !== 0) reader.fail('a number is cut off')
    return (end - reader.at) / width
  }
  const { bytes } = reader
  let count = 0
  for (let i = reader.at; i < end; i++) if (bytes[i]! < 0x80) count++
  if (end > reader.at && bytes[end - 1]! >= 0x80) reader.fail('a number is cut off')
  return count
}

function fill(contents: Contents, { field, data, reader: read }: { field: number; data: TensorData; reader: ReadValue }): Unfit | undefined {
  let at = 0
  let refusal: Unfit | undefined
  eachField(contents, (reader, found, end) => {
    if (found !== field) {
      if (end === undefined) reader.skip(tagOf(found, FIELDS[found - 1]!.wire))
      return true
    }
    if (end === undefined) refusal = read(reader, data, at++)
    else if (data instanceof Float32Array || data instanceof Float64Array) {
      new Uint8Array(data.buffer, data.byteOffset + at * data.BYTES_PER_ELEMENT).set(reader.bytes.subarray(reader.at, end))
      at += (end - reader.at) / data.BYTES_PER_ELEMENT
    } else {
      const outer = reader.end
      reader.end = end
      while (reader.at < end && !refusal) refusal = read(reader, data, at++)
      reader.end = outer
    }
    return refusal === undefined
  })
  return refusal
}

function readerOf(type: DataType): ReadValue {
  if (type === 'string') return readText
  if (type === 'float32' || type === 'float64') return type === 'float32' ? readFloat : readDouble
  if (type === 'int64' || type === 'uint64') return readLong
  if (type === 'bool') return readBool
  return readWhole(type)
}

const readText: ReadValue = (reader, data, at) => {
  const end = reader.span()
  const text = utf8(reader.bytes, reader.at, end)
  if (text === undefined) return { code: 'utf8-invalid', detail: `value ${at} is not valid UTF-8` }
  ;(data as string[])[at] = text
  reader.at = end
  return undefined
}

const readFloat: ReadValue = (reader, data, at) => {
  const from = reader.at
  reader.skip(FIXED32)
  ;(data as Float32Array)[at] = reader.bytes.readFloatLE(from)
  return undefined
}

const readDouble: ReadValue = (reader, data, at) => {
  const from = reader.at
  reader.skip(FIXED64)
  ;(data as Float64Array)[at] = reader.bytes.readDoubleLE(from)
  return undefined
}

const readLong: ReadValue = (reader, data, at) => {
  reader.varint()
  // an assignment to either kind of array keeps the 64 bits
  ;(data as BigInt64Array)[at] = reader.high === 0 ? BigInt(reader.low) : (BigInt(reader.high) << 32n) | BigInt(reader.low)
  return undefined
}

const readBool: ReadValue = (reader, data, at) => {
  reader.varint()
  ;(data as Uint8Array)[at] = reader.low === 0 && reader.high === 0 ? 0 : 1
  return undefined
}

function readWhole(type: DataType): ReadValue {
  const bounds = BOUNDS[type]
  const signed = type.startsWith('int')
  return (reader, data, at) => {
    reader.varint()
    const value = signed ? reader.low | 0 : reader.low
    if (bounds && (value < bounds[0] || value > bounds[1])) {
      return { code: 'value-range', detail: `value ${at} is ${value}, outside ${bounds[0]} to ${bounds[1]}` }
    }
    ;(data as Int32Array)[at] = value
    return undefined
  }
}
