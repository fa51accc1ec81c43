import { FairleadError } from '@fairlead/contract'

/** Entries of one list: a batch has a few for each column. */
const MOST_ENTRIES = 1_000_000

/** Bytes that are no Arrow stream. */
export function malformed(what: string): FairleadError {
  return new FairleadError('table-invalid', `the Arrow stream cannot be read: ${what}`)
}

/**
 * One table of a flatbuffer (https://flatbuffers.dev/internals) in bytes that are not to be trusted: every place is looked at
 * before it is read, and no vector is longer than the bytes that there are. Throws `table-invalid`. Fields are named by their
 * place in the vtable, from 0.
 */
export class FlatTable {
  readonly #view: DataView
  readonly #at: number
  readonly #vtable: number
  readonly #fields: number

  private constructor(view: DataView, at: number) {
    this.#view = view
    this.#at = at
    this.#need(at, 4)
    this.#vtable = at - view.getInt32(at, true)
    this.#need(this.#vtable, 4)
    this.#fields = (view.getUint16(this.#vtable, true) - 4) >> 1
    this.#need(this.#vtable, 4 + Math.max(0, this.#fields) * 2)
  }

  /** The root table of a buffer. */
  static root(bytes: Uint8Array): FlatTable {
    if (bytes.length < 4) throw malformed('a message has no metadata')
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    return new FlatTable(view, view.getUint32(0, true))
  }

  int8(field: number, otherwise: number): number {
    const at = this.#place(field, 1)
    return at === 0 ? otherwise : this.#view.getInt8(at)
  }

  uint8(field: number, otherwise: number): number {
    return this.int8(field, otherwise) & 0xff
  }

  int16(field: number, otherwise: number): number {
    const at = this.#place(field, 2)
    return at === 0 ? otherwise : this.#view.getInt16(at, true)
  }

  int32(field: number, otherwise: number): number {
    const at = this.#place(field, 4)
    return at === 0 ? otherwise : this.#view.getInt32(at, true)
  }

  /** A 64-bit length or offset: never negative, and small enough to be exact. */
  size(field: number): number {
    const at = this.#place(field, 8)
    return at === 0 ? 0 : sizeAt(this.#view, at)
  }

  text(field: number): string {
    const at = this.#target(field)
    if (at === 0) return ''
    this.#need(at, 4)
    const length = this.#view.getUint32(at, true)
    this.#need(at + 4, length)
    return Buffer.from(this.#view.buffer, this.#view.byteOffset + at + 4, length).toString('utf8')
  }

  table(field: number): FlatTable | undefined {
    const at = this.#target(field)
    return at === 0 ? undefined : new FlatTable(this.#view, at)
  }

  /** At most `most` of them: each takes more memory than the bytes that ask for it, and several vectors may lie in the same bytes. */
  tables(field: number, most: number): FlatTable[] {
    return this.#vector(field, 4, (at) => new FlatTable(this.#view, at + this.#view.getUint32(at, true)), most)
  }

  /** Structs of two 64-bit sizes each. */
  sizePairs(field: number): [number, number][] {
    return this.#vector(field, 16, (at) => [sizeAt(this.#view, at), sizeAt(this.#view, at + 8)])
  }

  sizes(field: number): number[] {
    return this.#vector(field, 8, (at) => sizeAt(this.#view, at))
  }

  #vector<T>(field: number, stride: number, read: (at: number) => T, most = MOST_ENTRIES): T[] {
    const at = this.#target(field)
    if (at === 0) return []
    this.#need(at, 4)
    const length = this.#view.getUint32(at, true)
    this.#need(at + 4, length * stride)
    if (length > most) throw malformed(`its metadata have a list of ${length} entries, at most ${most} are read`)
    return Array.from({ length }, (_, i) => read(at + 4 + i * stride))
  }

  /** Where a field lies that takes `bytes` in its table; 0 where it is absent. */
  #place(field: number, bytes: number): number {
    const offset = field < this.#fields ? this.#view.getUint16(this.#vtable + 4 + field * 2, true) : 0
    if (offset === 0) return 0
    this.#need(this.#at + offset, bytes)
    return this.#at + offset
  }

  /** Where a field points at. */
  #target(field: number): number {
    const at = this.#place(field, 4)
    return at === 0 ? 0 : at + this.#view.getUint32(at, true)
  }

  #need(at: number, bytes: number): void {
    if (at < 0 || at + bytes > this.#view.byteLength) throw malformed('its metadata point outside of themselves')
  }
}

function sizeAt(view: DataView, at: number): number {
  const size = Number(view.getBigInt64(at, true))
  if (size < 0 || !Number.isSafeInteger(size)) throw malformed('a length or offset is negative or too large')
  return size
}
