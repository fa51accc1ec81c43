import { isUtf8 } from 'node:buffer'
import { type BadRow, type PieceAsk, type PieceRead, type PieceReader, type SourceBatch, unreadable } from '../../domain/batch/index.ts'
import type { TableColumn } from '../../domain/inference/index.ts'
import { ByteWindow } from '../../kernel/byte-window.ts'
import { FIELD, keptColumn, NumberColumn, textTable } from './columns.ts'
import type { CsvFacts } from './facts.ts'
import { BROKEN, INCOMPLETE, Records } from './records.ts'
import { Spans } from './spans.ts'
import { transcoderOf } from './transcode.ts'

const LF = 0x0a
const CR = 0x0d
/** Longest record, with all that stands before it in memory. */
const MOST_BYTES = 64 * 2 ** 20

/** Reads the records of a part of a CSV file into columns. */
export class CsvReader implements PieceReader {
  readonly read: PieceRead
  readonly #ask: PieceAsk
  readonly #window: ByteWindow
  readonly #records: Records
  readonly #to: number
  readonly #numbers: (NumberColumn | undefined)[]
  readonly #spans: (Spans | undefined)[]
  readonly #table: ((rows: number) => TableColumn)[] = []
  readonly #begins: Int32Array
  readonly #ends: Int32Array
  readonly #rowOf: Int32Array
  readonly #lineOf: Int32Array
  #at = 0
  #over = false

  constructor(ask: PieceAsk) {
    const { names, delimiter, encoding, skip } = ask.how as CsvFacts
    this.#ask = ask
    const { from, to } = ask.piece
    this.read = { from, to: from, rows: 0, lines: 0 }
    this.#to = encoding === 'utf-8' ? to : Number.POSITIVE_INFINITY
    const most = ask.batchRows
    const kinds = new Uint8Array(names.length)
    this.#numbers = names.map(() => undefined)
    this.#spans = names.map(() => undefined)
    for (const { column, from: name } of ask.wanted) {
      const place = names.indexOf(name)
      const plain = column.type !== 'string' && column.type !== 'bool' && !column.shape?.length
      if (plain) {
        kinds[place] = FIELD.number
        const numbers = new NumberColumn(column, most)
        this.#numbers[place] = numbers
        this.#table.push((rows) => numbers.table(rows))
      } else {
        const spans = new Spans(most)
        kinds[place] = FIELD.text
        this.#spans[place] = spans
        this.#table.push(() => textTable(column, spans))
      }
    }
    for (const { name } of ask.kept) this.#spans[names.indexOf(name)] ??= new Spans(most)
    this.#begins = new Int32Array(most)
    this.#ends = new Int32Array(most)
    this.#rowOf = new Int32Array(most)
    this.#lineOf = new Int32Array(most)
    try {
      this.#window = new ByteWindow(ask.file, { from, most: MOST_BYTES, transcode: transcoderOf(encoding) })
    } catch (cause) {
      throw unreadable(ask.file, cause)
    }
    if (skip > 0) {
      this.#window.move(0)
      this.#at = skip
    }
    this.#records = new Records(this.#window, { delimiter: delimiter.charCodeAt(0), kinds, numbers: this.#numbers, spans: this.#spans })
  }

  async next(): Promise<SourceBatch | undefined> {
    if (this.#over) return undefined
    for (const column of this.#numbers) column?.clear()
    const faults: BadRow[] = []
    // moving what is left over and over would take longer than reading it
    if (this.#at * 2 >= this.#window.end) this.#move()
    let rows = this.#fill(faults)
    while (rows === 0 && faults.length === 0 && !this.#over) {
      // a record that is longer than what is in memory
      this.#move()
      rows = this.#fill(faults)
    }
    this.read.to = Number.isFinite(this.#to) ? this.#window.base + this.#at : this.#ask.piece.to
    if (rows === 0 && faults.length === 0) return undefined
    return this.#batch(rows, faults)
  }

  #move(): void {
    this.#window.move(this.#at)
    this.#at = 0
  }

  /** Reads records until the batch is full, or no whole one is left in memory. */
  #fill(faults: BadRow[]): number {
    const { batchRows } = this.#ask
    const window = this.#window
    const { bytes, end } = window
    const clean = isUtf8(bytes.subarray(this.#at, lastLine(bytes, end, window.last)))
    let rows = 0
    let at = this.#at
    while (rows + faults.length < batchRows) {
      while (at < end && (bytes[at] === LF || (bytes[at] === CR && bytes[at + 1] === LF && at + 1 < end))) {
        at += bytes[at] === LF ? 1 : 2
        this.read.lines++
      }
      if (at >= end) {
        this.#over = window.last
        break
      }
      if (window.base + at >= this.#to) {
        this.#over = true
        break
      }
      const next = this.#records.read(at, rows)
      if (next >= 0) {
        if (clean || isUtf8(bytes.subarray(at, this.#records.recordEnd))) this.#accept(rows++, at)
        else this.#refuse(faults, { rows, at, end: this.#records.recordEnd, code: 'utf8-invalid', reason: 'the record is not valid UTF-8' })
        at = next
        continue
      }
      if (next === INCOMPLETE && !(window.full && rows + faults.length === 0)) break
      const lineEnd = this.#records.lineEnd(at)
      if (lineEnd === INCOMPLETE && !window.full) break
      const to = lineEnd === INCOMPLETE ? end : lineEnd
      const reason = next === BROKEN ? this.#records.fault : `the record is longer than ${MOST_BYTES} bytes, or a quote is never closed`
      this.#records.lines = 1
      this.#refuse(faults, { rows, at, end: to, code: 'table-invalid', reason })
      at = to
    }
    this.#at = at
    return rows
  }

  #accept(row: number, at: number): void {
    this.#begins[row] = at
    this.#ends[row] = this.#records.recordEnd
    this.#rowOf[row] = this.read.rows++
    this.#lineOf[row] = this.read.lines
    this.read.lines += this.#records.lines
  }

  #refuse(faults: BadRow[], { rows, at, end, code, reason }: { rows: number; at: number; end: number; code: string; reason: string }): void {
    for (const column of this.#numbers) column?.drop(rows)
    const text = this.#window.bytes.toString('utf8', at, Math.min(end, at + MOST_TEXT)).replace(/\r?\n$/, '')
    faults.push({ row: this.read.rows++, line: this.read.lines, column: null, code, reason, text })
    this.read.lines += this.#records.lines
  }

  #batch(rows: number, faults: BadRow[]): SourceBatch {
    const { bytes } = this.#window
    for (const spans of this.#spans) if (spans) spans.bytes = bytes
    const { names } = this.#ask.how as CsvFacts
    const kept = this.#ask.kept.map(({ name, type }) => {
      const place = names.indexOf(name)
      return keptColumn(name, type, { spans: this.#spans[place]!, rows, at: (row) => this.#numbers[place]?.at(row) ?? this.#truth(place, row) })
    })
    return {
      table: { rows, columns: this.#table.map((make) => make(rows)) },
      kept,
      number: (row) => this.#rowOf[row]!,
      line: (row) => this.#lineOf[row]!,
      text: (row) => bytes.toString('utf8', this.#begins[row], Math.min(this.#ends[row]!, this.#begins[row]! + MOST_TEXT)),
      faults,
    }
  }

  #truth(place: number, row: number): unknown {
    if (this.#numbers[place]) return null
    const text = this.#spans[place]!.text(row).trim().toLowerCase()
    return text === '' ? null : text === 'true' || text === '1'
  }

  [Symbol.dispose](): void {
    this.#window[Symbol.dispose]()
  }
}

/** What is kept of a record that is put apart. */
const MOST_TEXT = 65_536

/** Where the last whole line in memory ends: a letter may be cut in two behind it. */
function lastLine(bytes: Buffer, end: number, last: boolean): number {
  return last || end === 0 ? end : bytes.lastIndexOf(LF, end - 1) + 1
}
