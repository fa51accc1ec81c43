import type { ByteReader } from './byte-reader.ts'

const SPACE = 0x20
const MINUS = 0x2d
const POINT = 0x2e
const ZERO = 0x30
const EXPONENT = 0x65
/** Digits of which every whole number is an exact double. */
const EXACT_DIGITS = 15
/** Powers of ten that are exact doubles. */
const POWERS = Float64Array.from({ length: EXACT_DIGITS + 1 }, (_, i) => 10 ** i)
/** Rows of another writing before it is learned anew. */
const PATIENCE = 16

/** Where a column's value goes among those of a row. */
export interface NumberPlace {
  offset: number
  /** What is below it in size can be put there as it is. */
  limit: number
}

/**
 * Reads rows of numbers that are written like one read before: a client writes the same names, points and spaces between its numbers again and
 * again, so that these are compared as one text and the numbers between them read as they come. Whatever differs is left to the reader of any form.
 */
export class NumberRows {
  readonly #width: number
  readonly #offsets: Int32Array
  readonly #limits: Float64Array
  /** The texts before, between and behind the numbers, one after the other, and where each ends. */
  #gaps = new Uint8Array(0)
  readonly #ends: Int32Array
  #known = false
  #misses = 0

  /** `places` in the order of a row's keys. */
  constructor(width: number, places: readonly NumberPlace[]) {
    this.#width = width
    this.#offsets = Int32Array.from(places, ({ offset }) => offset)
    this.#limits = Float64Array.from(places, ({ limit }) => limit)
    this.#ends = new Int32Array(places.length + 1)
  }

  /** Whether the writing of a row that had to be read otherwise should be learned. */
  get curious(): boolean {
    return !this.#known || ++this.#misses % PATIENCE === 0
  }

  /** Takes over how a row is written that begins at `from` and ends before `to`. `spans` are the beginnings and ends of its numbers. */
  learn(bytes: Buffer, { from, to, spans }: { from: number; to: number; spans: readonly number[] }): void {
    const edges = [from, ...spans, to]
    const parts = Array.from(this.#ends, (_, i) => bytes.subarray(edges[2 * i], edges[2 * i + 1]))
    this.#gaps = Uint8Array.from(Buffer.concat(parts))
    let end = 0
    for (let i = 0; i < parts.length; i++) this.#ends[i] = end += parts[i]!.length
    this.#known = true
  }

  /**
   * Reads the row that begins where the reader stands into `data`, and steps over it. False, and nothing stepped over, for one that is written
   * otherwise; places in `data` may have been written to.
   */
  read(reader: ByteReader, data: Float32Array | Float64Array, row: number): boolean {
    if (!this.#known) return false
    const { bytes } = reader
    const gaps = this.#gaps
    const ends = this.#ends
    const offsets = this.#offsets
    const limits = this.#limits
    const from = reader.at
    const base = row * this.#width
    let at = from
    let gap = 0
    for (let i = 0; i < offsets.length; i++) {
      for (const end = ends[i]!; gap < end; gap++, at++) if (bytes[at] !== gaps[gap]) return false
      const begin = at
      let byte = bytes[at]!
      const negative = byte === MINUS
      if (negative) byte = bytes[++at]!
      const first = at
      let mantissa = 0
      let digit = byte - ZERO
      while (digit >= 0 && digit <= 9) {
        mantissa = mantissa * 10 + digit
        digit = bytes[++at]! - ZERO
      }
      let digits = at - first
      if (digits === 0 || (digits > 1 && bytes[first] === ZERO)) return false
      let places = 0
      if (digit === POINT - ZERO) {
        const point = at
        digit = bytes[++at]! - ZERO
        while (digit >= 0 && digit <= 9) {
          mantissa = mantissa * 10 + digit
          digit = bytes[++at]! - ZERO
        }
        places = at - point - 1
        if (places === 0) return false
        digits += places
      }
      let x: number
      // one division of exact doubles gives the nearest double (Clinger 1990); an exponent or more digits go the long way
      if (digits <= EXACT_DIGITS && ((digit + ZERO) | SPACE) !== EXPONENT) {
        if (places > 0) mantissa /= POWERS[places]!
        x = negative ? -mantissa : mantissa
      } else {
        reader.at = begin
        x = reader.double()
        at = reader.ended
        reader.at = from
      }
      const limit = limits[i]!
      if (!(x < limit && x > -limit)) return false
      data[base + offsets[i]!] = x
    }
    for (const end = ends[offsets.length]!; gap < end; gap++, at++) if (bytes[at] !== gaps[gap]) return false
    reader.at = at
    return true
  }
}
