import { FairleadError } from '@fairlead/contract'
import { utf8 } from '../utf8.ts'

/** Wire types of protobuf, the low three bits of a tag. */
export const VARINT = 0
export const FIXED64 = 1
export const BYTES = 2
export const FIXED32 = 5
const GROUP = 3
const GROUP_END = 4
/** Nesting of unknown groups that is still skipped. */
const MAX_GROUPS = 32

/** The tag of a field as it stands on the wire. */
export function tagOf(field: number, type: number): number {
  return (field << 3) | type
}

/**
 * Reads protobuf's wire format (protobuf.dev/programming-guides/encoding) out of bytes that nobody vouches for. Every read
 * stays within `end`. Throws `request-invalid` naming the byte at which reading stopped.
 */
export class WireReader {
  readonly bytes: Buffer
  /** The next byte to read. */
  at: number
  /** The byte after the last one of the message that is being read. */
  end: number
  /** The halves of the last `varint`, unsigned. */
  low = 0
  high = 0

  constructor(bytes: Buffer, at = 0, end: number = bytes.length) {
    this.bytes = bytes
    this.at = at
    this.end = end
  }

  fail(what: string): never {
    throw new FairleadError('request-invalid', `the protobuf message is malformed at byte ${this.at}: ${what}`)
  }

  /** Reads a varint of up to 64 bits into `low` and `high`. */
  varint(): void {
    const { bytes, end } = this
    let low = 0
    let high = 0
    for (let shift = 0; shift < 70; shift += 7) {
      if (this.at >= end) this.fail('a number is cut off')
      const byte = bytes[this.at++]!
      const bits = byte & 0x7f
      if (shift < 28) low |= bits << shift
      else if (shift === 28) {
        low |= bits << 28
        high = bits >>> 4
      } else high |= bits << (shift - 32)
      if (byte < 0x80) {
        this.low = low >>> 0
        this.high = high >>> 0
        return
      }
    }
    this.fail('a number has more than ten bytes')
  }

  /** The tag of the next field. */
  tag(): number {
    const byte = this.bytes[this.at]!
    // a field of up to 15, the usual case
    if (byte < 0x80 && byte > 7 && this.at < this.end) {
      this.at++
      return byte
    }
    this.varint()
    if (this.high !== 0 || this.low < 8) this.fail('there is no such field')
    return this.low
  }

  /** Reads the length of what follows and answers where that ends. */
  span(): number {
    this.varint()
    if (this.high !== 0 || this.low > this.end - this.at) this.fail('a length goes beyond the end of the message')
    return this.at + this.low
  }

  /** The last varint as an int64, as far as a number is exact; else NaN. */
  get signed(): number {
    const value = (this.high | 0) * 0x1_0000_0000 + this.low
    return Number.isSafeInteger(value) ? value : Number.NaN
  }

  /** Reads a text. */
  text(): string {
    const end = this.span()
    const text = utf8(this.bytes, this.at, end)
    if (text === undefined) this.fail('a text is not valid UTF-8')
    this.at = end
    return text
  }

  /** Steps over a field that is not known here. */
  skip(tag: number, depth = 0): void {
    const type = tag & 7
    if (type === VARINT) this.varint()
    else if (type === BYTES) this.at = this.span()
    else if (type === FIXED64) this.#step(8)
    else if (type === FIXED32) this.#step(4)
    else if (type === GROUP) this.#skipGroup(tag, depth)
    else this.fail('there is no such field type')
  }

  #step(length: number): void {
    if (this.end - this.at < length) this.fail('a number is cut off')
    this.at += length
  }

  #skipGroup(tag: number, depth: number): void {
    if (depth === MAX_GROUPS) this.fail('groups are nested too deeply')
    for (;;) {
      const next = this.tag()
      if ((next & 7) === GROUP_END) {
        if (next >>> 3 !== tag >>> 3) this.fail('a group does not end as it began')
        return
      }
      this.skip(next, depth + 1)
    }
  }
}

/** Writes protobuf's wire format into memory that grows. */
export class WireWriter {
  #bytes = Buffer.allocUnsafe(256)
  #length = 0

  get length(): number {
    return this.#length
  }

  /** What was written; valid until the next write. */
  get written(): Buffer {
    return this.#bytes.subarray(0, this.#length)
  }

  /** Starts again, keeping the memory. */
  clear(): void {
    this.#length = 0
  }

  /** A whole number of at least 0. */
  varint(value: number): void {
    this.#room(10)
    this.#length = putVarint(this.#bytes, this.#length, value)
  }

  /** A field with text, left out when it is empty. */
  text(field: number, text: string): void {
    if (text === '') return
    const size = Buffer.byteLength(text)
    this.varint(tagOf(field, BYTES))
    this.varint(size)
    this.#room(size)
    this.#length += this.#bytes.write(text, this.#length, 'utf8')
  }

  #room(more: number): void {
    if (this.#length + more <= this.#bytes.length) return
    const grown = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#length + more))
    this.#bytes.copy(grown, 0, 0, this.#length)
    this.#bytes = grown
  }
}

/** Writes a whole number of at least 0 at `at`, and answers where it ends. */
export function putVarint(bytes: Buffer, at: number, value: number): number {
  let rest = value
  while (rest > 0x7f) {
    bytes[at++] = (rest % 128) | 0x80
    rest = Math.floor(rest / 128)
  }
  bytes[at++] = rest
  return at
}

/** How many bytes `putVarint` writes. */
export function varintSize(value: number): number {
  let size = 1
  for (let rest = value; rest > 0x7f; rest = Math.floor(rest / 128)) size++
  return size
}
