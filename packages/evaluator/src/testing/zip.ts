import { deflateRawSync } from 'node:zlib'
import { crc32 } from '../form/codec/crc32.ts'

/** A member to write, and lies to tell about it. */
export interface Entry {
  readonly name: string
  readonly data: Uint8Array | string
  readonly deflate?: boolean
  /** What the archive says instead of the truth. */
  readonly lies?: {
    readonly size?: number
    readonly packed?: number
    readonly crc?: number
    readonly offset?: number
    readonly method?: number
    readonly flags?: number
    readonly localName?: string
  }
}

/** A zip archive of these members, for tests: true unless an entry says otherwise. */
export function makeZip(entries: readonly Entry[]): Uint8Array {
  const parts: Uint8Array[] = []
  const directory: Uint8Array[] = []
  let at = 0
  for (const { name, data, deflate = false, lies = {} } of entries) {
    const bytes = typeof data === 'string' ? new TextEncoder().encode(data) : data
    const packed = deflate ? new Uint8Array(deflateRawSync(bytes)) : bytes
    const method = lies.method ?? (deflate ? 8 : 0)
    const sizes = [lies.crc ?? crc32(bytes), lies.packed ?? packed.length, lies.size ?? bytes.length]
    const flags = lies.flags ?? 0
    const encoded = new TextEncoder().encode(name)
    const local = new TextEncoder().encode(lies.localName ?? name)
    const header = record([[0x04034b50, 4], [20, 2], [flags, 2], [method, 2], [0, 4], ...sizes.map((x) => [x, 4] as const), [local.length, 2], [0, 2]])
    parts.push(header, local, packed)
    directory.push(
      record([
        [0x02014b50, 4],
        [20, 2],
        [20, 2],
        [flags, 2],
        [method, 2],
        [0, 4],
        ...sizes.map((x) => [x, 4] as const),
        [encoded.length, 2],
        [0, 2],
        [0, 2],
        [0, 2],
        [0, 2],
        [0, 4],
        [lies.offset ?? at, 4],
      ]),
      encoded,
    )
    at += header.length + local.length + packed.length
  }
  const length = directory.reduce((sum, part) => sum + part.length, 0)
  const end = record([
    [0x06054b50, 4],
    [0, 2],
    [0, 2],
    [entries.length, 2],
    [entries.length, 2],
    [length, 4],
    [at, 4],
    [0, 2],
  ])
  return concat([...parts, ...directory, end])
}

export function concat(parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    out.set(part, at)
    at += part.length
  }
  return out
}

/** Little-endian fields, each a value and its bytes. */
function record(fields: readonly (readonly [number, number])[]): Uint8Array {
  return Uint8Array.from(fields.flatMap(([value, bytes]) => Array.from({ length: bytes }, (_, i) => Math.floor(value / 256 ** i) & 255)))
}
