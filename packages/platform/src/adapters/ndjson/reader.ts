import { isUtf8 } from 'node:buffer'
import { type DataType, isBigInteger, parseJson, writeJson } from '@fairlead/contract'
import { type BadRow, type PieceAsk, type PieceRead, type PieceReader, type SourceBatch, unreadable } from '../../domain/batch/index.ts'
import { type AnswerColumn, allocate } from '../../domain/inference/index.ts'
import { ByteWindow } from '../../kernel/byte-window.ts'

const LF = 0x0a
const MOST_BYTES = 64 * 2 ** 20
const MOST_TEXT = 65_536

type JsonRow = Record<string, unknown>

interface Line {
  row: JsonRow
  number: number
  line: number
  from: number
  to: number
}

/** Reads the lines of a part of an NDJSON file. */
export class NdjsonReader implements PieceReader {
  readonly read: PieceRead
  readonly #ask: PieceAsk
  readonly #window: ByteWindow
  readonly #exact: boolean
  #at = 0
  #over = false

  constructor(ask: PieceAsk) {
    this.#ask = ask
    const { from } = ask.piece
    this.read = { from, to: from, rows: 0, lines: 0 }
    this.#exact = ask.wanted.some(({ column }) => isBigInteger(column.type))
    try {
      this.#window = new ByteWindow(ask.file, { from, most: MOST_BYTES })
    } catch (cause) {
      throw unreadable(ask.file, cause)
    }
  }

  async next(): Promise<SourceBatch | undefined> {
    if (this.#over) return undefined
    const faults: BadRow[] = []
    const lines: Line[] = []
    do {
      this.#window.move(this.#at)
      this.#at = 0
      this.#fill(lines, faults)
    } while (lines.length === 0 && faults.length === 0 && !this.#over)
    this.read.to = this.#window.base + this.#at
    return lines.length === 0 && faults.length === 0 ? undefined : this.#batch(lines, faults)
  }

  #fill(lines: Line[], faults: BadRow[]): void {
    const { bytes, end, last, full } = this.#window
    const { batchRows, piece } = this.#ask
    while (lines.length + faults.length < batchRows) {
      if (this.#window.base + this.#at >= piece.to || (this.#at >= end && last)) {
        this.#over = true
        return
      }
      const found = bytes.indexOf(LF, this.#at)
      const whole = found < end || last || full
      if (!whole) return
      const to = Math.min(found, end)
      this.#line(this.#at, to, { lines, faults })
      this.read.lines++
      this.#at = Math.min(end, to + 1)
    }
  }

  #line(from: number, to: number, { lines, faults }: { lines: Line[]; faults: BadRow[] }): void {
    const { bytes } = this.#window
    const own = bytes.subarray(from, to)
    const text = own.toString('utf8')
    if (text.trim() === '') return
    const number = this.read.rows++
    const refuse = (code: string, reason: string) =>
      faults.push({ row: number, line: this.read.lines, column: null, code, reason, text: text.slice(0, MOST_TEXT) })
    if (text.includes('\ufffd') && !isUtf8(own)) {
      refuse('utf8-invalid', 'the line is not valid UTF-8')
      return
    }
    try {
      const row = (this.#exact ? parseJson(text) : JSON.parse(text)) as unknown
      if (typeof row !== 'object' || row === null || Array.isArray(row)) refuse('request-invalid', 'an object with a value per column is needed')
      else lines.push({ row: row as JsonRow, number, line: this.read.lines, from, to })
    } catch (error) {
      refuse('json-invalid', error instanceof Error ? error.message : String(error))
    }
  }

  #batch(lines: Line[], faults: BadRow[]): SourceBatch {
    const { bytes } = this.#window
    const { wanted, kept } = this.#ask
    const own = (row: number, name: string): unknown => {
      const value = Object.hasOwn(lines[row]!.row, name) ? lines[row]!.row[name] : undefined
      return typeof value === 'number' && !Number.isFinite(value) ? String(value) : value
    }
    return {
      table: { rows: lines.length, columns: wanted.map(({ column, from }) => ({ name: column.name, at: (row) => own(row, from) })) },
      kept: kept.map(({ name, type }) => keptColumn({ name, type }, lines)),
      number: (row) => lines[row]!.number,
      line: (row) => lines[row]!.line,
      text: (row) => bytes.toString('utf8', lines[row]!.from, Math.min(lines[row]!.to, lines[row]!.from + MOST_TEXT)),
      faults,
    }
  }

  [Symbol.dispose](): void {
    this.#window[Symbol.dispose]()
  }
}

/** A member as a column: what is no text is JSON where the column is of texts. */
function keptColumn({ name, type }: { name: string; type: DataType }, lines: readonly Line[]): AnswerColumn {
  const data = allocate(type, lines.length)
  const nulls = new Uint8Array(lines.length)
  for (const [at, { row }] of lines.entries()) {
    const value = Object.hasOwn(row, name) ? row[name] : null
    if (value === null) nulls[at] = 1
    else if (type === 'string') (data as string[])[at] = typeof value === 'string' ? value : writeJson(value)
    else if (typeof value === 'object') nulls[at] = 1
    else if (isBigInteger(type)) (data as BigInt64Array)[at] = typeof value === 'bigint' || Number.isInteger(value) ? BigInt(value as number) : 0n
    else (data as Float64Array)[at] = Number(value)
  }
  return { name, type, data, nulls }
}
