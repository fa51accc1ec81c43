import type { ByteWindow } from '../../kernel/byte-window.ts'
import { FIELD, type NumberColumn } from './columns.ts'
import type { Spans } from './spans.ts'

const QUOTE = 0x22
const LF = 0x0a
const CR = 0x0d
const MINUS = 0x2d
const POINT = 0x2e
const ZERO = 0x30
/** Whole numbers below it are exact in a double, and so are these powers of ten, so that their quotient is the nearest double. */
const EXACT = 2 ** 53
const POWERS = Array.from({ length: 23 }, (_, i) => Number(`1e${i}`))
/** More than what dividing an inexact whole number by a power of ten may be off, as a share. */
const OFF = 2 ** -46
const MOST_DIGITS = 30

/** The record goes on behind what is in memory. */
export const INCOMPLETE = -1
/** The record is broken; `Records.fault` says how. */
export const BROKEN = -2

/** What is done with the fields of a record, by their place. */
export interface RecordPlan {
  delimiter: number
  kinds: Uint8Array
  numbers: readonly (NumberColumn | undefined)[]
  spans: readonly (Spans | undefined)[]
}

/** Reads records of CSV out of a window, field by field, into columns. One pass; nothing is made for a field that is a plain number. */
export class Records {
  readonly #plan: RecordPlan
  readonly #window: ByteWindow
  /** Why the last record is broken. */
  fault = ''
  /** Line feeds that the last record went over. */
  lines = 0
  /** Where the last record ended, without its line feed. */
  recordEnd = 0

  constructor(window: ByteWindow, plan: RecordPlan) {
    this.#window = window
    this.#plan = plan
  }

  /** Reads the record at `from` into row `row`. Answers where the next line begins, `INCOMPLETE` or `BROKEN`. */
  read(from: number, row: number): number {
    const { delimiter, kinds, numbers, spans } = this.#plan
    const { bytes } = this.#window
    this.lines = 0
    let at = from
    for (let column = 0; ; column++) {
      const start = at
      const kind = kinds[column]
      if (kind === undefined) return this.#broken(`more fields than the ${kinds.length} of the header`)
      let done = false
      if (kind === FIELD.number) {
        const number = numbers[column]!
        let byte = bytes[at]!
        const negative = byte === MINUS
        if (negative) byte = bytes[++at]!
        let value = 0
        let digit = byte - ZERO
        const first = at
        while (digit >= 0 && digit <= 9) {
          value = value * 10 + digit
          digit = bytes[++at]! - ZERO
        }
        let digits = at - first
        let places = 0
        if (bytes[at] === POINT && digits > 0) {
          const point = at
          digit = bytes[++at]! - ZERO
          while (digit >= 0 && digit <= 9) {
            value = value * 10 + digit
            digit = bytes[++at]! - ZERO
          }
          places = at - point - 1
          digits += places
        }
        byte = bytes[at]!
        if ((byte === delimiter || byte === LF || byte === CR) && digits > 0 && places <= 22 && digits <= MOST_DIGITS) {
          if (value < EXACT) {
            if (places > 0) value /= POWERS[places]!
            number.values[row] = negative ? -value : value
            done = true
          } else if (number.rounded) {
            value /= POWERS[places]!
            // too many digits to be exact here; where all that it may be is one float32, that is what counts
            if (Math.fround(value * (1 - OFF)) === Math.fround(value * (1 + OFF))) {
              number.values[row] = negative ? -value : value
              done = true
            }
          }
        }
      }
      if (!done) {
        at = this.#fieldEnd(start)
        if (at < 0) return at
        if (kind === FIELD.number) numbers[column]!.other(row, this.#trimmed(start, at))
      }
      const span = spans[column]
      if (span) {
        span.from[row] = start
        span.to[row] = at
      }
      if (bytes[at] === delimiter && at < this.#window.end) {
        at++
        continue
      }
      return this.#recordEnd(at, column)
    }
  }

  /** Where the line of a record that is broken ends: the next record begins behind it. `INCOMPLETE` where that is not in memory. */
  lineEnd(from: number): number {
    const { bytes, end, last } = this.#window
    const found = bytes.indexOf(LF, from)
    if (found < end) return found + 1
    return last ? end : INCOMPLETE
  }

  #broken(fault: string): number {
    this.fault = fault
    return BROKEN
  }

  #recordEnd(at: number, column: number): number {
    const { bytes, end, last } = this.#window
    const { kinds } = this.#plan
    const line = bytes[at] === CR ? at + 1 : at
    if (line >= end && !last) return INCOMPLETE
    if (line > at && line < end && bytes[line] !== LF) return this.#broken('a carriage return stands alone; lines end in LF or CR LF')
    if (column < kinds.length - 1) return this.#broken(`${column + 1} ${column === 0 ? 'field' : 'fields'}, and the header has ${kinds.length}`)
    this.lines++
    this.recordEnd = at
    return Math.min(end, line + 1)
  }

  #fieldEnd(from: number): number {
    const { bytes, end, last } = this.#window
    const { delimiter } = this.#plan
    if (bytes[from] === QUOTE && from < end) return this.#quotedEnd(from)
    let at = from
    for (let byte = bytes[at]!; byte !== delimiter && byte !== LF; byte = bytes[++at]!) {
      if (byte === QUOTE) return this.#broken('a quote stands inside a field that is not quoted')
      if (byte === CR) {
        if (at + 1 >= end && !last) return INCOMPLETE
        if (at + 1 >= end || bytes[at + 1] === LF) return at
        return this.#broken('a carriage return stands alone; lines end in LF or CR LF')
      }
    }
    return at >= end && !last ? INCOMPLETE : Math.min(at, end)
  }

  #quotedEnd(from: number): number {
    const { bytes, end, last } = this.#window
    for (let at = from + 1; ; at++) {
      const byte = bytes[at]!
      if (at >= end) return last ? this.#broken('a quote is opened and never closed') : INCOMPLETE
      if (byte === LF) this.lines++
      if (byte !== QUOTE) continue
      const next = bytes[at + 1]!
      if (at + 1 >= end) return last ? at + 1 : INCOMPLETE
      if (next === QUOTE) {
        at++
        continue
      }
      if (next === this.#plan.delimiter || next === LF) return at + 1
      if (next === CR && (at + 2 >= end ? last : bytes[at + 2] === LF)) return at + 1
      return at + 2 >= end && !last ? INCOMPLETE : this.#broken('text follows a closed quote')
    }
  }

  #trimmed(from: number, to: number): string {
    const { bytes } = this.#window
    return (bytes[from] === QUOTE && to > from ? bytes.toString('utf8', from + 1, to - 1) : bytes.toString('utf8', from, to)).trim()
  }
}
