import type { PackedTexts } from '../../../domain/predictionlog/index.ts'

/** Longest text that is copied letter by letter, which for short ones is faster than a call into the engine. */
const SHORT_TEXT = 48
const SLASH = 0x2f
const ZERO = 0x30
/** Room for the length before a text, and for a slash and the digits of a number behind it. */
const BESIDE = 4 + 1 + 10

/** Texts in PLAIN encoding: each behind its length. */
export class TextBytes {
  #bytes: Buffer
  #length = 0
  count = 0

  constructor(room: number) {
    this.#bytes = Buffer.allocUnsafe(Math.max(64, room))
  }

  get bytes(): Buffer {
    return this.#bytes.subarray(0, this.#length)
  }

  text(text: string): void {
    this.#room(3 * text.length)
    this.#end(this.#write(text, this.#length + 4))
  }

  /** A packed text, perhaps with a slash and a whole number that is not negative behind it. */
  packed({ bytes, ends }: PackedTexts, index: number, number: number | undefined): void {
    const from = index === 0 ? 0 : ends[index - 1]!
    const size = ends[index]! - from
    this.#room(size)
    const at = this.#length + 4
    for (let i = 0; i < size; i++) this.#bytes[at + i] = bytes[from + i]!
    this.#end(number === undefined ? size : size + this.#number(number, at + size))
  }

  /** Puts the length of a text before it. */
  #end(size: number): void {
    const bytes = this.#bytes
    const at = this.#length
    bytes[at] = size & 0xff
    bytes[at + 1] = (size >>> 8) & 0xff
    bytes[at + 2] = (size >>> 16) & 0xff
    bytes[at + 3] = size >>> 24
    this.#length += 4 + size
    this.count++
  }

  #number(value: number, at: number): number {
    this.#bytes[at] = SLASH
    if (value > 9) return 1 + this.#write(String(value), at + 1)
    this.#bytes[at + 1] = ZERO + value
    return 2
  }

  #write(text: string, at: number): number {
    if (text.length > SHORT_TEXT) return this.#bytes.write(text, at)
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i)
      if (code > 0x7f) return this.#bytes.write(text, at)
      this.#bytes[at + i] = code
    }
    return text.length
  }

  #room(more: number): void {
    const needed = this.#length + more + BESIDE
    if (needed <= this.#bytes.length) return
    const larger = Buffer.allocUnsafe(Math.max(needed, 2 * this.#bytes.length))
    this.#bytes.copy(larger, 0, 0, this.#length)
    this.#bytes = larger
  }
}
