import type { LogColumn, LogTable, LogType, LogVector } from '../../../domain/predictionlog/index.ts'
import { TextBytes } from './text-bytes.ts'

/** Rows `from` to `to` of a table, with its columns by their names in lower case. */
export interface Piece {
  table: LogTable
  vectors: ReadonlyMap<string, LogVector>
  from: number
  to: number
}

/** Values of a column in PLAIN encoding. */
export interface Encoded {
  bytes: Uint8Array
  /** 1 where a row has a value; undefined where all have one. */
  present: Uint8Array | undefined
  /** Values that there are. */
  count: number
}

type Numbers = Int32Array | Float32Array | Float64Array | BigInt64Array | BigUint64Array

/** Arrays of the numbers that go into a file; times come as milliseconds and go as microseconds. */
const ARRAYS: Partial<Record<LogType, new (length: number) => Numbers>> = {
  int8: Int32Array,
  int16: Int32Array,
  int32: Int32Array,
  int64: BigInt64Array,
  uint8: Int32Array,
  uint16: Int32Array,
  uint32: Int32Array,
  uint64: BigUint64Array,
  float32: Float32Array,
  float64: Float64Array,
  timestamp: Float64Array,
}

/** Rows of pieces together. */
export function rowsOf(pieces: readonly Piece[]): number {
  let rows = 0
  for (const { from, to } of pieces) rows += to - from
  return rows
}

/** The values of a column in rows of several tables. */
export function encodeColumn(column: LogColumn, pieces: readonly Piece[]): Encoded {
  if (column.type === 'string') return encodeTexts(column, pieces)
  if (column.type === 'bool') return encodeFlags(column, pieces)
  return encodeNumbers(column, pieces)
}

function vectorOf(column: LogColumn, { vectors }: Piece): LogVector | undefined {
  return vectors.get(column.name.toLowerCase())
}

function readAll(column: LogColumn, piece: Piece): readonly unknown[] | undefined {
  return vectorOf(column, piece)?.read(piece.from, piece.to)
}

function encodeNumbers(column: LogColumn, pieces: readonly Piece[]): Encoded {
  const rows = rowsOf(pieces)
  const values = new ARRAYS[column.type]!(rows)
  const isBig = column.type === 'int64' || column.type === 'uint64'
  let present: Uint8Array | undefined
  let row = 0
  let count = 0
  const absent = (): void => {
    present ??= new Uint8Array(rows).fill(1, 0, row)
  }
  for (const piece of pieces) {
    const vector = vectorOf(column, piece)
    const size = piece.to - piece.from
    if (vector?.plain && vector.column.type === column.type) {
      const { values: stored, width, at } = vector.plain
      for (let i = 0, from = piece.from * width + at; i < size; i++, from += width) values[count + i] = stored[from] as never
      present?.fill(1, row, row + size)
      count += size
      row += size
      continue
    }
    const read = vector?.read(piece.from, piece.to)
    for (let i = 0; i < size; i++, row++) {
      const value = read?.[i] ?? null
      if (value === null) absent()
      else {
        values[count++] = (isBig ? (typeof value === 'bigint' ? value : BigInt(value as number)) : Number(value)) as never
        if (present) present[row] = 1
      }
    }
  }
  const used = column.type === 'timestamp' ? micros(values as Float64Array, count) : values.subarray(0, count)
  return { bytes: new Uint8Array(used.buffer, used.byteOffset, used.byteLength), present, count }
}

function micros(millis: Float64Array, count: number): BigInt64Array {
  const values = new BigInt64Array(count)
  const halves = new Uint32Array(values.buffer)
  for (let i = 0; i < count; i++) {
    const value = Math.round(millis[i]!) * 1000
    // halves of a number that a double holds, because a bigint for each would take most of the time
    halves[2 * i] = value % 2 ** 32 < 0 ? (value % 2 ** 32) + 2 ** 32 : value % 2 ** 32
    halves[2 * i + 1] = Math.floor(value / 2 ** 32)
  }
  return values
}

function encodeFlags(column: LogColumn, pieces: readonly Piece[]): Encoded {
  const rows = rowsOf(pieces)
  const bytes = new Uint8Array((rows + 7) >> 3)
  const present = new Uint8Array(rows)
  let row = 0
  let count = 0
  for (const piece of pieces) {
    const read = readAll(column, piece)
    for (let i = 0; i < piece.to - piece.from; i++, row++) {
      const value = read?.[i] ?? null
      if (value === null) continue
      present[row] = 1
      if (value) bytes[count >> 3] = bytes[count >> 3]! | (1 << (count & 7))
      count++
    }
  }
  return { bytes: bytes.subarray(0, (count + 7) >> 3), present: count === rows ? undefined : present, count }
}

function encodeTexts(column: LogColumn, pieces: readonly Piece[]): Encoded {
  const rows = rowsOf(pieces)
  const present = new Uint8Array(rows)
  const texts = new TextBytes(rows * 24)
  let row = 0
  for (const piece of pieces) {
    const vector = vectorOf(column, piece)
    const packed = vector?.packed
    const joined = vector?.joined && joinedOf(vector.joined, piece)
    if (packed || joined) {
      present.fill(1, row, row + piece.to - piece.from)
      for (let i = piece.from; i < piece.to; i++) {
        if (packed) texts.packed(packed.texts, packed.of[i]!, undefined)
        else texts.packed(joined!.texts, joined!.of[i]!, joined!.numbers[i - piece.from] as number)
      }
      row += piece.to - piece.from
      continue
    }
    const read = readAll(column, piece)
    for (let i = 0; i < piece.to - piece.from; i++, row++) {
      const value = read?.[i] ?? null
      if (value === null) continue
      texts.text(typeof value === 'string' ? value : String(value))
      present[row] = 1
    }
  }
  return { bytes: texts.bytes, present: texts.count === rows ? undefined : present, count: texts.count }
}

/** A packed text and a whole number, where that is what a column is joined of. */
function joinedOf(names: readonly string[], { vectors, from, to }: Piece) {
  const [first, second, ...others] = names.map((name) => vectors.get(name.toLowerCase()))
  if (!first?.packed || second?.column.type !== 'int32' || others.length > 0) return undefined
  return { ...first.packed, numbers: second.read(from, to) }
}
