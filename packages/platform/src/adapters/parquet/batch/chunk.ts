import { constants, zstdCompressSync } from 'node:zlib'
import type { DataType } from '@fairlead/contract'
import { halfToNumber, type TensorData } from '../../../domain/inference/index.ts'
import { TextBytes } from '../log/text-bytes.ts'
import { ThriftWriter } from '../log/thrift-writer.ts'
import { varint } from '../log/varint.ts'

const PAGE = { data: 0, dictionary: 2 } as const
const ENCODING = { plain: 0, rle: 3, dictionary: 8 } as const
const CODEC = { none: 0, zstd: 6 } as const
const MOST_DICTIONARY = 32_768
const TRIED_BYTES = 8192
const WORTHWHILE = 0.9
const COMPRESSION = { params: { [constants.ZSTD_c_compressionLevel]: 1 } }

/** Values of one column of a row group. `width` values a row are a list. */
export interface GroupColumn {
  name: string
  type: DataType
  data: TensorData
  nulls: Uint8Array | undefined
  width: number | undefined
  rows: number
}

/** What a file's metadata say of a column chunk, whose bytes begin `offset` bytes into its part. */
export interface ChunkFacts {
  offset: number
  codec: number
  encodings: number[]
  values: number
  nulls: number
  uncompressed: number
  compressed: number
  dictionaryBytes: number
}

/** The bytes of a column chunk: its pages one behind the other. */
export function encodeChunk(column: GroupColumn, offset: number): { facts: ChunkFacts; parts: Uint8Array[] } {
  const { rows, width = 1, nulls } = column
  const values = rows * width
  const facts: ChunkFacts = { offset, codec: CODEC.none, encodings: [ENCODING.rle], values, nulls: 0, uncompressed: 0, compressed: 0, dictionaryBytes: 0 }
  const parts: Uint8Array[] = []
  if (nulls) for (let i = 0; i < values; i++) facts.nulls += nulls[i]!
  const head = levelsOf(column)
  const texts = column.type === 'string' ? dictionaryOf(column) : undefined
  if (texts) {
    facts.codec = CODEC.zstd
    addPage({ facts, parts }, { kind: PAGE.dictionary, values: texts.count, bytes: texts.bytes, encoding: ENCODING.plain })
    facts.dictionaryBytes = facts.compressed
    addPage({ facts, parts }, { kind: PAGE.data, values, bytes: Buffer.concat([head, packed(texts.places, texts.count)]), encoding: ENCODING.dictionary })
    facts.encodings.push(ENCODING.plain, ENCODING.dictionary)
    return { facts, parts }
  }
  const bytes = plainBytes(column, facts.nulls)
  facts.codec = shrinks(bytes) ? CODEC.zstd : CODEC.none
  addPage({ facts, parts }, { kind: PAGE.data, values, bytes: Buffer.concat([head, bytes]), encoding: ENCODING.plain })
  facts.encodings.push(ENCODING.plain)
  return { facts, parts }
}

function addPage(
  { facts, parts }: { facts: ChunkFacts; parts: Uint8Array[] },
  { kind, values, bytes, encoding }: { kind: number; values: number; bytes: Uint8Array; encoding: number },
): void {
  const packedBytes = facts.codec === CODEC.zstd ? zstdCompressSync(bytes, COMPRESSION) : bytes
  const thrift = new ThriftWriter().i32(1, kind).i32(2, bytes.length).i32(3, packedBytes.length)
  if (kind === PAGE.data) thrift.struct(5, () => thrift.i32(1, values).i32(2, encoding).i32(3, ENCODING.rle).i32(4, ENCODING.rle))
  else thrift.struct(7, () => thrift.i32(1, values).i32(2, encoding))
  const head = thrift.end()
  parts.push(head, packedBytes)
  facts.uncompressed += head.length + bytes.length
  facts.compressed += head.length + packedBytes.length
}

/** Measurements hardly become smaller, and trying takes longer than all the rest. */
function shrinks(bytes: Uint8Array): boolean {
  if (bytes.length < TRIED_BYTES) return false
  const middle = (bytes.length >> 1) & ~7
  const tried = bytes.subarray(middle, middle + TRIED_BYTES)
  return zstdCompressSync(tried, COMPRESSION).length < WORTHWHILE * tried.length
}

/** Definition levels, and for lists repetition levels before them. Source: https://parquet.apache.org/docs/file-format/data-pages/encodings/ */
function levelsOf({ rows, width, nulls }: GroupColumn): Uint8Array {
  if (width === undefined) return behindLength(nulls ? bits(rows, (row) => nulls[row] !== 1) : run(rows, 1))
  const repeated = bits(rows * width, (value) => value % width !== 0)
  return Buffer.concat([behindLength(repeated), behindLength(run(rows * width, 1))])
}

function behindLength(bytes: Uint8Array): Uint8Array {
  const whole = Buffer.allocUnsafe(4 + bytes.length)
  whole.writeUInt32LE(bytes.length, 0)
  whole.set(bytes, 4)
  return whole
}

function run(length: number, value: 0 | 1): Uint8Array {
  return Uint8Array.of(...varint(length * 2), value)
}

function bits(count: number, isSet: (at: number) => boolean): Uint8Array {
  const groups = (count + 7) >> 3
  const head = varint(groups * 2 + 1)
  const bytes = new Uint8Array(head.length + groups)
  bytes.set(head)
  for (let at = 0; at < count; at++) if (isSet(at)) bytes[head.length + (at >> 3)]! |= 1 << (at & 7)
  return bytes
}

/** The texts that there are, and the place of each row's among them; `undefined` where they are too many. */
function dictionaryOf({ data, nulls, rows, width = 1 }: GroupColumn): { bytes: Uint8Array; count: number; places: Uint32Array } | undefined {
  const known = new Map<string, number>()
  const texts = new TextBytes(1024)
  const places = new Uint32Array(rows * width)
  let there = 0
  for (let at = 0; at < rows * width; at++) {
    if (nulls?.[at] === 1) continue
    const text = data[at] as string
    let place = known.get(text)
    if (place === undefined) {
      if (known.size === MOST_DICTIONARY) return undefined
      place = known.size
      known.set(text, place)
      texts.text(text)
    }
    places[there++] = place
  }
  return { bytes: texts.bytes, count: known.size, places: places.subarray(0, there) }
}

/** Places in a dictionary of `count`, packed into as many bits as they need, behind that number. */
function packed(places: Uint32Array, count: number): Uint8Array {
  const width = count <= 1 ? 0 : 32 - Math.clz32(count - 1)
  if (width === 0) return Uint8Array.of(0, ...varint(places.length * 2))
  const groups = (places.length + 7) >> 3
  const head = varint(groups * 2 + 1)
  const bytes = new Uint8Array(1 + head.length + groups * width)
  bytes[0] = width
  bytes.set(head, 1)
  let [at, bit, held] = [1 + head.length, 0, 0]
  for (let i = 0; i < places.length; i++) {
    held |= places[i]! << bit
    bit += width
    while (bit >= 8) {
      bytes[at++] = held & 0xff
      held >>>= 8
      bit -= 8
    }
  }
  if (bit > 0) bytes[at] = held & 0xff
  return bytes
}

type Numbers = Int32Array | Float32Array | Float64Array | BigInt64Array | BigUint64Array

/** Values in PLAIN encoding, those that are missing left out. */
function plainBytes({ type, data, nulls, rows, width = 1 }: GroupColumn, missing: number): Uint8Array {
  const values = rows * width
  if (type === 'string') {
    const texts = new TextBytes(values * 16)
    for (let at = 0; at < values; at++) if (nulls?.[at] !== 1) texts.text(data[at] as string)
    return texts.bytes
  }
  if (type === 'bool') {
    const bytes = new Uint8Array((values - missing + 7) >> 3)
    for (let at = 0, to = 0; at < values; at++) {
      if (nulls?.[at] === 1) continue
      if (data[at] === 1) bytes[to >> 3]! |= 1 << (to & 7)
      to++
    }
    return bytes
  }
  const numbers = numbersOf(type, data, { values, nulls, missing })
  return new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength)
}

const WIDE: Partial<Record<DataType, new (length: number) => Numbers>> = {
  float32: Float32Array,
  float16: Float32Array,
  float64: Float64Array,
  int64: BigInt64Array,
  uint64: BigUint64Array,
}

function numbersOf(type: DataType, data: TensorData, { values, nulls, missing }: { values: number; nulls: Uint8Array | undefined; missing: number }): Numbers {
  const Wide = WIDE[type] ?? Int32Array
  if (missing === 0 && data instanceof Wide) return (data as Float64Array).subarray(0, values)
  const numbers = new Wide(values - missing) as Float64Array
  const half = type === 'float16'
  for (let at = 0, to = 0; at < values; at++) {
    if (nulls?.[at] === 1) continue
    numbers[to++] = half ? halfToNumber(data[at] as number) : (data as Float64Array)[at]!
  }
  return numbers
}
