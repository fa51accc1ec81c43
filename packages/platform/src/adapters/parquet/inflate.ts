import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from 'node:zlib'
import { FairleadError } from '@fairlead/contract'
import { lz4Block, lz4Hadoop } from './lz4.ts'
import { malformed } from './thrift.ts'

/** What may still be read of a file, all columns together. */
export interface Room {
  /** Bytes that compressed pages may become. */
  left: number
  /** Pages, also those that have no value: columns may lie in the same bytes, so that the length of the file says nothing. */
  pages: number
}

type Inflate = (bytes: Uint8Array, length: number) => Uint8Array

const CODECS: Readonly<Record<number, Inflate>> = {
  0: (bytes) => bytes,
  1: snappy,
  2: (bytes, length) => gunzipSync(bytes, { maxOutputLength: Math.max(1, length) }),
  4: (bytes, length) => brotliDecompressSync(bytes, { maxOutputLength: Math.max(1, length) }),
  5: lz4Hadoop,
  6: (bytes, length) => zstdDecompressSync(bytes, { maxOutputLength: Math.max(1, length) }),
  7: lz4Block,
}
const NAMES: Readonly<Record<number, string>> = { 3: 'LZO' }

/** A page as it was before it was compressed, `length` bytes. Throws `table-invalid`, or `body-too-large` when there is no room left. */
export function inflatePage(bytes: Uint8Array, { codec, length, room }: { codec: number; length: number; room: Room }): Uint8Array {
  const inflate = CODECS[codec]
  if (!inflate)
    throw malformed(`it is compressed with ${NAMES[codec] ?? 'an unknown method'}; write it with snappy, zstd, gzip, brotli, LZ4 or without compression`)
  if (length > room.left) throw new FairleadError('body-too-large', 'the Parquet file is too large when it is inflated')
  room.left -= length
  let page: Uint8Array | undefined
  try {
    page = inflate(bytes, length)
  } catch (error) {
    if (error instanceof FairleadError) throw error
  }
  if (page?.length !== length) throw malformed('a page is not what its header says')
  return page
}

/** Snappy's raw format: https://github.com/google/snappy/blob/main/format_description.txt */
function snappy(bytes: Uint8Array, length: number): Uint8Array {
  const wrong = () => malformed('a page is no Snappy')
  const out = new Uint8Array(length)
  let at = 0
  // the length stands in front, and in the page's header too
  while ((bytes[at++] ?? 0) >= 0x80) if (at > 5) throw wrong()
  let to = 0
  while (at < bytes.length) {
    const tag = bytes[at++]!
    const kind = tag & 3
    if (kind === 0) {
      let size = tag >> 2
      if (size >= 60) {
        const extra = size - 59
        size = 0
        for (let i = 0; i < extra; i++) size += (bytes[at++] ?? 0) * 2 ** (8 * i)
      }
      size++
      if (size > bytes.length - at || size > length - to) throw wrong()
      out.set(bytes.subarray(at, at + size), to)
      at += size
      to += size
      continue
    }
    const size = kind === 1 ? ((tag >> 2) & 7) + 4 : (tag >> 2) + 1
    let back = kind === 1 ? (tag >> 5) * 256 + (bytes[at++] ?? 0) : (bytes[at++] ?? 0) + (bytes[at++] ?? 0) * 256
    if (kind === 3) back += (bytes[at++] ?? 0) * 2 ** 16 + (bytes[at++] ?? 0) * 2 ** 24
    if (back === 0 || back > to || size > length - to) throw wrong()
    // a copy may reach into what it is writing
    for (let i = 0; i < size; i++, to++) out[to] = out[to - back]!
  }
  if (to !== length) throw wrong()
  return out
}
