/** A pickle that cannot be read on: what is wrong. */
export class Broken extends Error {}

const LONGEST_TEXT = 4096
const DECODER = new TextDecoder()

/** Takes arguments of opcodes from bytes; never beyond their end. */
export class Reader {
  at: number
  readonly bytes: Uint8Array
  private readonly view: DataView

  constructor(bytes: Uint8Array, at = 0) {
    this.bytes = bytes
    this.at = at
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  get left(): number {
    return this.bytes.length - this.at
  }

  byte(): number {
    return this.bytes[this.skip(1)] as number
  }

  /** Moves on; gives where it was. */
  skip(count: number): number {
    if (count > this.left) throw new Broken('the stream ends inside an argument')
    const from = this.at
    this.at += count
    return from
  }

  u2(): number {
    return this.view.getUint16(this.skip(2), true)
  }

  u4(): number {
    return this.view.getUint32(this.skip(4), true)
  }

  i4(): number {
    return this.view.getInt32(this.skip(4), true)
  }

  u8(): number {
    const low = this.u4()
    return low + this.u4() * 2 ** 32
  }

  /** Text up to the end of a line; null for one that is very long. */
  line(): string | null {
    const end = this.bytes.indexOf(10, this.at)
    if (end < 0) throw new Broken('a line without an end')
    const from = this.skip(end - this.at + 1)
    return this.text(from, end - from)
  }

  /** Bytes as text; null where they are many. */
  counted(length: number): string | null {
    return this.text(this.skip(length), length)
  }

  private text(from: number, length: number): string | null {
    if (length > LONGEST_TEXT) return null
    let text = ''
    for (let at = from; at < from + length; at += 1) {
      const byte = this.bytes[at] as number
      if (byte > 127) return DECODER.decode(this.bytes.subarray(from, from + length))
      text += String.fromCharCode(byte)
    }
    return text
  }
}
