import { readSync } from 'node:fs'
import { type PageFacts, type PageValues, readPage } from '../column.ts'
import type { Chunk } from '../metadata.ts'
import { malformed, ThriftReader, type ThriftStruct } from '../thrift.ts'
import type { Values } from '../values.ts'

/** Read at once where less is asked for. */
const STEP_BYTES = 2 ** 18
const HEADER_BYTES = 8192
const MOST_HEADER_BYTES = 2 ** 22
/** A page is in memory as a whole, as it lies and as its values. */
const MOST_PAGE_BYTES = 2 ** 28

/** A column of one file, read page by page. */
export type StreamedColumn = Pick<PageFacts, 'column' | 'kind'>

/** Reads the values of one column in row groups that follow each other, some rows at a time. */
export class ColumnStream {
  readonly #file: number
  readonly #streamed: StreamedColumn
  readonly #chunks: readonly { chunk: Chunk; rows: number }[]
  #bytes: Buffer = Buffer.alloc(0)
  #room: Buffer = Buffer.alloc(0)
  /** Where in the file the next byte stands, the bytes in memory begin, and the chunk ends. */
  #at = 0
  #from = 0
  #to = 0
  #next = 0
  #codec = 0
  /** Rows of the chunk that are left behind this page. */
  #left = 0
  #dictionary: Values | undefined
  #page: PageValues | undefined
  #row = 0
  #value = 0

  constructor(file: number, streamed: StreamedColumn, chunks: readonly { chunk: Chunk; rows: number }[]) {
    this.#file = file
    this.#streamed = streamed
    this.#chunks = chunks
  }

  /** Reads values of the next rows into `into`, and 1 into `nulls` for each that is missing. Answers whether one is. Throws `table-invalid`. */
  read(rows: number, into: Values, nulls: Uint8Array): boolean {
    let missing = false
    for (let done = 0; done < rows; ) {
      const page = this.#current()
      const many = Math.min(rows - done, page.count - this.#row)
      if (page.present) missing = this.#spread(page, { into, nulls, done, many }) || missing
      else {
        copy(page, into, { from: this.#value, to: done, many })
        this.#value += many
      }
      this.#row += many
      done += many
    }
    return missing
  }

  #spread({ values, present }: PageValues, { into, nulls, done, many }: { into: Values; nulls: Uint8Array; done: number; many: number }): boolean {
    const [source, target] = [values as Float64Array, into as Float64Array]
    let missing = false
    for (let i = 0; i < many; i++) {
      if (present![this.#row + i] !== 0) target[done + i] = source[this.#value++]!
      else {
        nulls[done + i] = 1
        missing = true
      }
    }
    return missing
  }

  /** The page with the next row. */
  #current(): PageValues {
    while (!this.#page || this.#row >= this.#page.count) {
      if (this.#at >= this.#to || this.#left === 0) this.#openChunk()
      else this.#openPage()
    }
    return this.#page
  }

  #openChunk(): void {
    if (this.#left > 0) throw malformed(`the column "${this.#streamed.column.name.slice(0, 100)}" has fewer values than the file has rows`)
    const next = this.#chunks[this.#next++]
    if (!next) throw malformed('a column has fewer values than the file has rows')
    const { chunk, rows } = next
    this.#at = chunk.start
    this.#to = chunk.start + chunk.length
    this.#codec = chunk.codec
    this.#left = rows
    this.#dictionary = undefined
    this.#page = undefined
    this.#row = 0
  }

  #openPage(): void {
    const { header, size } = this.#header()
    const length = header.size(3, 'the size of a page')
    if (length > this.#to - this.#at - size || length > MOST_PAGE_BYTES) throw malformed('a page is longer than its column, or than can be read')
    this.#at += size
    const bytes = this.#ensure(length).subarray(0, length)
    this.#at += length
    const room = { left: MOST_PAGE_BYTES, pages: 1 }
    const read = readPage({ header, bytes }, { ...this.#streamed, codec: this.#codec, room }, { dictionary: this.#dictionary, most: this.#left })
    if (!read) return
    if ('dictionary' in read) {
      this.#dictionary = read.dictionary
      return
    }
    this.#page = read
    this.#left -= read.count
    this.#row = 0
    this.#value = 0
  }

  #header(): { header: ThriftStruct; size: number } {
    for (let room = HEADER_BYTES; ; room *= 16) {
      const bytes = this.#ensure(room)
      try {
        const reader = new ThriftReader(bytes)
        return { header: reader.struct(), size: reader.at }
      } catch (error) {
        // statistics in a header may be long
        if (room >= MOST_HEADER_BYTES || bytes.length < room) throw error
      }
    }
  }

  /** At least `length` bytes from here, as far as the chunk has them. */
  #ensure(length: number): Buffer {
    const wanted = Math.min(length, this.#to - this.#at)
    const offset = this.#at - this.#from
    if (offset >= 0 && offset + wanted <= this.#bytes.length) return this.#bytes.subarray(offset)
    const size = Math.min(Math.max(wanted, STEP_BYTES), this.#to - this.#at)
    // what was there is used up: the values of a page are not looked at any more when the next one is read
    const bytes = this.#room.length >= size ? this.#room.subarray(0, size) : Buffer.allocUnsafeSlow(size)
    if (bytes.length > this.#room.length) this.#room = bytes
    for (let done = 0; done < size; ) {
      const got = readSync(this.#file, bytes, done, size - done, this.#at + done)
      if (got === 0) throw malformed('it ends within a column')
      done += got
    }
    this.#bytes = bytes
    this.#from = this.#at
    return bytes
  }
}

function copy({ values: source, raw }: PageValues, target: Values, { from, to, many }: { from: number; to: number; many: number }): void {
  if (raw) {
    const { buffer, byteOffset, BYTES_PER_ELEMENT: size } = target as Float64Array
    new Uint8Array(buffer, byteOffset + to * size, many * size).set(raw.subarray(from * size, (from + many) * size))
  } else if (Array.isArray(source)) {
    const texts = target as string[]
    for (let i = 0; i < many; i++) texts[to + i] = source[from + i]!
  } else (target as Float64Array).set((source as Float64Array).subarray(from, from + many), to)
}
