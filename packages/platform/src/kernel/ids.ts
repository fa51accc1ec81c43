import { randomFillSync } from 'node:crypto'

/** Random tails that are made at a time; as a text of one piece, of which each is a part, they cost a tenth of putting each together. */
const TAILS = 256
const RANDOM_BYTES = 8
const TAIL_LENGTH = 18

const random = new Uint8Array(TAILS * RANDOM_BYTES)
const letters = Buffer.alloc(TAILS * TAIL_LENGTH)
const HEX = Buffer.from('0123456789abcdef')
const DASH = 0x2d
const VARIANT = 0x80

let tails = ''
let used = TAILS
let lastMillis = 0
let counter = 0
/** What all ids of the last millisecond begin with. */
let begin = ''

/** The counter as text: three digits. */
const COUNTS = Array.from({ length: 0x1000 }, (_, i) => i.toString(16).padStart(3, '0'))

/**
 * A UUIDv7 (RFC 9562): sorts by time, and within one process by order of creation: the 12 bits after the
 * time count up within a millisecond (method 1 of section 6.2).
 */
export function uuidv7(now: number = Date.now()): string {
  if (now > lastMillis) beginMillis(now)
  else if (++counter > 0xfff) beginMillis(lastMillis + 1)
  if (used === TAILS) refill()
  const at = used++ * TAIL_LENGTH
  return begin + COUNTS[counter]! + tails.slice(at, at + TAIL_LENGTH)
}

function beginMillis(millis: number): void {
  lastMillis = millis
  counter = 0
  const hex = millis.toString(16).padStart(12, '0')
  begin = `${hex.slice(0, 8)}-${hex.slice(8)}-7`
}

/** Tails as they stand in the text: `-vrrr-rrrrrrrrrrrr`, `v` with the bits of the variant. */
function refill(): void {
  randomFillSync(random)
  let to = 0
  for (let i = 0; i < random.length; i++) {
    const place = i % RANDOM_BYTES
    if (place === 0 || place === 2) letters[to++] = DASH
    const byte = place === 0 ? (random[i]! & 0x3f) | VARIANT : random[i]!
    letters[to++] = HEX[byte >> 4]!
    letters[to++] = HEX[byte & 15]!
  }
  tails = letters.toString('latin1', 0, to)
  used = 0
}
