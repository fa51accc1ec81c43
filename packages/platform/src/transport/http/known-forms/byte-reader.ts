const QUOTE = 0x22
const BACKSLASH = 0x5c
const SPACE = 0x20
const MINUS = 0x2d
const POINT = 0x2e
const ZERO = 0x30
const NINE = 0x39
const TRUE = Buffer.from('true')
const FALSE = Buffer.from('false')

/** Digits of which every whole number is an exact double. */
const EXACT_DIGITS = 15
/** Powers of ten that are exact doubles. */
const POWERS = Array.from({ length: 23 }, (_, i) => Number(`1e${i}`))

/** What stands at the reader is not of the form that it knows; it may be right all the same. */
export const NOT_KNOWN = Symbol('not of a known form')

/**
 * Reads the plainest JSON (RFC 8259) straight from its bytes: ASCII, text without escapes, at most spaces between tokens. Everything
 * it reads has the value that `JSON.parse` gives; it never judges what it does not know.
 */
export class ByteReader {
  readonly bytes: Buffer
  at = 0
  /** Whether the last number has more digits than a double holds exactly. */
  inexact = false

  constructor(bytes: Buffer) {
    this.bytes = bytes
  }

  /** The end of what was read last, without the spaces behind it. */
  get ended(): number {
    let end = this.at
    while (this.bytes[end - 1] === SPACE) end--
    return end
  }

  /** Steps over one byte and the spaces behind it, if it is `byte`. */
  takes(byte: number): boolean {
    if (this.bytes[this.at] !== byte) return false
    this.at++
    this.#skipSpaces()
    return true
  }

  /** Steps over `word`, byte by byte as given, and the spaces behind it. */
  takesWord(word: Uint8Array): boolean {
    const { bytes, at } = this
    for (let i = 0; i < word.length; i++) if (bytes[at + i] !== word[i]) return false
    this.at = at + word.length
    this.#skipSpaces()
    return true
  }

  /** A number, a text or a truth value. */
  value(): number | string | boolean | typeof NOT_KNOWN {
    const byte = this.bytes[this.at]!
    if (byte === QUOTE) return this.text()
    if (byte === TRUE[0]) return this.takesWord(TRUE) ? true : NOT_KNOWN
    if (byte === FALSE[0]) return this.takesWord(FALSE) ? false : NOT_KNOWN
    return this.number()
  }

  /** A text without escapes. */
  text(): string | typeof NOT_KNOWN {
    const { bytes } = this
    if (bytes[this.at] !== QUOTE) return NOT_KNOWN
    const from = this.at + 1
    let to = from
    for (; ; to++) {
      const byte = bytes[to]
      if (byte === QUOTE) break
      if (byte === undefined || byte < SPACE || byte > 0x7e || byte === BACKSLASH) return NOT_KNOWN
    }
    this.at = to + 1
    this.#skipSpaces()
    return bytes.toString('latin1', from, to)
  }

  /** A number. */
  number(): number | typeof NOT_KNOWN {
    const value = this.double()
    return Number.isNaN(value) ? NOT_KNOWN : value
  }

  /**
   * A number, or NaN, which is none in JSON, for what is not known; nothing is stepped over then. With at most 15 digits, one division of exact
   * doubles gives the nearest double (Clinger 1990); others are left to the engine.
   */
  double(): number {
    const { bytes } = this
    const from = this.at
    let at = from
    const negative = bytes[at] === MINUS
    if (negative) at++
    const start = at
    let byte = bytes[at]!
    let mantissa = 0
    while (byte >= ZERO && byte <= NINE) {
      mantissa = mantissa * 10 + (byte - ZERO)
      byte = bytes[++at]!
    }
    let digits = at - start
    if (digits === 0 || (digits > 1 && bytes[start] === ZERO)) return Number.NaN
    let places = 0
    if (byte === POINT) {
      const point = at
      byte = bytes[++at]!
      while (byte >= ZERO && byte <= NINE) {
        mantissa = mantissa * 10 + (byte - ZERO)
        byte = bytes[++at]!
      }
      places = at - point - 1
      if (places === 0) return Number.NaN
      digits += places
    }
    // an E or e, in either case
    if ((byte | 0x20) === 0x65 || digits > EXACT_DIGITS) return this.#long(from, at)
    this.at = at
    this.inexact = false
    this.#skipSpaces()
    const size = places === 0 ? mantissa : mantissa / POWERS[places]!
    return negative ? -size : size
  }

  #long(from: number, end: number): number {
    const { bytes } = this
    let at = end
    if ((bytes[at]! | 0x20) === 0x65) {
      at++
      if (bytes[at] === MINUS || bytes[at] === 0x2b) at++
      const first = at
      while (bytes[at]! >= ZERO && bytes[at]! <= NINE) at++
      if (at === first) return Number.NaN
    }
    this.at = at
    this.inexact = true
    this.#skipSpaces()
    return Number(bytes.toString('latin1', from, at))
  }

  #skipSpaces(): void {
    while (this.bytes[this.at] === SPACE) this.at++
  }
}
