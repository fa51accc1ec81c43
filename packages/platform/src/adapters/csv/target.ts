import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs'
import { isFloat } from '@fairlead/contract'
import { type BatchTarget, joinFiles, type PartWriter } from '../../domain/batch/index.ts'
import { type AnswerColumn, valueWriter } from '../../domain/inference/index.ts'
import { csvCell, safeText } from '../../kernel/csv-cells.ts'

interface CsvPart {
  rows: number
  names: string[] | null
}

/** Writes CSV (RFC 4180): a header, lines end in CR LF, nulls are empty fields, lists are JSON, and no text is a formula. */
export const csvTarget: BatchTarget = {
  holdsMetadata: false,
  part: (path) => new CsvPartWriter(path),
  join(path, parts, { columns }) {
    const facts = parts.map(({ facts: own }) => own as CsvPart)
    const names = facts.find((own) => own.names)?.names ?? columns.map(({ name }) => name)
    return joinFiles(path, {
      head: Buffer.from(`${names.map((name) => csvCell(safeText(name))).join(',')}\r\n`),
      parts: parts.map((part, i) => ({ path: part.path, rows: facts[i]!.rows })),
    })
  },
}

const PIECE_BYTES = 2 ** 20

class CsvPartWriter implements PartWriter {
  readonly #file: number
  readonly #buffer = Buffer.allocUnsafe(PIECE_BYTES * 2)
  #used = 0
  #rows = 0
  #names: string[] | null = null
  #open = true

  constructor(path: string) {
    this.#file = openSync(path, 'w')
  }

  write(columns: readonly AnswerColumn[], rows: number): void {
    this.#names ??= columns.map(({ name }) => name)
    const cells = columns.map((column) => ({ nulls: column.nulls, write: cellOf(column) }))
    for (let from = 0; from < rows; from += 256) {
      let text = ''
      const to = Math.min(rows, from + 256)
      for (let row = from; row < to; row++) {
        for (let i = 0; i < cells.length; i++) {
          const { nulls, write } = cells[i]!
          if (i > 0) text += ','
          if (nulls?.[row] !== 1) text += write(row)
        }
        text += '\r\n'
      }
      this.#put(text)
    }
    this.#rows += rows
  }

  end(): CsvPart {
    this.#flush()
    fsyncSync(this.#file)
    this[Symbol.dispose]()
    return { rows: this.#rows, names: this.#names }
  }

  [Symbol.dispose](): void {
    if (this.#open) closeSync(this.#file)
    this.#open = false
  }

  #put(text: string): void {
    const most = text.length * 3
    if (this.#used + most > this.#buffer.length) this.#flush()
    if (most > this.#buffer.length) {
      writeAll(this.#file, Buffer.from(text))
      return
    }
    this.#used += this.#buffer.write(text, this.#used)
    if (this.#used >= PIECE_BYTES) this.#flush()
  }

  #flush(): void {
    writeAll(this.#file, this.#buffer.subarray(0, this.#used))
    this.#used = 0
  }
}

function writeAll(file: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at)
}

type WriteCell = (row: number) => string

function cellOf({ type, data, width }: AnswerColumn): WriteCell {
  const write = valueWriter(type)
  if (width !== undefined) return (row) => csvCell(`[${Array.from({ length: width }, (_, k) => write(data, row * width + k)).join(',')}]`)
  if (type === 'string') return textCell(data as string[])
  if (!isFloat(type)) return (row) => write(data, row)
  return (row) => {
    const text = write(data, row)
    // JSON has what is not finite in quotes
    return text.charCodeAt(0) === 0x22 ? text.slice(1, -1) : text
  }
}

const MOST_KNOWN = 1000

/** Labels come again and again. An empty text is told from a null, which is an empty field without quotes. */
function textCell(texts: readonly string[]): WriteCell {
  const known = new Map<string, string>()
  return (row) => {
    const text = texts[row]!
    const cell = known.get(text) ?? (text === '' ? '""' : csvCell(safeText(text)))
    if (known.size < MOST_KNOWN) known.set(text, cell)
    return cell
  }
}
