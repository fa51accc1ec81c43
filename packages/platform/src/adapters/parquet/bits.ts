import { malformed } from './thrift.ts'

const short = () => malformed('a page is shorter than its values')

/** Reads bytes of a page one after the other. */
export class PageReader {
  readonly bytes: Uint8Array
  readonly view: DataView
  at = 0

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  byte(): number {
    const byte = this.bytes[this.at++]
    if (byte === undefined) throw short()
    return byte
  }

  uint32(): number {
    this.need(4)
    this.at += 4
    return this.view.getUint32(this.at - 4, true)
  }

  varint(): bigint {
    let value = 0n
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.byte()
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return value
    }
    throw malformed('a number in a page never ends')
  }

  /** The next bytes. */
  take(length: number): Uint8Array {
    this.need(length)
    this.at += length
    return this.bytes.subarray(this.at - length, this.at)
  }

  need(length: number): void {
    if (length < 0 || length > this.bytes.length - this.at) throw short()
  }
}

/** Numbers of `width` bits in runs or packed (RLE and bit-packing hybrid); as many as `into` has room for. */
export function readHybrid(reader: PageReader, width: number, into: Uint32Array | Uint8Array): void {
  if (width > 32) throw malformed('a page has places of more than 32 bits')
  const bytes = (width + 7) >> 3
  let done = 0
  while (done < into.length) {
    const head = Number(reader.varint())
    const count = head % 2 === 0 ? head / 2 : ((head - 1) / 2) * 8
    if (count === 0) throw malformed('a page has a run of nothing')
    const here = Math.min(count, into.length - done)
    if (head % 2 === 0) {
      let value = 0
      for (let i = 0; i < bytes; i++) value += reader.byte() * 2 ** (8 * i)
      into.fill(value, done, done + here)
    } else unpack(reader.take(Math.min((count / 8) * width, reader.bytes.length - reader.at)), { width, into: into.subarray(done, done + here) })
    done += here
  }
}

/** Widths of which a number and the rest of a byte fit into 32 bits. */
const NARROW = 24

/** Packed numbers, the lowest bits first. */
function unpack(bytes: Uint8Array, { width, into }: { width: number; into: Uint32Array | Uint8Array }): void {
  if (bytes.length * 8 < into.length * width) throw short()
  if (width > NARROW) {
    unpackWide(bytes, width, into)
    return
  }
  const mask = (1 << width) - 1
  let [at, held, bits] = [0, 0, 0]
  for (let i = 0; i < into.length; i++) {
    while (bits < width) {
      held |= bytes[at++]! << bits
      bits += 8
    }
    into[i] = held & mask
    held >>>= width
    bits -= width
  }
}

function unpackWide(bytes: Uint8Array, width: number, into: Uint32Array | Uint8Array): void {
  for (let i = 0, bit = 0; i < into.length; i++) {
    let value = 0
    for (let k = 0; k < width; ) {
      const taken = Math.min(8 - (bit & 7), width - k)
      value += ((bytes[bit >> 3]! >> (bit & 7)) & ((1 << taken) - 1)) * 2 ** k
      k += taken
      bit += taken
    }
    into[i] = value
  }
}

/** Whole numbers as differences (DELTA_BINARY_PACKED), `count` of them, as 64 bits that wrap. */
export function readDeltas(reader: PageReader, count: number): BigInt64Array {
  const blockSize = Number(reader.varint())
  const miniBlocks = Number(reader.varint())
  const total = Number(reader.varint())
  const size = blockSize / miniBlocks
  if (total < count || !(size >= 8) || size > 65_536 || size % 8 !== 0 || miniBlocks > 512) throw malformed('a page of differences has an odd form')
  const values = new BigInt64Array(count)
  const zigzag = () => {
    const value = reader.varint()
    return (value >> 1n) ^ -(value & 1n)
  }
  let last = zigzag()
  let done = 0
  if (count > 0) values[done++] = last
  while (done < count) {
    const least = zigzag()
    const widths = reader.take(miniBlocks)
    for (let block = 0; block < miniBlocks && done < count; block++) {
      const width = widths[block]!
      if (width > 64) throw malformed('a page has differences of more than 64 bits')
      const bytes = reader.take((size / 8) * width)
      for (let i = 0, bit = 0; i < size && done < count; i++, bit += width) {
        last = BigInt.asIntN(64, last + least + wide(bytes, bit, width))
        values[done++] = last
      }
    }
  }
  return values
}

function wide(bytes: Uint8Array, from: number, width: number): bigint {
  let value = 0n
  for (let k = 0; k < width; ) {
    const bit = from + k
    const taken = Math.min(8 - (bit & 7), width - k)
    value |= BigInt((bytes[bit >> 3]! >> (bit & 7)) & ((1 << taken) - 1)) << BigInt(k)
    k += taken
  }
  return value
}
