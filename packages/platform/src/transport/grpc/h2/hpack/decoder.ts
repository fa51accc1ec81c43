import { HpackError } from './errors.ts'
import { type HeaderField, HeaderList, type Headers } from './header-list.ts'
import { huffmanText } from './huffman.ts'
import { STATIC_TABLE } from './static-table.ts'

const STATIC_FIELDS: readonly HeaderField[] = STATIC_TABLE.map(([name, value]) => ({ name, value }))

/** What each entry of the table counts beside its letters: RFC 7541, 4.1. */
const ENTRY_BYTES = 32
const INDEXED = 0x80
const INDEXING = 0x40
const RESIZE = 0x20

export interface HpackDecoderOptions {
  /** Size of the table that was announced to the other side. */
  tableBytes: number
  /** Most bytes of a header list; see HeaderList. */
  listBytes: number
}

/** Decodes the header blocks of one connection in their order: RFC 7541. */
export class HpackDecoder {
  readonly #options: HpackDecoderOptions
  /** The newest last. */
  #table: HeaderField[] = []
  #tableBytes = 0
  #mostBytes: number
  #block: Buffer = Buffer.alloc(0)
  #at = 0
  /** The last block that left the table as it was, and its fields, as long as the table does not change. */
  #last: { block: Buffer; headers: Headers } | undefined

  constructor(options: HpackDecoderOptions) {
    this.#options = options
    this.#mostBytes = options.tableBytes
  }

  /**
   * The fields of a block. The very same block again gives the same object, which is frozen. Throws HpackError when the connection
   * cannot go on, HeaderListError when just this request cannot.
   */
  decode(block: Buffer): { headers: Headers } {
    if (this.#last?.block.equals(block)) {
      // from here on it is shared
      Object.freeze(this.#last.headers)
      return this.#last
    }
    this.#block = block
    this.#at = 0
    const list = new HeaderList(this.#options.listBytes)
    let unchanged = true
    let resizable = true
    while (this.#at < block.length) {
      const byte = block[this.#at]!
      if ((byte & 0xe0) === RESIZE) {
        if (!resizable) throw new HpackError('the table is resized inside a block')
        this.#resize(this.#integer(5))
        unchanged = false
        continue
      }
      resizable = false
      if (byte & INDEXED) {
        list.add(this.#entry(this.#integer(7)))
        continue
      }
      const indexing = (byte & INDEXING) !== 0
      if (indexing) unchanged = false
      list.add(this.#literal(indexing))
    }
    const found = { block, headers: list.finish() }
    // a copy: the block is a view of what was read from the network
    if (unchanged) this.#last = { block: Buffer.from(block), headers: found.headers }
    return found
  }

  #literal(indexing: boolean): HeaderField {
    const index = this.#integer(indexing ? 6 : 4)
    const name = index === 0 ? this.#text() : this.#entry(index).name
    const field: HeaderField = { name, value: this.#text() }
    if (indexing) this.#insert(field)
    return field
  }

  #entry(index: number): HeaderField {
    const found = index <= STATIC_FIELDS.length ? STATIC_FIELDS[index - 1] : this.#table[this.#table.length - (index - STATIC_FIELDS.length)]
    if (!found) throw new HpackError(`there is no entry ${index}`)
    return found
  }

  #insert(field: HeaderField): void {
    this.#last = undefined
    this.#table.push(field)
    this.#tableBytes += sizeOf(field)
    this.#evict()
  }

  #resize(bytes: number): void {
    if (bytes > this.#options.tableBytes) throw new HpackError(`a table of ${bytes} bytes was not offered`)
    this.#last = undefined
    this.#mostBytes = bytes
    this.#evict()
  }

  /** An entry larger than the whole table empties it, and is not kept itself. */
  #evict(): void {
    let gone = 0
    while (this.#tableBytes > this.#mostBytes) this.#tableBytes -= sizeOf(this.#table[gone++]!)
    if (gone > 0) this.#table.splice(0, gone)
  }

  /** A whole number whose first bits are the last `bits` of the byte at hand: RFC 7541, 5.1. */
  #integer(bits: number): number {
    const most = 2 ** bits - 1
    let value = this.#byte() & most
    if (value < most) return value
    for (let shift = 0; shift <= 21; shift += 7) {
      const byte = this.#byte()
      value += (byte & 0x7f) << shift
      if (byte < 0x80) return value
    }
    throw new HpackError('a number is too large')
  }

  #text(): string {
    const huffman = (this.#block[this.#at]! & 0x80) !== 0
    const length = this.#integer(7)
    const from = this.#at
    this.#at += length
    if (this.#at > this.#block.length) throw new HpackError('a block ends inside a text')
    return huffman ? huffmanText(this.#block.subarray(from, this.#at)) : this.#block.toString('latin1', from, this.#at)
  }

  #byte(): number {
    const byte = this.#block[this.#at++]
    if (byte === undefined) throw new HpackError('a block ends inside a field')
    return byte
  }
}

function sizeOf({ name, value }: HeaderField): number {
  return name.length + value.length + ENTRY_BYTES
}
