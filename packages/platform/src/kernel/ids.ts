import { randomFillSync } from 'node:crypto'

const pool = new Uint8Array(4096)
let used = pool.length
let lastMillis = 0
let counter = 0

const hex: string[] = Array.from({ length: 256 }, (_, i) => i.toString(16).padStart(2, '0'))

/**
 * A UUIDv7 (RFC 9562): sorts by time, and within one process by order of creation: the 12 bits after the
 * time count up within a millisecond (method 1 of section 6.2).
 */
export function uuidv7(now: number = Date.now()): string {
  if (now > lastMillis) {
    lastMillis = now
    counter = 0
  } else if (++counter > 0xfff) {
    lastMillis++
    counter = 0
  }
  if (used + 8 > pool.length) {
    randomFillSync(pool)
    used = 0
  }
  const high = Math.floor(lastMillis / 0x10000)
  const low = lastMillis & 0xffff
  const h = hex
  const b = pool
  const i = used
  used += 8
  return (
    `${h[(high >>> 24) & 255]}${h[(high >>> 16) & 255]}${h[(high >>> 8) & 255]}${h[high & 255]}-${h[low >>> 8]}${h[low & 255]}-` +
    `7${(counter >>> 8).toString(16)}${h[counter & 255]}-${h[(b[i]! & 0x3f) | 0x80]}${h[b[i + 1]!]}-` +
    `${h[b[i + 2]!]}${h[b[i + 3]!]}${h[b[i + 4]!]}${h[b[i + 5]!]}${h[b[i + 6]!]}${h[b[i + 7]!]}`
  )
}
