import { PageReader, readHybrid } from './bits.ts'
import { inflatePage, type Room } from './inflate.ts'
import type { Chunk, ParquetColumn } from './metadata.ts'
import { malformed, ThriftReader, type ThriftStruct } from './thrift.ts'
import { type Kind, readValues, type Values } from './values.ts'

/** The values of one column, of all rows, being filled. */
export interface Filled {
  column: ParquetColumn
  kind: Kind
  values: Values
  /** 1 where there is no value; absent when the column has one in every row. */
  nulls: Uint8Array | undefined
  /** Rows so far. */
  rows: number
}

export interface Page {
  header: ThriftStruct
  /** As it lies in the file. */
  bytes: Uint8Array
}

function* readPages(bytes: Uint8Array): Generator<Page> {
  for (let at = 0; at < bytes.length; ) {
    const reader = new ThriftReader(bytes, at)
    const header = reader.struct()
    const length = header.size(3, 'the size of a page')
    if (length > bytes.length - reader.at) throw malformed('a page is longer than its column')
    yield { header, bytes: bytes.subarray(reader.at, reader.at + length) }
    at = reader.at + length
  }
}

/** Of one row group, what pages say and hold, without being kept all together. */
export interface PageFacts {
  codec: number
  column: ParquetColumn
  kind: Kind
  room: Room
}

/** A page of values: those that there are, and which rows have one. */
export interface PageValues {
  count: number
  values: Values
  /** 1 for each row that has a value; absent where all have. */
  present: Uint8Array | undefined
  /** The bytes of the values instead of them, where they are numbers as they lie in memory. */
  raw?: Uint8Array
}

/** Reads a page of a column by itself: a dictionary, at most `most` values, or nothing of either. Throws `table-invalid` and `body-too-large`. */
export function readPage(
  page: Page,
  facts: PageFacts,
  { dictionary, most }: { dictionary: Values | undefined; most: number },
): { dictionary: Values } | PageValues | undefined {
  const type = page.header.number(1)
  if (type === 2) return { dictionary: readDictionary(page, facts) }
  const parts = type === 0 ? dataPage(page, facts) : type === 3 ? dataPage2(page, facts) : undefined
  if (parts && parts.count > most) throw malformed('a column has more values than the file has rows')
  return parts && pageValues(parts, { ...facts, lying: true }, dictionary)
}

/** Reads the pages of one column in one row group of `rows` rows. Throws `table-invalid` and `body-too-large`. */
export function readChunk(file: Uint8Array, chunk: Chunk, { filled, rows, room }: { filled: Filled; rows: number; room: Room }): void {
  const end = filled.rows + rows
  const facts: PageFacts = { codec: chunk.codec, column: filled.column, kind: filled.kind, room }
  let dictionary: Values | undefined
  for (const page of readPages(file.subarray(chunk.start, chunk.start + chunk.length))) {
    if (filled.rows === end) break
    if (--room.pages < 0) throw malformed('it has more pages than are read; write it with larger ones')
    const type = page.header.number(1)
    if (type === 2) dictionary = readDictionary(page, facts)
    else if (type === 0) takePage(dataPage(page, facts), { filled, end, dictionary })
    else if (type === 3) takePage(dataPage2(page, facts), { filled, end, dictionary })
  }
  if (filled.rows !== end) throw malformed(`the column "${chunk.column.slice(0, 100)}" has fewer values than the file has rows`)
}

function readDictionary({ header, bytes }: Page, { codec, room, kind }: PageFacts): Values {
  const facts = header.struct(7)
  if (!facts) throw malformed('a dictionary has no header')
  const page = inflatePage(bytes, { codec, length: header.size(2, 'the size of a page'), room })
  const count = facts.size(1, 'the size of a dictionary')
  if (count > page.length * 8) throw malformed('a dictionary is shorter than its values')
  return readValues(page, 0, { kind, count, dictionary: undefined })
}

/** A page taken apart: which rows have a value, and the bytes of those values. */
interface Parts {
  count: number
  encoding: number | undefined
  /** Reads, into room for all rows of the page, 1 for each that has a value; absent where all have. */
  levels: ((into: Uint8Array) => void) | undefined
  values: () => Uint8Array
}

function dataPage({ header, bytes }: Page, { codec, room, column }: PageFacts): Parts {
  const facts = header.struct(5)
  if (!facts) throw malformed('a page has no header')
  const reader = new PageReader(inflatePage(bytes, { codec, length: header.size(2, 'the size of a page'), room }))
  const levels = column.optional ? new PageReader(reader.take(reader.uint32())) : undefined
  return {
    count: facts.size(1, 'the number of values of a page'),
    encoding: facts.number(2),
    levels: levels && ((into) => readHybrid(levels, 1, into)),
    values: () => reader.bytes.subarray(reader.at),
  }
}

function dataPage2({ header, bytes }: Page, { codec: whole, room, column }: PageFacts): Parts {
  const facts = header.struct(8)
  if (!facts) throw malformed('a page has no header')
  const repeated = facts.size(6, 'a length of a page')
  const defined = facts.size(5, 'a length of a page')
  const length = header.size(2, 'the size of a page') - repeated - defined
  if (repeated + defined > bytes.length || length < 0) throw malformed('a page is shorter than its parts')
  const packed = bytes.subarray(repeated + defined)
  const codec = facts.flag(7) === false ? 0 : whole
  return {
    count: facts.size(1, 'the number of values of a page'),
    encoding: facts.number(4),
    levels: column.optional ? (into) => readHybrid(new PageReader(bytes.subarray(repeated, repeated + defined)), 1, into) : undefined,
    values: () => inflatePage(packed, { codec, length, room }),
  }
}

const PLAIN = 0

function pageValues(
  { count, encoding, levels, values }: Parts,
  { kind, lying = false }: { kind: Kind; lying?: boolean },
  dictionary: Values | undefined,
): PageValues {
  const defined = levels ? new Uint8Array(count) : undefined
  if (defined) levels!(defined)
  const present = defined?.includes(0) ? defined : undefined
  let there = count
  if (present) {
    there = 0
    for (let row = 0; row < count; row++) there += present[row] === 0 ? 0 : 1
  }
  const bytes = values()
  if (lying && encoding === PLAIN && kind.bytes > 0 && !present && bytes.length >= count * kind.bytes) return { count, values: [], present, raw: bytes }
  return { count, values: readValues(bytes, encoding, { kind, count: there, dictionary }), present }
}

function takePage(parts: Parts, { filled, end, dictionary }: { filled: Filled; end: number; dictionary: Values | undefined }): void {
  const { count } = parts
  if (count > end - filled.rows) throw malformed('a column has more values than the file has rows')
  const { values, present } = pageValues(parts, filled, dictionary)
  const [from, to] = [values as Float64Array, filled.values as Float64Array]
  for (let row = 0, next = 0; row < count; row++) {
    if (present?.[row] !== 0) to[filled.rows + row] = from[next++]!
    else filled.nulls![filled.rows + row] = 1
  }
  filled.rows += count
}
