import type { Framed } from './framing.ts'

/** Messages of one stream that are answered at once. */
const MOST = 32

/** What the messages of a stream need of its call. */
export interface StreamSide {
  /** Answers one message; what fails the whole call is told there and not thrown. */
  answer(message: Framed): Promise<void>
  /** Whether answers wait to be taken. */
  isFull(): boolean
  /** Reads no more messages, and reads on. */
  pause(): void
  resume(): void
  /** Calls back when the answers have been taken. */
  onceTaken(told: () => void): void
  /** All messages so far are answered. */
  idle(): void
}

/**
 * The messages of one stream: a bounded number is answered side by side, the others wait in their order, and no more are read meanwhile,
 * or while the caller does not take the answers.
 */
export class InHand {
  readonly #side: StreamSide
  readonly #waiting: Framed[] = []
  #count = 0
  #fullAt = 0
  #stopped = false

  constructor(side: StreamSide) {
    this.#side = side
  }

  /** Messages that are being answered. */
  get count(): number {
    return this.#count
  }

  /** Since when answers wait to be taken, in `performance.now()` milliseconds; 0 when they do not. */
  get fullAt(): number {
    return this.#fullAt
  }

  add(message: Framed): void {
    if (this.#stopped) return
    if (this.#count === MOST) {
      this.#waiting.push(message)
      this.#side.pause()
      return
    }
    this.#count++
    void this.#side.answer(message).then(() => this.#answered())
  }

  /** Takes no more messages; those in hand are answered. */
  stop(): void {
    this.#stopped = true
    this.#waiting.length = 0
  }

  #answered(): void {
    this.#count--
    const next = this.#waiting.shift()
    if (next) this.add(next)
    else if (this.#count === 0) this.#side.idle()
    if (this.#fullAt > 0) return
    if (!this.#side.isFull()) this.#readOn()
    else {
      this.#fullAt = performance.now()
      this.#side.pause()
      this.#side.onceTaken(() => {
        this.#fullAt = 0
        this.#readOn()
      })
    }
  }

  #readOn(): void {
    if (this.#waiting.length === 0) this.#side.resume()
  }
}
