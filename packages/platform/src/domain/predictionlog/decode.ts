import { type BlockArray, decodePayload } from './block.ts'
import { type LogColumn, OWN_COLUMNS } from './columns.ts'
import { BLOCK_FORMAT, type BlockHead, LISTED_FORMAT, REQUEST_NUMBERS, type TensorPlace } from './encode.ts'
import type { ColumnSource, Layout } from './layout.ts'
import { LONGEST_LIST } from './limits.ts'
import { type PackedTexts, textAt } from './packed-texts.ts'

/** Values of one column, an entry a row; null where there is none. `int64` and `uint64` are bigint, lists are arrays. */
export interface LogVector {
  column: LogColumn
  /** The value of every row, where they all have the same. */
  same?: { value: unknown }
  /** Columns whose values, joined by a slash, are this one's in every row. */
  joined?: readonly string[]
  /** Where the values lie as they are, without a null: that of row r at `r × width + at`. */
  plain?: { values: ArrayLike<unknown>; width: number; at: number }
  /** The texts where they lie: that of row r is number `of[r]`. */
  packed?: { texts: PackedTexts; of: Uint32Array }
  /** The values of rows `from` to `to`. They are made when asked for, so that a block of many rows is never there as a whole. */
  read: (from: number, to: number) => unknown[]
}

/** Rows of one deployment's release and one UTC hour, column by column. */
export interface LogTable {
  deployment: string
  release: number
  /** Hours since 1970. */
  hour: number
  rows: number
  vectors: LogVector[]
  /** The end of as many rows from `from` on as have `bytes` of values; at least one. */
  end(from: number, bytes: number): number
}

/** Half-precision bits to a number. */
function float16(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1
  const exponent = (bits >> 10) & 31
  const fraction = bits & 1023
  if (exponent === 0) return sign * fraction * 2 ** -24
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15)
}

const INTEGER = /^u?int(8|16|32|64)$/

/** The function that turns a stored value into the column's, or undefined when they are the same. */
function converter(source: ColumnSource, stored: TensorPlace['type']): ((value: never) => unknown) | undefined {
  const { column, classes } = source
  if (classes !== undefined) return (value: number | bigint | string) => classes[Number(value)] ?? String(value)
  if (column.type === stored) return stored === 'bool' ? (value: number) => value !== 0 : undefined
  if (stored === 'float16') return column.type === 'string' ? (value: number) => String(float16(value)) : float16
  if (column.type === 'string') return (value: unknown) => String(value)
  if (stored === 'string') return () => null
  if (column.type === 'bool') return (value: number | bigint) => Number(value) !== 0
  if (column.type === 'int64' || column.type === 'uint64') {
    return (value: number | bigint) => (typeof value === 'bigint' ? value : Number.isInteger(value) ? BigInt(value) : null)
  }
  // A whole-number column in a tensor of floats carries NaN where the value is missing.
  if (INTEGER.test(column.type)) return (value: number | bigint) => (Number.isInteger(Number(value)) ? Number(value) : null)
  return (value: number | bigint) => Number(value)
}

interface Block {
  head: BlockHead
  layout: Layout
  arrays: BlockArray[]
}

/** The values of one stored tensor as they lie in a block. */
function placed({ head, arrays }: Block, index: number) {
  const place = head.places[index]!
  const values = (place.texts ?? arrays[place.array!]!) as unknown as ArrayLike<never>
  const starts = place.starts === undefined ? undefined : (arrays[place.starts] as Uint32Array)
  const nulls = place.nulls === undefined ? undefined : (arrays[place.nulls] as Uint8Array)
  const width = head.rows === 0 ? 0 : values.length / head.rows
  const startOf = starts ? (row: number) => starts[row]! : (row: number) => row * width
  return { place, values, nulls, startOf, width }
}

/** The reader of a column whose values lie in the block as they are, so many a row. */
function plainReader(values: ArrayLike<unknown>, width: number, at: number): LogVector['read'] {
  return (from, to) => {
    const read = new Array<unknown>(to - from)
    for (let i = 0; i < read.length; i++) read[i] = values[(from + i) * width + at]
    return read
  }
}

function columnReader(block: Block, source: ColumnSource, requestOf: Uint32Array): Pick<LogVector, 'plain' | 'read'> {
  if (source.tensor < 0) return { read: (from, to) => new Array<null>(to - from).fill(null) }
  const { place, values, nulls, startOf, width } = placed(block, source.tensor)
  const absent = new Set(place.absent)
  const convert = converter(source, place.type)
  const valueAt = (i: number): unknown => (nulls?.[i] ? null : convert ? convert(values[i]!) : values[i])
  const at = Math.max(0, source.index)
  const isPlain = place.starts === undefined && nulls === undefined && absent.size === 0 && convert === undefined && !source.column.list
  if (isPlain && at < width) return { plain: { values, width, at }, read: plainReader(values, width, at) }
  const listOf = (start: number, end: number) => (end - start > LONGEST_LIST ? null : Array.from({ length: end - start }, (_, i) => valueAt(start + i)))
  const read = (from: number, to: number) =>
    Array.from({ length: to - from }, (_, i) => {
      const row = from + i
      if (absent.has(requestOf[row]!)) return null
      const start = startOf(row)
      const end = startOf(row + 1)
      if (source.column.list) return listOf(start, end)
      return start + at < end ? valueAt(start + at) : null
    })
  return { read }
}

/** Which request each row came with. */
function requestsOf({ head, arrays }: Block): Uint32Array {
  const requestOf = new Uint32Array(head.rows)
  let row = 0
  for (const [request, count] of (arrays[0] as Uint32Array).entries()) {
    requestOf.fill(request, row, row + count)
    row += count
  }
  return requestOf
}

/** The names of a block's requests, by their position. */
function requestNames({ head, arrays }: Block): { name: (request: number) => string | undefined; packed?: PackedTexts } {
  const { requests } = head
  if (Array.isArray(requests)) return { name: (request) => requests[request] }
  const packed = { bytes: arrays[requests.bytes], ends: arrays[requests.ends] } as PackedTexts
  return { name: (request) => textAt(packed, request), packed }
}

/** Vectors of the log's own columns of a block, in the order of `OWN_COLUMNS`. */
function ownVectors(block: Block, requestOf: Uint32Array): LogVector[] {
  const { head, arrays } = block
  const counts = arrays[0] as Uint32Array
  const numbers = arrays[1] as Float64Array
  const firsts = new Uint32Array(counts.length)
  for (let i = 1; i < counts.length; i++) firsts[i] = firsts[i - 1]! + counts[i - 1]!
  const isOneEach = counts.length === head.rows
  const { name, packed } = requestNames(block)
  const { predictions } = head
  const named = predictions ? (request: number) => predictions[request] : name
  const number = (at: number): Own => ({
    each: (request) => numbers[request * REQUEST_NUMBERS + at]!,
    ...(isOneEach ? { plain: { values: numbers, width: REQUEST_NUMBERS, at } } : {}),
  })
  const isJoined = head.ids === null && predictions === undefined
  const own: (Same | Own)[] = [
    { each: (request, row) => head.ids?.[request]?.[row] ?? `${named(request)}/${row}`, ...(isJoined ? { joined: ['_request', '_row'] } : {}) },
    { each: name, ...(packed ? { packed: { texts: packed, of: requestOf } } : {}) },
    { each: (_, row) => row },
    number(0),
    { value: head.release },
    { value: head.digest },
    { value: head.model },
    { value: 'current' },
    oneOrEach(head.interfaces),
    oneOrEach(head.callers),
    head.traces ? { each: (request) => head.traces![request] ?? null } : { value: null },
    ...[1, 2, 3, 4].map(number),
  ]
  return own.map((one, i) => {
    const column = OWN_COLUMNS[i]!
    if ('value' in one) return { column, same: one, read: (from, to) => new Array<unknown>(to - from).fill(one.value) }
    const { each, ...more } = one
    const read: LogVector['read'] = (from, to) => {
      const found = new Array<unknown>(to - from)
      for (let k = 0; k < found.length; k++) {
        const request = requestOf[from + k]!
        found[k] = each(request, from + k - firsts[request]!)
      }
      return found
    }
    return { column, read, ...more }
  })
}

/** A column of the log's own, by request and row within it. */
interface Own extends Pick<LogVector, 'plain' | 'packed' | 'joined'> {
  each(request: number, row: number): unknown
}

function oneOrEach(values: string | readonly string[]): Same | Own {
  if (typeof values === 'string') return { value: values }
  return sameOf(values) ?? { each: (request) => values[request] }
}

type Same = NonNullable<LogVector['same']>

function sameOf(values: readonly unknown[]): Same | undefined {
  return values.every((value) => value === values[0]) ? { value: values[0] } : undefined
}

/** Where as many rows as have `bytes` of values end. A value counts for what it takes on its way into a file, which is more than in a block. */
function endOf(block: Block): LogTable['end'] {
  const tensors = block.head.places.map((_, i) => placed(block, i))
  const own = 16 * OWN_COLUMNS.length
  const bytesOf = (row: number) => {
    let bytes = own
    for (const { place, startOf } of tensors) {
      const end = startOf(row + 1)
      if (place.texts === undefined) bytes += 8 * (end - startOf(row))
      else for (let i = startOf(row); i < end; i++) bytes += 16 + (place.texts[i] ?? '').length
    }
    return bytes
  }
  return (from, bytes) => {
    let to = from
    for (let sum = 0; to < block.head.rows; to++) {
      sum += bytesOf(to)
      if (sum > bytes && to > from) break
    }
    return to
  }
}

/** Opens a payload. Throws when it has another format or is not what `encodeBlock` makes. */
function open(payload: Buffer): Block {
  const { head, arrays } = decodePayload(payload)
  const known = head as unknown as BlockHead
  if (known.format !== BLOCK_FORMAT && known.format !== LISTED_FORMAT) throw new Error(`block format ${String(known.format)} is not known`)
  return { head: known, layout: JSON.parse(known.layout) as Layout, arrays }
}

/** Opens a block's payload as flat columns. Throws when the payload is damaged or of a newer format. */
export function decodeBlock(payload: Buffer): LogTable {
  const block = open(payload)
  const requestOf = requestsOf(block)
  const vectors = ownVectors(block, requestOf)
  for (const source of block.layout.sources) vectors.push({ column: source.column, ...columnReader(block, source, requestOf) })
  const { deployment, release, hour, rows } = block.head
  return { deployment, release, hour, rows, vectors, end: endOf(block) }
}
