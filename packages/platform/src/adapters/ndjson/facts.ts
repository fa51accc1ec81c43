import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { type DataType, FairleadError } from '@fairlead/contract'
import type { ReadOptions } from '@fairlead/contract/control'
import { type Piece, type SourceFacts, unreadable } from '../../domain/batch/index.ts'

const SAMPLE_BYTES = 2 ** 20
const SAMPLE_LINES = 1000
const LOOK_BYTES = 2 ** 16
const LF = 0x0a
const MOST_LINE = 64 * 2 ** 20

/** Finds the columns in the first lines of an NDJSON file, and cuts it at the ends of lines. Throws `table-invalid`, `file-unreadable`. */
export function ndjsonFacts(path: string, { encoding = 'utf-8', pieceBytes }: ReadOptions & { pieceBytes: number }): SourceFacts {
  if (encoding !== 'utf-8') throw new FairleadError('not-supported', 'NDJSON is read as UTF-8 only.')
  let file: number
  try {
    file = openSync(path, 'r')
  } catch (cause) {
    throw unreadable(path, cause)
  }
  try {
    const { size } = fstatSync(file)
    const head = bytesAt(file, 0, SAMPLE_BYTES)
    const marked = head[0] === 0xef && head[1] === 0xbb && head[2] === 0xbf ? 3 : 0
    if ((head[0] === 0xff && head[1] === 0xfe) || (head[0] === 0xfe && head[1] === 0xff))
      throw new FairleadError('not-supported', 'NDJSON is read as UTF-8 only.')
    const columns = columnsIn(head.subarray(marked), size > SAMPLE_BYTES)
    const pieces: Piece[] = []
    let from = marked
    while (from < size) {
      const to = from + pieceBytes >= size ? size : nextLine(file, from + pieceBytes, size)
      pieces.push({ from, to, rows: null })
      from = to
    }
    return { columns, rows: size <= marked ? 0 : null, pieces, guessed: false, headLines: 0, how: null }
  } finally {
    closeSync(file)
  }
}

function bytesAt(file: number, at: number, length: number): Buffer {
  const bytes = Buffer.alloc(length)
  return bytes.subarray(0, readSync(file, bytes, 0, length, at))
}

function nextLine(file: number, from: number, size: number): number {
  for (let at = from; at < size && at - from < MOST_LINE; at += LOOK_BYTES) {
    const found = bytesAt(file, at, LOOK_BYTES).indexOf(LF)
    if (found >= 0) return at + found + 1
  }
  return size
}

function columnsIn(head: Buffer, cut: boolean): SourceFacts['columns'] {
  const types = new Map<string, DataType | null>()
  const lines = head.toString('utf8').split('\n').slice(0, SAMPLE_LINES)
  if (cut && lines.length > 1) lines.pop()
  for (const line of lines) {
    let row: unknown
    try {
      row = JSON.parse(line)
    } catch {
      continue
    }
    if (typeof row !== 'object' || row === null || Array.isArray(row)) continue
    for (const [name, value] of Object.entries(row)) types.set(name, joined(types.get(name), typeOf(value)))
  }
  return [...types].map(([name, type]) => ({ name, type: type ?? 'string' }))
}

function typeOf(value: unknown): DataType | null {
  if (value === null) return null
  if (typeof value === 'number') return 'float64'
  return typeof value === 'boolean' ? 'bool' : 'string'
}

function joined(a: DataType | null | undefined, b: DataType | null): DataType | null {
  if (a === undefined || a === null) return b
  return b === null || a === b ? a : 'string'
}
