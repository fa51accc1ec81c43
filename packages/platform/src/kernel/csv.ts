import { FairleadError } from '@fairlead/contract'

const QUOTE = 0x22
const COMMA = 0x2c
const LF = 0x0a
const CR = 0x0d
/** Columns that a header may have. */
const MOST_COLUMNS = 100_000

/** Finds the fields of a CSV text in its bytes; nothing is made of them before they are asked for. */
export class CsvScanner {
  readonly #bytes: Buffer

  /** `bytes` must be valid UTF-8. */
  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  /** Where the first record begins: behind a byte order mark. */
  get start(): number {
    return this.#bytes[0] === 0xef && this.#bytes[1] === 0xbb && this.#bytes[2] === 0xbf ? 3 : 0
  }

  /** Where the next record begins that is no empty line, from the beginning of a line on; the length of the text when there is none. */
  recordStart(from: number): number {
    const bytes = this.#bytes
    let at = from
    while (at < bytes.length) {
      const after = bytes[at] === CR && bytes[at + 1] === LF ? at + 1 : at
      if (bytes[after] !== LF) break
      at = after + 1
    }
    return at
  }

  /** Where the field that begins at `from` ends: at its comma, at the end of its line (CR LF or LF), or of the text. Throws `table-invalid`. */
  fieldEnd(from: number): number {
    const bytes = this.#bytes
    let at = from
    if (bytes[at] === QUOTE) return this.#quotedEnd(from)
    for (; at < bytes.length; at++) {
      const byte = bytes[at]!
      if (byte > COMMA) continue
      if (byte === COMMA || byte === LF) return at
      if (byte === QUOTE) throw this.fault(at, 'a quote stands inside a field that is not quoted')
      if (byte === CR) {
        if (at + 1 === bytes.length || bytes[at + 1] === LF) return at
        throw this.fault(at, 'a carriage return stands alone; lines end in LF or CR LF')
      }
    }
    return at
  }

  /** Whether the field that ends here is the last of its record. */
  endsRecord(end: number): boolean {
    return this.#bytes[end] !== COMMA
  }

  /** Where the line behind the end of a record begins. */
  nextLine(end: number): number {
    return end + (this.#bytes[end] === CR && this.#bytes[end + 1] === LF ? 2 : 1)
  }

  isQuoted(from: number): boolean {
    return this.#bytes[from] === QUOTE
  }

  /** The text of a field, without its quotes. */
  text(from: number, end: number): string {
    if (this.#bytes[from] !== QUOTE) return this.#bytes.toString('utf8', from, end)
    const inner = this.#bytes.toString('utf8', from + 1, end - 1)
    return inner.includes('"') ? inner.replaceAll('""', '"') : inner
  }

  /** The line on which a byte stands, from 1. */
  line(at: number): number {
    let line = 1
    for (let next = this.#bytes.indexOf(LF); next >= 0 && next < at; next = this.#bytes.indexOf(LF, next + 1)) line++
    return line
  }

  /** An error that says where: `table-invalid` with line and column, in bytes from 1. */
  fault(at: number, what: string): FairleadError {
    const lineStart = at === 0 ? 0 : this.#bytes.lastIndexOf(LF, at - 1) + 1
    const place = `line ${this.line(at)}, column ${at - lineStart + 1}`
    return new FairleadError('table-invalid', `the CSV cannot be read: ${what} (${place})`, { items: [{ path: place, code: 'table-invalid', detail: what }] })
  }

  #quotedEnd(from: number): number {
    const bytes = this.#bytes
    let at = from + 1
    for (;;) {
      at = bytes.indexOf(QUOTE, at)
      if (at < 0) throw this.fault(from, 'a quote is opened and never closed')
      if (bytes[at + 1] !== QUOTE) break
      at += 2
    }
    const end = at + 1
    const byte = bytes[end]
    if (byte === undefined || byte === COMMA || byte === LF) return end
    if (byte === CR && (end + 1 === bytes.length || bytes[end + 1] === LF)) return end
    throw this.fault(end, 'text follows a closed quote')
  }
}

/** A CSV text whose records were found and counted. */
export interface CsvRecords {
  readonly header: readonly string[]
  readonly rows: number
  /** Where the field of a column begins in a row. Only columns that were wanted may be asked for. */
  start(row: number, column: number): number
}

export interface CsvOptions {
  /** Which columns will be asked for. */
  wants(name: string): boolean
  /** Called when there are more rows than this; the error that it makes is thrown. */
  maxRows: number
  tooMany(rows: number): FairleadError
}

/**
 * Finds the records of a CSV text (RFC 4180: commas, quotes doubled inside quotes, LF or CR LF, a header first; empty lines
 * are skipped) and where the wanted fields begin. Throws `table-invalid` with line and column for what is no CSV, has no
 * header, or has a record of another length than it.
 */
export function findRecords(scanner: CsvScanner, bytes: Buffer, { wants, maxRows, tooMany }: CsvOptions): CsvRecords {
  const first = scanner.recordStart(scanner.start)
  if (first >= bytes.length) throw scanner.fault(0, 'it is empty; a header with the names of the columns is needed')
  const { header, next } = readHeader(scanner, first)
  let wanted = 0
  const slots = Int32Array.from(header, (name) => (wants(name) ? wanted++ : -1))
  let starts = new Uint32Array(wanted * 64)
  let rows = 0
  for (let record = scanner.recordStart(next); record < bytes.length; rows++) {
    if (rows === maxRows) throw tooMany(rows + 1)
    if (starts.length < (rows + 1) * wanted) {
      const larger = new Uint32Array(Math.min(starts.length * 2, maxRows * wanted))
      larger.set(starts)
      starts = larger
    }
    const end = readRecord(scanner, record, { slots, starts, base: rows * wanted })
    record = scanner.recordStart(scanner.nextLine(end))
  }
  return { header, rows, start: (row, column) => starts[row * wanted + slots[column]!]! }
}

function readHeader(scanner: CsvScanner, from: number): { header: string[]; next: number } {
  const header: string[] = []
  for (let at = from; ; ) {
    const end = scanner.fieldEnd(at)
    header.push(scanner.text(at, end).trim())
    if (header.length > MOST_COLUMNS) throw scanner.fault(at, `there are more than ${MOST_COLUMNS} columns`)
    if (!scanner.endsRecord(end)) {
      at = end + 1
      continue
    }
    const separator = [';', '\t', '|'].find((mark) => header.length === 1 && header[0]!.includes(mark))
    if (separator !== undefined)
      throw scanner.fault(from, `the header is one column; fields must be separated by commas, not by ${separator === '\t' ? 'tabs' : `"${separator}"`}`)
    return { header, next: scanner.nextLine(end) }
  }
}

/** Notes where the wanted fields of one record begin; answers where the record ends. */
function readRecord(scanner: CsvScanner, from: number, { slots, starts, base }: { slots: Int32Array; starts: Uint32Array; base: number }): number {
  let at = from
  for (let column = 0; ; column++) {
    const end = scanner.fieldEnd(at)
    const slot = slots[column]
    if (slot !== undefined && slot >= 0) starts[base + slot] = at
    const last = scanner.endsRecord(end)
    if (last && column === slots.length - 1) return end
    if (last || column >= slots.length) {
      throw scanner.fault(from, last ? `${column + 1} fields, and the header has ${slots.length}` : `more fields than the header, which has ${slots.length}`)
    }
    at = end + 1
  }
}
