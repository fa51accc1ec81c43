import { FairleadError } from '@fairlead/contract'

/** Bytes that are no Parquet file. */
export function malformed(what: string): FairleadError {
  return new FairleadError('table-invalid', `the Parquet file cannot be read: ${what}`)
}

type ThriftValue = number | boolean | Uint8Array | ThriftValue[] | ThriftStruct

const MOST_DEPTH = 16
/** Values in one structure: each of them costs memory, and few bytes. */
const MOST_VALUES = 500_000
const LAST_BYTE = 0x80

/** A structure of Thrift, its fields by number. Fields that are absent or of another kind are `undefined`. */
export class ThriftStruct {
  readonly #fields = new Map<number, ThriftValue>()

  set(id: number, value: ThriftValue): void {
    this.#fields.set(id, value)
  }

  number(id: number): number | undefined {
    const value = this.#fields.get(id)
    return typeof value === 'number' ? value : undefined
  }

  /** A size or number of things: whole and not negative. Throws `table-invalid`. */
  size(id: number, what: string): number {
    const value = this.number(id)
    if (value === undefined || !Number.isSafeInteger(value) || value < 0) throw malformed(`${what} is missing or negative`)
    return value
  }

  flag(id: number): boolean | undefined {
    const value = this.#fields.get(id)
    return typeof value === 'boolean' ? value : undefined
  }

  text(id: number): string | undefined {
    const value = this.#fields.get(id)
    return value instanceof Uint8Array ? Buffer.from(value).toString('utf8') : undefined
  }

  struct(id: number): ThriftStruct | undefined {
    const value = this.#fields.get(id)
    return value instanceof ThriftStruct ? value : undefined
  }

  structs(id: number): ThriftStruct[] {
    const value = this.#fields.get(id)
    return Array.isArray(value) ? value.filter((inner) => inner instanceof ThriftStruct) : []
  }

  texts(id: number): string[] {
    const value = this.#fields.get(id)
    return Array.isArray(value) ? value.map((inner) => (inner instanceof Uint8Array ? Buffer.from(inner).toString('utf8') : '')) : []
  }
}

/**
 * Reads structures in Thrift's compact protocol from bytes that are not to be trusted: nothing is made before its bytes are
 * there. Source: https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md
 */
export class ThriftReader {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  /** Where the next byte stands. */
  at: number
  #left: number

  constructor(bytes: Uint8Array, at = 0, mostValues = MOST_VALUES) {
    this.#left = mostValues
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.at = at
  }

  struct(depth = 0): ThriftStruct {
    if (depth > MOST_DEPTH) throw malformed('its metadata are nested too deeply')
    const struct = new ThriftStruct()
    let id = 0
    for (;;) {
      const head = this.#byte()
      const type = head & 0x0f
      if (type === 0) return struct
      id = head >> 4 === 0 ? this.#zigzag() : id + (head >> 4)
      const value = this.#value(type, depth)
      struct.set(id, value)
    }
  }

  #byte(): number {
    const byte = this.#bytes[this.at++]
    if (byte === undefined) throw malformed('it ends within its metadata')
    return byte
  }

  /** An unsigned number of up to 64 bits; those that a double does not hold are nobody's length. */
  #varint(): number {
    let value = 0
    for (let power = 1, count = 0; count < 10; count++, power *= 128) {
      const byte = this.#byte()
      value += (byte & 0x7f) * power
      if (byte < LAST_BYTE) return value
    }
    throw malformed('a number in its metadata never ends')
  }

  #zigzag(): number {
    const value = this.#varint()
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2
  }

  #binary(): Uint8Array {
    const length = this.#varint()
    if (length > this.#bytes.length - this.at) throw malformed('a text in its metadata is longer than they are')
    this.at += length
    return this.#bytes.subarray(this.at - length, this.at)
  }

  #value(type: number, depth: number): ThriftValue {
    if (--this.#left < 0) throw malformed('it has too many metadata')
    if (type === 1 || type === 2) return type === 1
    if (type === 3) return (this.#byte() << 24) >> 24
    if (type >= 4 && type <= 6) return this.#zigzag()
    if (type === 7) return this.#double()
    if (type === 8) return this.#binary()
    if (type === 9 || type === 10) return this.#list(depth)
    if (type === 12) return this.struct(depth + 1)
    throw malformed('its metadata have values of an unknown type')
  }

  #double(): number {
    if (this.at + 8 > this.#bytes.length) throw malformed('it ends within its metadata')
    this.at += 8
    return this.#view.getFloat64(this.at - 8, true)
  }

  #list(depth: number): ThriftValue[] {
    if (depth > MOST_DEPTH) throw malformed('its metadata are nested too deeply')
    const head = this.#byte()
    const type = head & 0x0f
    const length = head >> 4 === 15 ? this.#varint() : head >> 4
    // every value takes a byte at least
    if (length > this.#bytes.length - this.at) throw malformed('a list in its metadata is longer than they are')
    const values: ThriftValue[] = []
    for (let i = 0; i < length; i++) values.push(type === 1 || type === 2 ? this.#byte() === 1 : this.#value(type, depth + 1))
    return values
  }
}
