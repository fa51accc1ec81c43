import { varint } from './varint.ts'

const I32 = 5
const I64 = 6
const BINARY = 8
const LIST = 9
const STRUCT = 12
const TRUE = 1
const FALSE = 2
const I8 = 3

/**
 * Writes structures in Thrift's compact protocol. Fields of a structure must be written in the order of their numbers.
 * Source: https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md
 */
export class ThriftWriter {
  #bytes = Buffer.allocUnsafe(1024)
  #length = 0
  /** Number of the last field, for each structure that is open. */
  readonly #last = [0]

  i8(id: number, value: number): this {
    this.#head(id, I8)
    return this.#byte(value & 0xff)
  }

  i32(id: number, value: number): this {
    this.#head(id, I32)
    return this.#zigzag(value)
  }

  /** A whole number that a double holds. */
  i64(id: number, value: number): this {
    this.#head(id, I64)
    return this.#zigzag(value)
  }

  flag(id: number, value: boolean): this {
    return this.#head(id, value ? TRUE : FALSE)
  }

  binary(id: number, value: Uint8Array): this {
    this.#head(id, BINARY)
    return this.#binary(value)
  }

  text(id: number, value: string): this {
    return this.binary(id, Buffer.from(value))
  }

  struct(id: number, write: () => void): this {
    this.#head(id, STRUCT)
    return this.#struct(write)
  }

  i32s(id: number, values: readonly number[]): this {
    this.#list(id, I32, values.length)
    for (const value of values) this.#zigzag(value)
    return this
  }

  texts(id: number, values: readonly string[]): this {
    this.#list(id, BINARY, values.length)
    for (const value of values) this.#binary(Buffer.from(value))
    return this
  }

  structs<T>(id: number, values: readonly T[], write: (value: T) => void): this {
    this.#list(id, STRUCT, values.length)
    for (const value of values) this.#struct(() => write(value))
    return this
  }

  /** Ends the outermost structure; answers all that was written. */
  end(): Buffer {
    this.#byte(0)
    return this.#bytes.subarray(0, this.#length)
  }

  #struct(write: () => void): this {
    this.#last.push(0)
    write()
    this.#last.pop()
    return this.#byte(0)
  }

  #head(id: number, type: number): this {
    const top = this.#last.length - 1
    const step = id - this.#last[top]!
    this.#last[top] = id
    if (step > 0 && step < 16) return this.#byte((step << 4) | type)
    return this.#byte(type).#zigzag(id)
  }

  #list(id: number, type: number, length: number): void {
    this.#head(id, LIST)
    if (length < 15) this.#byte((length << 4) | type)
    else this.#byte(0xf0 | type).#varint(length)
  }

  #binary(value: Uint8Array): this {
    this.#varint(value.length)
    this.#room(value.length)
    this.#bytes.set(value, this.#length)
    this.#length += value.length
    return this
  }

  #zigzag(value: number): this {
    return this.#varint(value < 0 ? -2 * value - 1 : 2 * value)
  }

  #varint(value: number): this {
    for (const byte of varint(value)) this.#byte(byte)
    return this
  }

  #byte(value: number): this {
    this.#room(1)
    this.#bytes[this.#length++] = value
    return this
  }

  #room(more: number): void {
    if (this.#length + more <= this.#bytes.length) return
    const larger = Buffer.allocUnsafe(Math.max(this.#length + more, 2 * this.#bytes.length))
    this.#bytes.copy(larger, 0, 0, this.#length)
    this.#bytes = larger
  }
}
