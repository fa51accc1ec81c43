import { promisify } from 'node:util'
import { constants, zstdCompress, zstdCompressSync } from 'node:zlib'
import type { LogColumn } from '../../../domain/predictionlog/index.ts'
import { ThriftWriter } from './thrift-writer.ts'
import { PARQUET_TYPES } from './types.ts'
import { encodeColumn, type Piece, rowsOf } from './values.ts'
import { varint } from './varint.ts'

const PAGE = { data: 0, dictionary: 2 } as const
const ENCODING = { plain: 0, rle: 3, dictionary: 8 } as const
const CODEC = { none: 0, zstd: 6 } as const
/** Bytes from which it is tried on a part first whether values become smaller, the size of that part, and by how much it must become smaller. */
const TRIED_FROM = 64 * 1024
const TRIED_BYTES = 8 * 1024
const WORTHWHILE = 0.9

// the checksum lets whoever reads a damaged file see it
const COMPRESSION = { params: { [constants.ZSTD_c_compressionLevel]: 1, [constants.ZSTD_c_checksumFlag]: 1 } }
const compress = promisify(zstdCompress)

/** The values of one column of a row group, as they lie in the file, and what its metadata say of them. */
export interface Chunk {
  column: LogColumn
  parts: Uint8Array[]
  values: number
  nulls: number
  uncompressed: number
  compressed: number
  /** Bytes before the first data page. */
  dictionaryBytes: number
  encodings: number[]
  codec: number
  range: { min: Uint8Array; max: Uint8Array } | undefined
}

/** Encodes a column of pieces of tables: one value for all rows as a dictionary of one, others plainly. */
export async function columnChunk(column: LogColumn, pieces: readonly Piece[]): Promise<Chunk> {
  const rows = rowsOf(pieces)
  const same = sameValue(column, pieces)
  const chunk: Chunk = {
    column,
    parts: [],
    values: rows,
    nulls: 0,
    uncompressed: 0,
    compressed: 0,
    dictionaryBytes: 0,
    encodings: [ENCODING.rle],
    codec: CODEC.zstd,
    range: undefined,
  }
  if (same !== undefined && same.value !== null) await addSame(chunk, same.value, rows)
  else await addPlain(chunk, pieces)
  return chunk
}

/** What all rows have, where that is said and not only so. */
function sameValue(column: LogColumn, pieces: readonly Piece[]): { value: unknown } | undefined {
  const found = pieces.map(({ vectors }) => {
    const vector = vectors.get(column.name.toLowerCase())
    return vector ? vector.same : { value: null }
  })
  const [first] = found
  return first && found.every((same) => same && same.value === first.value) ? first : undefined
}

async function addSame(chunk: Chunk, value: unknown, rows: number): Promise<void> {
  const { column } = chunk
  const only = { column, same: { value }, read: (from: number, to: number) => new Array<unknown>(to - from).fill(value) }
  const table = { deployment: '', release: 0, hour: 0, rows: 1, vectors: [only], end: () => 1 }
  const { bytes } = encodeColumn(column, [{ table, vectors: new Map([[column.name.toLowerCase(), only]]), from: 0, to: 1 }])
  chunk.range = { min: bytes, max: bytes }
  if (column.type === 'string') chunk.range = { min: bytes.subarray(4), max: bytes.subarray(4) }
  await addPage(chunk, { kind: PAGE.dictionary, values: 1, bytes })
  chunk.dictionaryBytes = chunk.compressed
  // a run of the dictionary's first value, in indices of one bit
  await addPage(chunk, {
    kind: PAGE.data,
    values: rows,
    encoding: ENCODING.dictionary,
    bytes: Buffer.concat([levels(rows, undefined), Uint8Array.of(1), run(rows, 0)]),
  })
  chunk.encodings.push(ENCODING.plain, ENCODING.dictionary)
}

async function addPlain(chunk: Chunk, pieces: readonly Piece[]): Promise<void> {
  const { bytes, present, count } = encodeColumn(chunk.column, pieces)
  chunk.nulls = chunk.values - count
  if (!shrinks(bytes)) chunk.codec = CODEC.none
  if (chunk.column.type === 'timestamp' && count > 0) chunk.range = timeRange(bytes, count)
  await addPage(chunk, { kind: PAGE.data, values: chunk.values, encoding: ENCODING.plain, bytes: Buffer.concat([levels(chunk.values, present), bytes]) })
  chunk.encodings.push(ENCODING.plain)
}

/** Measurements, as numbers, hardly become smaller, and trying takes longer than all the rest. */
function shrinks(bytes: Uint8Array): boolean {
  if (bytes.length < TRIED_FROM) return true
  const middle = bytes.length >> 1
  return zstdCompressSync(bytes.subarray(middle, middle + TRIED_BYTES), COMPRESSION).length < WORTHWHILE * TRIED_BYTES
}

/** The earliest and the latest: questions to the log are mostly for a time. */
function timeRange(bytes: Uint8Array, count: number): { min: Uint8Array; max: Uint8Array } {
  const halves = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const at = (i: number) => halves.getInt32(8 * i + 4, true) * 2 ** 32 + halves.getUint32(8 * i, true)
  let min = 0
  let max = 0
  for (let i = 1; i < count; i++) {
    if (at(i) < at(min)) min = i
    if (at(i) > at(max)) max = i
  }
  return { min: bytes.slice(8 * min, 8 * min + 8), max: bytes.slice(8 * max, 8 * max + 8) }
}

interface Page {
  kind: number
  values: number
  bytes: Uint8Array
  encoding?: number
}

async function addPage(chunk: Chunk, { kind, values, bytes, encoding = ENCODING.plain }: Page): Promise<void> {
  const packed = chunk.codec === CODEC.zstd ? await compress(bytes, COMPRESSION) : bytes
  const thrift = new ThriftWriter().i32(1, kind).i32(2, bytes.length).i32(3, packed.length)
  if (kind === PAGE.data) thrift.struct(5, () => thrift.i32(1, values).i32(2, encoding).i32(3, ENCODING.rle).i32(4, ENCODING.rle))
  else thrift.struct(7, () => thrift.i32(1, values).i32(2, encoding))
  const head = thrift.end()
  chunk.parts.push(head, packed)
  chunk.uncompressed += head.length + bytes.length
  chunk.compressed += head.length + packed.length
}

/** A run of `length` times the same value of one bit. Source: https://parquet.apache.org/docs/file-format/data-pages/encodings/ */
function run(length: number, value: 0 | 1): Uint8Array {
  return Uint8Array.of(...varint(length * 2), value)
}

/** Whether each row has a value: a run where all are alike, else a bit a row; behind its length. */
function levels(rows: number, present: Uint8Array | undefined): Uint8Array {
  const runs = present === undefined ? run(rows, 1) : bits(rows, present)
  const bytes = Buffer.allocUnsafe(4 + runs.length)
  bytes.writeUInt32LE(runs.length, 0)
  bytes.set(runs, 4)
  return bytes
}

function bits(rows: number, present: Uint8Array): Uint8Array {
  const groups = (rows + 7) >> 3
  const head = varint(groups * 2 + 1)
  const bytes = new Uint8Array(head.length + groups)
  bytes.set(head)
  for (let row = 0; row < rows; row++) if (present[row]) bytes[head.length + (row >> 3)] = bytes[head.length + (row >> 3)]! | (1 << (row & 7))
  return bytes
}

/** Writes what a file's metadata say of a chunk that begins at byte `at`. Source: parquet.thrift, ColumnChunk. */
export function describeChunk(thrift: ThriftWriter, chunk: Chunk, at: number): void {
  const { column, encodings, values, nulls, uncompressed, compressed, dictionaryBytes, range, codec } = chunk
  thrift.i64(2, at).struct(3, () => {
    thrift.i32(1, PARQUET_TYPES[column.type].physical).i32s(2, encodings).texts(3, [column.name]).i32(4, codec)
    thrift
      .i64(5, values)
      .i64(6, uncompressed)
      .i64(7, compressed)
      .i64(9, at + dictionaryBytes)
    if (dictionaryBytes > 0) thrift.i64(11, at)
    thrift.struct(12, () => {
      thrift.i64(3, nulls)
      if (range) thrift.binary(5, range.max).binary(6, range.min)
    })
  })
}
