import { UnreadableModel } from '../unreadable.ts'

/** Wire types of the protobuf encoding (protobuf.dev/programming-guides/encoding). ONNX does not use groups: refused. */
export const WIRE = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const

/** Where a message lies in the file, without its tag and length. */
export interface Range {
  readonly from: number
  readonly to: number
}

const utf8 = new TextDecoder('utf-8', { fatal: true })

/** The error of bytes that are no protobuf message of ONNX. */
export function brokenAt(offset: number, what: string): UnreadableModel {
  return new UnreadableModel('malformed', `byte ${offset}`, what)
}

/**
 * Walks the fields of one protobuf message without copying it. After `next()` answers true, `number`, `wire` and the
 * place `from … to` of the value are set. Throws UnreadableModel 'malformed' with the byte where reading stopped.
 */
export class WireReader {
  readonly bytes: Uint8Array
  readonly end: number
  number = 0
  wire = 0
  from = 0
  to = 0
  /** Low 32 bits and high 32 bits of the number read last, both as unsigned. */
  low = 0
  high = 0
  #next: number

  constructor(bytes: Uint8Array, range: Range = { from: 0, to: bytes.length }) {
    this.bytes = bytes
    this.end = range.to
    this.#next = range.from
  }

  /** Moves to the next field; false at the end of the message. */
  next(): boolean {
    const at = this.#next
    if (at === this.end) return false
    this.from = this.varint(at)
    this.wire = this.low & 7
    this.number = (this.low >>> 3) + this.high * 0x2000_0000
    if (this.number === 0 || this.number > 0x1fff_ffff) throw brokenAt(at, `there is no field number ${this.number}`)
    this.#skip(at)
    return true
  }

  #skip(at: number): void {
    if (this.wire === WIRE.varint) this.to = this.varint(this.from)
    else if (this.wire === WIRE.bytes) {
      this.from = this.varint(this.from)
      const length = this.low + this.high * 0x1_0000_0000
      if (length > this.end - this.from) throw brokenAt(at, `a field of ${length} bytes runs past the end`)
      this.to = this.from + length
    } else if (this.wire === WIRE.fixed64) this.to = this.from + 8
    else if (this.wire === WIRE.fixed32) this.to = this.from + 4
    else throw brokenAt(at, `ONNX does not use wire type ${this.wire}`)
    if (this.to > this.end) throw brokenAt(at, 'the file ends inside a field')
    this.#next = this.to
  }

  /** Reads a number at `offset` into `low` and `high`; answers the offset behind it. */
  varint(offset: number): number {
    let low = 0
    let high = 0
    for (let index = 0; index < 10; index += 1) {
      const at = offset + index
      if (at >= this.end) throw brokenAt(offset, 'the file ends inside a number')
      const byte = this.bytes[at]!
      const bits = byte & 0x7f
      if (index < 4) low |= bits << (7 * index)
      else if (index === 4) {
        low |= bits << 28
        high = bits >>> 4
      } else if (index < 9) high |= bits << (7 * index - 32)
      else if (byte > 1) throw brokenAt(offset, 'a number has more than 64 bits')
      else high |= bits << 31
      if (byte < 0x80) {
        this.low = low >>> 0
        this.high = high >>> 0
        return at + 1
      }
    }
    throw brokenAt(offset, 'a number has more than 64 bits')
  }

  /** The number read last, as a signed 64-bit integer; an infinity beyond 2^53, where a double does not hold it exactly. */
  signed(): number {
    const value = (this.high | 0) * 0x1_0000_0000 + this.low
    return Number.isSafeInteger(value) ? value : value * Number.POSITIVE_INFINITY
  }

  /** The current field as a whole number; refused beyond 2^53. */
  integer(): number {
    this.expect(WIRE.varint)
    this.varint(this.from)
    const value = this.signed()
    if (!Number.isFinite(value)) throw brokenAt(this.from, 'a number is beyond 2^53')
    return value
  }

  /** The current field as text of at most `most` bytes; refused unless it is UTF-8. */
  text(most: number): string {
    this.expect(WIRE.bytes)
    if (this.to - this.from > most) throw brokenAt(this.from, `a text has ${this.to - this.from} bytes where at most ${most} are read`)
    try {
      return utf8.decode(this.bytes.subarray(this.from, this.to))
    } catch {
      throw brokenAt(this.from, 'a text is not UTF-8')
    }
  }

  /** Where the current field's message lies. */
  range(): Range {
    this.expect(WIRE.bytes)
    return { from: this.from, to: this.to }
  }

  /** A reader of the current field as a message. */
  message(): WireReader {
    return new WireReader(this.bytes, this.range())
  }

  /** Refuses a field that is encoded in another way than `wire`. */
  expect(wire: number): void {
    if (this.wire !== wire) throw brokenAt(this.from, `field ${this.number} has wire type ${this.wire} where ${wire} belongs`)
  }
}
