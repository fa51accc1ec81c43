import { FairleadError } from '@fairlead/contract'

/** Wire types of the protobuf encoding (protobuf.dev/programming-guides/encoding). Groups are not used by ONNX and refused. */
export const WIRE = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const

/** Deepest nesting of messages that is read; the same limit as protobuf's own readers. */
export const DEPTH_LIMIT = 100

const utf8 = new TextDecoder('utf-8', { fatal: true })
const toUtf8 = new TextEncoder()

/** The error of a file that cannot be read on, with the byte at which reading stopped. */
export function invalidFile(reason: string, offset: number): FairleadError {
  return new FairleadError('model-file-invalid', `${reason} at byte ${offset}`)
}

/**
 * Walks the fields of one protobuf message inside `bytes` without copying. After `next()` answers true,
 * `number`, `wire` and the value of that field are set. Throws FairleadError `model-file-invalid` naming the byte offset.
 */
export class WireReader {
  readonly bytes: Uint8Array
  readonly end: number
  readonly depth: number
  /** Field number of the current field. */
  number = 0
  wire = 0
  /** Where the current field's tag begins. */
  at = 0
  /** Where the current field's value begins and ends. */
  from = 0
  to = 0
  #next: number
  #low = 0
  #high = 0

  constructor(bytes: Uint8Array, range: { from: number; to: number; depth: number } = { from: 0, to: bytes.length, depth: 0 }) {
    if (range.depth > DEPTH_LIMIT) throw invalidFile(`messages are nested deeper than ${DEPTH_LIMIT} levels`, range.from)
    this.bytes = bytes
    this.end = range.to
    this.depth = range.depth
    this.#next = range.from
  }

  /** Moves to the next field; false at the end of the message. */
  next(): boolean {
    this.at = this.#next
    if (this.at === this.end) return false
    const start = this.#varint(this.at)
    this.wire = this.#low & 7
    this.number = (this.#low >>> 3) + this.#high * 0x2000_0000
    if (this.number === 0 || this.number > 0x1fff_ffff) throw invalidFile(`field number ${this.number} does not exist`, this.at)
    this.from = start
    this.#skip(start)
    return true
  }

  #skip(start: number): void {
    if (this.wire === WIRE.varint) this.to = this.#varint(start)
    else if (this.wire === WIRE.bytes) {
      this.from = this.#varint(start)
      const length = this.#low + this.#high * 0x1_0000_0000
      if (length > this.end - this.from) throw invalidFile(`a field of ${length} bytes runs past the end`, this.at)
      this.to = this.from + length
    } else if (this.wire === WIRE.fixed64) this.to = start + 8
    else if (this.wire === WIRE.fixed32) this.to = start + 4
    else throw invalidFile(`wire type ${this.wire} is not used in ONNX`, this.at)
    if (this.to > this.end) throw invalidFile('the file ends inside a field', this.at)
    this.#next = this.to
  }

  /** Reads a varint at `offset` into low and high halves; answers the offset behind it. */
  #varint(offset: number): number {
    let low = 0
    let high = 0
    for (let index = 0; index < 10; index += 1) {
      const at = offset + index
      if (at >= this.end) throw invalidFile('the file ends inside a number', offset)
      const byte = this.bytes[at]!
      const bits = byte & 0x7f
      if (index < 4) low |= bits << (7 * index)
      else if (index === 4) {
        low |= bits << 28
        high = bits >>> 4
      } else if (index < 9) high |= bits << (7 * index - 32)
      else if (byte > 1) throw invalidFile('a number has more than 64 bits', offset)
      else high |= bits << 31
      if (byte < 0x80) {
        this.#low = low >>> 0
        this.#high = high >>> 0
        return at + 1
      }
    }
    throw invalidFile('a number has more than 64 bits', offset)
  }

  /** The current varint as a signed 64-bit integer. */
  int64(): bigint {
    this.#expect(WIRE.varint)
    this.#varint(this.from)
    return BigInt.asIntN(64, (BigInt(this.#high) << 32n) | BigInt(this.#low))
  }

  /** The current varint as a JavaScript number; refused beyond 2^53. */
  integer(): number {
    const value = this.int64()
    const number = Number(value)
    if (!Number.isSafeInteger(number)) throw invalidFile(`the number ${value} is out of range`, this.from)
    return number
  }

  /** The current field as text, or its first `most` bytes; refused unless it is UTF-8. */
  text(most = Number.POSITIVE_INFINITY): string {
    this.#expect(WIRE.bytes)
    try {
      if (this.to - this.from <= most) return utf8.decode(this.bytes.subarray(this.from, this.to))
      // a character that is cut in two is left out
      return new TextDecoder('utf-8', { fatal: true }).decode(this.bytes.subarray(this.from, this.from + most), { stream: true })
    } catch {
      throw invalidFile('a text is not valid UTF-8', this.from)
    }
  }

  /** A reader of the current field as a message. */
  message(): WireReader {
    this.#expect(WIRE.bytes)
    return new WireReader(this.bytes, { from: this.from, to: this.to, depth: this.depth + 1 })
  }

  /** The current field's values of a repeated integer, packed or not; refused when there are more than `most`. */
  integers(most: number): bigint[] {
    if (this.wire !== WIRE.bytes) return [this.int64()]
    const values: bigint[] = []
    for (let offset = this.from; offset < this.to; ) {
      if (values.length === most) throw invalidFile(`a list has more than ${most} numbers`, this.from)
      offset = this.#varint(offset)
      if (offset > this.to) throw invalidFile('a list of numbers ends inside a number', this.from)
      values.push(BigInt.asIntN(64, (BigInt(this.#high) << 32n) | BigInt(this.#low)))
    }
    return values
  }

  /** How many values of `width` bytes the current field of a repeated fixed-width number holds, packed or not. */
  fixedCount(width: 4 | 8): number {
    if (this.wire === (width === 4 ? WIRE.fixed32 : WIRE.fixed64)) return 1
    this.#expect(WIRE.bytes)
    if ((this.to - this.from) % width !== 0) throw invalidFile('a list of numbers has a broken length', this.from)
    return (this.to - this.from) / width
  }

  /** Bytes of the current field's value, shared with the file. */
  slice(): Uint8Array {
    this.#expect(WIRE.bytes)
    return this.bytes.subarray(this.from, this.to)
  }

  /** Bytes of the whole current field, tag included, shared with the file. */
  raw(): Uint8Array {
    return this.bytes.subarray(this.at, this.to)
  }

  #expect(wire: number): void {
    if (this.wire !== wire) throw invalidFile(`field ${this.number} has wire type ${this.wire} where ${wire} belongs`, this.at)
  }
}

/** Builds one protobuf message from fields. Chunks given to it are kept by reference until `finish()`. */
export class WireWriter {
  readonly #chunks: Uint8Array[] = []
  #size = 0

  /** Appends bytes that already are whole fields. */
  raw(bytes: Uint8Array): this {
    this.#chunks.push(bytes)
    this.#size += bytes.length
    return this
  }

  varint(field: number, value: number | bigint): this {
    return this.#number(field * 8 + WIRE.varint).#number(value)
  }

  bytes(field: number, value: Uint8Array): this {
    return this.#number(field * 8 + WIRE.bytes)
      .#number(value.length)
      .raw(value)
  }

  text(field: number, value: string): this {
    return this.bytes(field, toUtf8.encode(value))
  }

  message(field: number, value: WireWriter): this {
    return this.bytes(field, value.finish())
  }

  finish(): Uint8Array {
    const result = new Uint8Array(this.#size)
    let offset = 0
    for (const chunk of this.#chunks) {
      result.set(chunk, offset)
      offset += chunk.length
    }
    return result
  }

  #number(value: number | bigint): this {
    const digits: number[] = []
    let rest = BigInt.asUintN(64, BigInt(value))
    while (rest >= 0x80n) {
      digits.push(Number(rest & 0x7fn) | 0x80)
      rest >>= 7n
    }
    digits.push(Number(rest))
    return this.raw(Uint8Array.from(digits))
  }
}
