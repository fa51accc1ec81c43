import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { FairleadError } from '@fairlead/contract'
import type { ReadOptions } from '@fairlead/contract/control'
import { type Piece, type SourceFacts, unreadable } from '../../domain/batch/index.ts'
import { fieldText } from './spans.ts'
import { type Encoding, encodingOf, transcoderOf } from './transcode.ts'

/** How a CSV file is read. */
export interface CsvFacts {
  names: string[]
  delimiter: string
  encoding: Encoding
  /** Bytes before the first row, of a file that is read from its beginning in another encoding. */
  skip: number
}

const HEAD_BYTES = 2 ** 20
/** Looked at behind a place at which a file may be cut, to tell whether it stands inside quotes. */
const LOOK_BYTES = 2 ** 18
const MOST_COLUMNS = 100_000
const QUOTE = 0x22
const LF = 0x0a
const MARKS = [',', ';', '\t', '|']

/** Finds out how a CSV file is read, and cuts it at the ends of lines. Throws `table-invalid`, `file-unreadable`. */
export function csvFacts(path: string, { header, delimiter, encoding, pieceBytes }: ReadOptions & { pieceBytes: number }): SourceFacts {
  let file: number
  try {
    file = openSync(path, 'r')
  } catch (cause) {
    throw unreadable(path, cause)
  }
  try {
    const { size } = fstatSync(file)
    const raw = bytesAt(file, 0, HEAD_BYTES)
    const { name, mark } = encodingOf(raw, encoding)
    const transcode = transcoderOf(name)
    const head = Buffer.from(transcode ? transcode(raw, false) : raw.subarray(mark))
    const first = firstRecord(head, { delimiter, whole: size <= HEAD_BYTES })
    const names = header ? first.fields.map((field) => field.trim()) : first.fields.map((_, place) => String(place + 1))
    const how: CsvFacts = { names, delimiter: first.delimiter, encoding: name, skip: transcode && header ? first.next : 0 }
    const from = header ? mark + first.next : mark
    const pieces: Piece[] = name === 'utf-8' ? cut(file, { from, size, pieceBytes, delimiter: first.delimiter }) : [{ from: 0, to: size, rows: null }]
    const columns = names.map((column) => ({ name: column, type: null }))
    return { columns, rows: null, pieces, guessed: pieces.length > 1, headLines: header ? first.lines : 0, how }
  } finally {
    closeSync(file)
  }
}

function bytesAt(file: number, at: number, length: number): Buffer {
  const bytes = Buffer.alloc(length)
  return bytes.subarray(0, readSync(file, bytes, 0, length, at))
}

function invalid(what: string): FairleadError {
  return new FairleadError('table-invalid', `the CSV cannot be read: ${what}`)
}

interface First {
  fields: string[]
  delimiter: string
  /** Where the line behind it begins. */
  next: number
  lines: number
}

/** The first record, of which nothing is known but perhaps what separates its fields. */
function firstRecord(head: Buffer, { delimiter, whole }: { delimiter: string | undefined; whole: boolean }): First {
  let from = 0
  let lines = 0
  while (head[from] === LF || (head[from] === 0x0d && head[from + 1] === LF)) {
    from += head[from] === LF ? 1 : 2
    lines++
  }
  if (from >= head.length) throw invalid('it is empty; a header with the names of the columns is needed')
  let quoted = false
  let end = from
  for (; end < head.length; end++) {
    if (head[end] === QUOTE) quoted = !quoted
    else if (head[end] === LF) {
      lines++
      if (!quoted) break
    }
  }
  if (end === head.length && (quoted || !whole)) throw invalid(`its first line is longer than ${HEAD_BYTES} bytes, or a quote in it is never closed`)
  const stop = head[end - 1] === 0x0d ? end - 1 : end
  const mark = delimiter ?? mostFrequent(head.subarray(from, stop))
  const fields = fieldsOf(head.subarray(from, stop), mark.charCodeAt(0))
  if (fields.length > MOST_COLUMNS) throw invalid(`it has more than ${MOST_COLUMNS} columns`)
  return { fields, delimiter: mark, next: Math.min(end + 1, head.length), lines }
}

function mostFrequent(line: Buffer): string {
  const text = line.toString('latin1').replace(/"(?:[^"]|"")*"/g, '')
  const counts = MARKS.map((mark) => text.split(mark).length - 1)
  return MARKS[counts.indexOf(Math.max(...counts))]!
}

function fieldsOf(line: Buffer, delimiter: number): string[] {
  const fields: string[] = []
  for (let at = 0, from = 0, quoted = false; at <= line.length; at++) {
    if (line[at] === QUOTE) quoted = !quoted
    if (at < line.length && (line[at] !== delimiter || quoted)) continue
    fields.push(fieldText(line, from, at))
    from = at + 1
  }
  return fields
}

/** Pieces that begin where a line begins, as far as that can be told from what is near. Whoever reads them checks that each begins where the one before ended. */
function cut(file: number, { from, size, pieceBytes, delimiter }: { from: number; size: number; pieceBytes: number; delimiter: string }): Piece[] {
  const pieces: Piece[] = []
  let begin = from
  for (let at = from + pieceBytes; at < size; at += pieceBytes) {
    const start = lineAfter(file, at, delimiter.charCodeAt(0))
    if (start === undefined || start <= begin || start >= size) continue
    pieces.push({ from: begin, to: start, rows: null })
    begin = start
    at = Math.max(at, start)
  }
  return [...pieces, { from: begin, to: size, rows: null }]
}

/** Where the next record begins, by the quotes that follow: inside quotes they would stand where no record has them. */
function lineAfter(file: number, at: number, delimiter: number): number | undefined {
  const bytes = bytesAt(file, at, LOOK_BYTES)
  const plain = nextLine(bytes, { delimiter, quoted: false })
  const found = plain.sound ? plain.at : nextLine(bytes, { delimiter, quoted: true }).at
  return found === undefined ? undefined : at + found
}

function nextLine(bytes: Buffer, { delimiter, quoted: begins }: { delimiter: number; quoted: boolean }): { at: number | undefined; sound: boolean } {
  let quoted = begins
  let line: number | undefined
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at]!
    if (byte === LF && !quoted) {
      line ??= at + 1
      // without quotes there is nothing more to learn
      if (bytes.indexOf(QUOTE, at) < 0) return { at: line, sound: true }
    }
    if (byte !== QUOTE) continue
    const [before, after] = [bytes[at - 1], bytes[at + 1]]
    if (quoted && after === QUOTE) {
      at++
      continue
    }
    const fits = quoted
      ? after === undefined || after === delimiter || after === LF || after === 0x0d
      : before === undefined || before === delimiter || before === LF
    if (!fits) return { at: line, sound: false }
    quoted = !quoted
  }
  return { at: line, sound: true }
}
