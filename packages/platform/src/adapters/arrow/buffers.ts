import { zstdDecompressSync } from 'node:zlib'
import { FairleadError } from '@fairlead/contract'
import { type FlatTable, malformed } from './flatbuffer.ts'

const ZSTD = 1

/** How many bytes compressed buffers, and texts that may share theirs, may still become, all together. */
export interface Room {
  left: number
}

/** The parts of one record batch, taken in the order in which its columns have them. */
export class BatchParts {
  /** Rows of the batch. */
  readonly rows: number
  readonly #nodes: [number, number][]
  readonly #regions: [number, number][]
  readonly #variadic: number[]
  readonly #codec: number | undefined
  readonly #body: Uint8Array
  readonly #room: Room
  #node = 0
  #region = 0
  #view = 0

  constructor(header: FlatTable, body: Uint8Array, room: Room) {
    this.rows = header.size(0)
    this.#nodes = header.sizePairs(1)
    this.#regions = header.sizePairs(2)
    this.#codec = header.table(3)?.int8(0, 0)
    this.#variadic = header.sizes(4)
    this.#body = body
    this.#room = room
  }

  /** Length and number of nulls of the next column, or part of one. */
  node(): { length: number; nulls: number } {
    const [length, nulls] = this.#nodes[this.#node++] ?? []
    if (length === undefined || nulls === undefined) throw malformed('a batch has fewer columns than the schema')
    return { length, nulls }
  }

  /** How many data buffers the next column of views has. */
  variadic(): number {
    const count = this.#variadic[this.#view++]
    if (count === undefined || count > this.#regions.length) throw malformed('a batch has no number of buffers for a column')
    return count
  }

  skip(buffers: number): void {
    this.#region += buffers
  }

  /** The next buffer, inflated where it is compressed. Throws `body-too-large` when it and those before are too much. */
  buffer(): Uint8Array {
    const [offset, length] = this.#regions[this.#region++] ?? []
    if (offset === undefined || length === undefined || offset + length > this.#body.length) throw malformed('a buffer lies outside of its batch')
    const bytes = this.#body.subarray(offset, offset + length)
    return this.#codec === undefined || length === 0 ? bytes : this.#inflate(bytes)
  }

  /** Takes room for so many bytes that the stream has fewer times than they are read. Throws `body-too-large`. */
  grow(bytes: number): void {
    if (bytes > this.#room.left) throw new FairleadError('body-too-large', 'the Arrow stream is too large when it is inflated')
    this.#room.left -= bytes
  }

  #inflate(bytes: Uint8Array): Uint8Array {
    if (bytes.length < 8) throw malformed('a compressed buffer has no length')
    const length = Number(new DataView(bytes.buffer, bytes.byteOffset, 8).getBigInt64(0, true))
    const packed = bytes.subarray(8)
    if (length === -1) return packed
    if (this.#codec !== ZSTD)
      throw new FairleadError('table-invalid', 'the Arrow stream is compressed with LZ4, which is not read here; write it with zstd, or without compression')
    if (length < 0) throw malformed('a compressed buffer has no length')
    this.grow(length)
    if (length === 0) return new Uint8Array(0)
    try {
      const inflated = zstdDecompressSync(packed, { maxOutputLength: length })
      if (inflated.length === length) return inflated
    } catch {
      // told below
    }
    throw malformed('a compressed buffer is not what its length says')
  }
}
