import type { LaneHead } from './head.ts'

const ZERO = 0x30
const NINE = 0x39
/** The most digits of a length in the lane's form. */
const MOST_DIGITS = 10

/**
 * A head that a connection has sent, with the empty line behind it, as its bytes: clients send the same again and again, but for the length of the
 * body.
 */
export class LastHead {
  readonly head: LaneHead
  readonly #bytes: Buffer
  readonly #digits: number
  readonly #behind: number
  /** What `matches` found: the length of the body, and where it begins. */
  length = 0
  end = 0

  /** `bytes` end with the empty line; they are copied, because the piece that came may be much larger and would be kept with them. */
  constructor(head: LaneHead, bytes: Buffer) {
    this.head = head
    this.#bytes = Buffer.from(bytes)
    this.#digits = head.lengthAt
    this.#behind = head.lengthAt + String(head.length).length
  }

  /** Whether a chunk begins with this head, its length aside. Loops, because a call into the engine's own comparison costs more than these few bytes. */
  matches(chunk: Buffer): boolean {
    const bytes = this.#bytes
    const digits = this.#digits
    if (chunk.length < bytes.length - MOST_DIGITS) return false
    for (let i = 0; i < digits; i++) if (chunk[i] !== bytes[i]) return false
    let at = digits
    let length = 0
    for (let byte = chunk[at]!; byte >= ZERO && byte <= NINE; byte = chunk[++at]!) length = length * 10 + (byte - ZERO)
    const count = at - digits
    if (count === 0 || count > MOST_DIGITS || (count > 1 && chunk[digits] === ZERO)) return false
    for (let i = this.#behind; i < bytes.length; i++, at++) if (chunk[at] !== bytes[i]) return false
    this.length = length
    this.end = at
    return true
  }
}
