/** A value of a table's field: numbers of a width, a text, another table, or a vector of tables or of 64-bit numbers. Absent fields have their default. */
export type FlatValue =
  | { bytes: 1 | 2 | 4 | 8; value: number }
  | { text: string }
  | { table: FlatFields }
  | { tables: readonly FlatFields[] }
  /** Structs of 64-bit numbers: `size` of them in all, each struct having `each`; zeros, to be filled in later. */
  | { numbers: number; each: number }

/** Fields of a table by their place in the vtable. */
export type FlatFields = readonly (FlatValue | undefined)[]

/** Bytes of a flatbuffer, and where the values lie that were named with `mark`. */
export interface FlatBytes {
  bytes: Uint8Array<ArrayBuffer>
  /** Where each 64-bit number lies, and the first of each vector of them, in the order in which they were written. */
  places: number[]
}

/**
 * Writes one flatbuffer (https://flatbuffers.dev/internals): parents before their children, so that every offset points forward.
 * Small: for schemas and the heads of batches, which are written once and filled in afterwards.
 */
export function writeFlat(root: FlatFields): FlatBytes {
  const writer = new Writer()
  const start = writer.reserve(4)
  writer.point(start, writer.table(root))
  return { bytes: writer.finish(), places: writer.places }
}

class Writer {
  readonly places: number[] = []
  #bytes = new Uint8Array(1024)
  #view = new DataView(this.#bytes.buffer)
  #at = 0

  /** Room at the next multiple of its size, or of `align`. */
  reserve(size: number, align = Math.min(size, 8)): number {
    const start = Math.ceil(this.#at / align) * align
    while (start + size > this.#bytes.length) this.#grow()
    this.#at = start + size
    return start
  }

  point(from: number, to: number): void {
    this.#view.setUint32(from, to - from, true)
  }

  table(fields: FlatFields): number {
    const vtable = this.reserve(4 + fields.length * 2, 2)
    let size = 4
    const offsets = fields.map((field) => {
      if (!field) return 0
      const width = 'bytes' in field ? field.bytes : 4
      const offset = Math.ceil(size / width) * width
      size = offset + width
      return offset
    })
    const start = this.reserve(size, 8)
    this.#view.setUint16(vtable, 4 + fields.length * 2, true)
    this.#view.setUint16(vtable + 2, size, true)
    for (const [i, offset] of offsets.entries()) this.#view.setUint16(vtable + 4 + i * 2, offset, true)
    this.#view.setInt32(start, start - vtable, true)
    for (const [i, field] of fields.entries()) if (field) this.#field(field, start + offsets[i]!)
    return start
  }

  finish(): Uint8Array<ArrayBuffer> {
    this.reserve(0, 8)
    return this.#bytes.slice(0, Math.ceil(this.#at / 8) * 8)
  }

  #field(field: FlatValue, at: number): void {
    if ('bytes' in field) this.#number(field, at)
    else if ('text' in field) this.point(at, this.#text(field.text))
    else if ('table' in field) this.point(at, this.table(field.table))
    else if ('tables' in field) this.point(at, this.#tables(field.tables))
    else this.point(at, this.#numbers(field))
  }

  #number({ bytes, value }: { bytes: 1 | 2 | 4 | 8; value: number }, at: number): void {
    if (bytes === 1) this.#view.setUint8(at, value)
    else if (bytes === 2) this.#view.setInt16(at, value, true)
    else if (bytes === 4) this.#view.setInt32(at, value, true)
    else {
      this.#view.setBigInt64(at, BigInt(value), true)
      this.places.push(at)
    }
  }

  #text(text: string): number {
    const utf8 = Buffer.from(text)
    const start = this.reserve(4)
    // a text ends with a zero that its length does not count
    const chars = this.reserve(utf8.length + 1, 1)
    this.#view.setUint32(start, utf8.length, true)
    this.#bytes.set(utf8, chars)
    return start
  }

  #tables(tables: readonly FlatFields[]): number {
    const start = this.reserve(4)
    this.#view.setUint32(start, tables.length, true)
    const slots = this.reserve(tables.length * 4, 4)
    for (const [i, fields] of tables.entries()) this.point(slots + i * 4, this.table(fields))
    return start
  }

  #numbers({ numbers, each }: { numbers: number; each: number }): number {
    // the length comes right before the values, which lie at multiples of 8
    const values = this.reserve(8 + numbers * 8, 8) + 8
    this.#view.setUint32(values - 4, numbers / each, true)
    this.places.push(values)
    return values - 4
  }

  #grow(): void {
    const larger = new Uint8Array(this.#bytes.length * 2)
    larger.set(this.#bytes)
    this.#bytes = larger
    this.#view = new DataView(larger.buffer)
  }
}
