import { malformed } from './thrift.ts'

const LEAST_COPY = 4
const HEAD_BYTES = 8

/**
 * LZ4's block format, `length` bytes when it is inflated: https://github.com/lz4/lz4/blob/dev/doc/lz4_Block_format.md. Throws `table-invalid` for what is
 * none, and writes never more than `length` bytes.
 */
export function lz4Block(bytes: Uint8Array, length: number): Uint8Array {
  const out = new Uint8Array(length)
  let at = 0
  let to = 0
  const wrong = () => malformed('a page is no LZ4')
  /** A length of 15 goes on in the bytes that follow, up to the first that is not 255. */
  const whole = (four: number): number => {
    let size = four
    if (four < 15) return size
    for (;;) {
      const more = bytes[at++]
      if (more === undefined) throw wrong()
      size += more
      if (more < 255) return size
    }
  }
  while (at < bytes.length) {
    const token = bytes[at++]!
    const literals = whole(token >> 4)
    if (literals > bytes.length - at || literals > length - to) throw wrong()
    out.set(bytes.subarray(at, at + literals), to)
    at += literals
    to += literals
    // the last sequence has nothing but literals
    if (at === bytes.length) break
    const back = (bytes[at++] ?? 0) + (bytes[at++] ?? 0) * 256
    const size = whole(token & 15) + LEAST_COPY
    if (at > bytes.length || back === 0 || back > to || size > length - to) throw wrong()
    if (back >= size) {
      out.copyWithin(to, to - back, to - back + size)
      to += size
      // a copy may reach into what it is writing
    } else for (let i = 0; i < size; i++, to++) out[to] = out[to - back]!
  }
  if (to !== length) throw wrong()
  return out
}

/** What Hadoop calls LZ4, and older writers of Parquet, too: blocks, each behind its length before and after compression (big-endian). */
export function lz4Hadoop(bytes: Uint8Array, length: number): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const out = new Uint8Array(length)
  let at = 0
  let to = 0
  while (at + HEAD_BYTES <= bytes.length) {
    const [plain, packed] = [view.getUint32(at), view.getUint32(at + 4)]
    at += HEAD_BYTES
    if (plain === 0 || plain > length - to || packed > bytes.length - at) throw malformed('a page is no LZ4 as Hadoop has it')
    out.set(lz4Block(bytes.subarray(at, at + packed), plain), to)
    at += packed
    to += plain
  }
  if (at !== bytes.length || to !== length) throw malformed('a page is no LZ4 as Hadoop has it')
  return out
}
