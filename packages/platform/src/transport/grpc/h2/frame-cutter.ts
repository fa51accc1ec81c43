import { CODE, ConnectionError, FLAG, FRAME, HEAD_BYTES, OFFER } from './protocol.ts'

/** What stands before each frame. */
export interface FrameHead {
  type: number
  flags: number
  stream: number
  length: number
}

/** Where frames go. The head is the same object every time: it holds during the call only. */
export interface FrameSink {
  /** A whole frame other than unpadded data. */
  frame(head: FrameHead, payload: Buffer): void
  /** A piece of an unpadded data frame, as it came; each such frame has one that is its `last`. */
  data(head: FrameHead, piece: Buffer, last: boolean): void
}

/** Room for the first bytes of a frame that has not come whole. */
const FIRST_BYTES = 64
const NOTHING = Buffer.alloc(0)

/**
 * Cuts what was read into frames, however it was cut on its way: RFC 9113, 4.1. What lies whole in what was read is not copied, and data is
 * never held here. Throws ConnectionError for a frame larger than was offered.
 */
export class FrameCutter {
  readonly #sink: FrameSink
  readonly #head: FrameHead = { type: 0, flags: 0, stream: 0, length: 0 }
  /** Bytes of a data frame that have not come. */
  #left = 0
  /** The beginning of another frame. */
  #held = NOTHING
  #filled = 0
  #stopped = false

  constructor(sink: FrameSink) {
    this.#sink = sink
  }

  /** Whether a frame has begun and not ended. */
  get partial(): boolean {
    return this.#left > 0 || this.#filled > 0
  }

  push(chunk: Buffer, from = 0): void {
    let at = from
    while (at < chunk.length && !this.#stopped) {
      if (this.#left > 0) at = this.#passData(chunk, at)
      else if (this.#filled > 0) at = this.#gather(chunk, at)
      else at = this.#cut(chunk, at)
    }
  }

  /** What has not been cut yet goes nowhere. */
  stop(): void {
    this.#stopped = true
    this.#held = NOTHING
  }

  #cut(chunk: Buffer, at: number): number {
    if (chunk.length - at < HEAD_BYTES) return this.#gather(chunk, at)
    this.#readHead(chunk, at)
    const from = at + HEAD_BYTES
    if (this.#isPlainData) {
      this.#beginData()
      return from
    }
    const to = from + this.#head.length
    if (to > chunk.length) return this.#gather(chunk, at)
    this.#sink.frame(this.#head, chunk.subarray(from, to))
    return to
  }

  #readHead(bytes: Buffer, at: number): void {
    const head = this.#head
    head.length = (bytes[at]! << 16) | (bytes[at + 1]! << 8) | bytes[at + 2]!
    head.type = bytes[at + 3]!
    head.flags = bytes[at + 4]!
    head.stream = ((bytes[at + 5]! & 0x7f) << 24) | (bytes[at + 6]! << 16) | (bytes[at + 7]! << 8) | bytes[at + 8]!
    if (head.length > OFFER.frameBytes) throw new ConnectionError(CODE.frameSize, `a frame of ${head.length} bytes`)
  }

  get #isPlainData(): boolean {
    return this.#head.type === FRAME.data && (this.#head.flags & FLAG.padded) === 0
  }

  #beginData(): void {
    this.#left = this.#head.length
    if (this.#left === 0) this.#sink.data(this.#head, NOTHING, true)
  }

  #passData(chunk: Buffer, from: number): number {
    const to = Math.min(chunk.length, from + this.#left)
    this.#left -= to - from
    this.#sink.data(this.#head, chunk.subarray(from, to), this.#left === 0)
    return to
  }

  /** Adds to a head, or to a frame, of which a part came before. */
  #gather(chunk: Buffer, from: number): number {
    const wanted = this.#filled < HEAD_BYTES ? HEAD_BYTES : HEAD_BYTES + this.#head.length
    const to = Math.min(chunk.length, from + wanted - this.#filled)
    this.#makeRoom(this.#filled + to - from)
    chunk.copy(this.#held, this.#filled, from, to)
    this.#filled += to - from
    if (this.#filled === wanted) this.#gathered(wanted)
    return to
  }

  #gathered(bytes: number): void {
    if (bytes === HEAD_BYTES) {
      this.#readHead(this.#held, 0)
      if (this.#isPlainData) {
        this.#filled = 0
        this.#beginData()
        return
      }
      if (this.#head.length > 0) return
    }
    const payload = this.#held.subarray(HEAD_BYTES, bytes)
    this.#held = NOTHING
    this.#filled = 0
    this.#sink.frame(this.#head, payload)
  }

  /** Grows with what has come, not with what was announced. */
  #makeRoom(needed: number): void {
    if (needed <= this.#held.length) return
    const larger = Buffer.allocUnsafeSlow(Math.max(FIRST_BYTES, needed, 2 * this.#held.length))
    this.#held.copy(larger, 0, 0, this.#filled)
    this.#held = larger
  }
}
