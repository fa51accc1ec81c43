import { ShortTexts } from './short-texts.ts'

const decoder = new TextDecoder('utf-8', { fatal: true })
const QUOTE = 0x22
const BACKSLASH = 0x5c
/** No library prints a number with more characters. */
const LONGEST_NUMBER = 400
const WORDS: Readonly<Record<string, number>> = { true: 1, false: 0, null: Number.NaN, NaN: Number.NaN, Infinity: Number.POSITIVE_INFINITY }
const POWERS = Float64Array.from({ length: 23 }, (_, power) => Number(`1e${power}`))

/** Reads the scalars of JSON byte by byte from `at`, which moves on behind them. */
export class JsonScanner {
  at = 0
  readonly #short = new ShortTexts()
  readonly #bytes: Uint8Array
  readonly #refuse: (at: number, what: string) => never

  constructor(bytes: Uint8Array, refuse: (at: number, what: string) => never) {
    this.#bytes = bytes
    this.#refuse = refuse
  }

  /** The next byte that is no white space, −1 at the end. It is not taken. */
  next(): number {
    const bytes = this.#bytes
    let at = this.at
    while (at < bytes.length) {
      const byte = bytes[at]!
      if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) {
        this.at = at
        return byte
      }
      at++
    }
    this.at = at
    return -1
  }

  /** Whether nothing but white space stands between here and the bracket before. */
  isOpened(bracket: number): boolean {
    let at = this.at - 1
    while (at >= 0 && this.#bytes[at]! <= 0x20) at--
    return this.#bytes[at] === bracket
  }

  /** Moves on over bytes that the table has. */
  passPlain(table: Uint8Array): void {
    const bytes = this.#bytes
    let at = this.at
    while (at < bytes.length && table[bytes[at]!] === 1) at++
    this.at = at
  }

  passText(): void {
    const bytes = this.#bytes
    for (let at = this.at + 1; at < bytes.length; at++) {
      const byte = bytes[at]!
      if (byte === BACKSLASH) at++
      else if (byte === QUOTE) {
        this.at = at + 1
        return
      }
    }
    this.#refuse(bytes.length, 'the file ends inside a text')
  }

  text(): string {
    const from = this.at
    this.passText()
    const known = this.#short.find(this.#bytes, from + 1, this.at - 1)
    if (known !== undefined) return known
    try {
      return JSON.parse(decoder.decode(this.#bytes.subarray(from, this.at))) as string
    } catch {
      return this.#refuse(from, 'a text is broken')
    }
  }

  /** Takes `true`, `false`, `null`, `NaN` or `Infinity`. */
  word(): number {
    const from = this.at
    let at = from
    while (at < from + 9 && (this.#bytes[at]! | 0x20) >= 0x61 && (this.#bytes[at]! | 0x20) <= 0x7a) at++
    const word = String.fromCharCode(...this.#bytes.subarray(from, at))
    if (!Object.hasOwn(WORDS, word)) this.#refuse(from, 'a value is broken')
    this.at = at
    return WORDS[word]!
  }

  numberOrTruth(): number {
    const byte = this.next()
    return byte === 0x74 || byte === 0x66 ? this.word() : this.number()
  }

  /** A number as the file's own type, float32, has it. */
  float(): number {
    this.next()
    const from = this.at
    const value = this.number()
    const float = Math.fround(value)
    if (Number.isFinite(value) && !Number.isFinite(float)) this.#refuse(from, 'a number is too large')
    return float
  }

  /** Digits, and what belongs to them. Up to 15 digits and a small exponent are exact in doubles; `Number` reads the rest. */
  number(): number {
    const bytes = this.#bytes
    let at = this.at
    const from = at
    const negative = bytes[at] === 0x2d
    if (negative) at++
    let mantissa = 0
    let digits = 0
    let scale = 0
    let digit = bytes[at]! - 0x30
    if (!(digit >= 0 && digit <= 9)) return this.#special(negative)
    for (; digit >= 0 && digit <= 9; digit = bytes[++at]! - 0x30) {
      mantissa = mantissa * 10 + digit
      digits++
    }
    if (bytes[at] === 0x2e) {
      const start = at + 1
      for (digit = bytes[++at]! - 0x30; digit >= 0 && digit <= 9; digit = bytes[++at]! - 0x30) mantissa = mantissa * 10 + digit
      if (at === start) this.#refuse(from, 'a number is broken')
      digits += at - start
      scale = start - at
    }
    if ((bytes[at]! | 0x20) === 0x65) {
      const sign = bytes[++at]
      if (sign === 0x2b || sign === 0x2d) at++
      const start = at
      let exponent = 0
      for (digit = bytes[at]! - 0x30; digit >= 0 && digit <= 9; digit = bytes[++at]! - 0x30) exponent = exponent < 10_000 ? exponent * 10 + digit : exponent
      if (at === start) this.#refuse(from, 'a number is broken')
      scale += sign === 0x2d ? -exponent : exponent
    }
    this.at = at
    if (digits > 15 || scale > 22 || scale < -22) return this.#slow(from, at)
    const size = scale < 0 ? mantissa / POWERS[-scale]! : mantissa * POWERS[scale]!
    return negative ? -size : size
  }

  #slow(from: number, to: number): number {
    if (to - from > LONGEST_NUMBER) this.#refuse(from, `a number of more than ${LONGEST_NUMBER} characters`)
    const value = Number(String.fromCharCode(...this.#bytes.subarray(from, to)))
    if (!Number.isFinite(value)) this.#refuse(from, 'a number is too large')
    return value
  }

  #special(negative: boolean): number {
    const byte = this.#bytes[this.at + (negative ? 1 : 0)]
    if (byte !== 0x49 && (byte !== 0x4e || negative)) this.#refuse(this.at, 'a number is expected')
    if (negative) this.at++
    const value = this.word()
    return negative ? -value : value
  }
}
