import { FairleadError } from '@fairlead/contract'
import type { Budget } from '../budget.ts'
import { PREFIX_BYTES } from './infer-answer.ts'

/** A message as it came: still compressed when its flag says so. */
export interface Framed {
  compressed: boolean
  bytes: Buffer
}

export interface FrameLimits {
  messageBytes: number
  /** Each must have room for what is gathered. */
  budgets: readonly Budget[]
}

/** Lengths up to this are believed when they are announced; beyond it memory grows with what has come. */
const BELIEVED = 1024 * 1024

/**
 * Cuts a byte stream into messages with their prefix of flag and length, however the stream was cut on its way. Throws
 * `body-too-large`, `too-many-requests` when too much is held already, and `request-invalid`.
 */
export class FrameReader {
  readonly #limits: FrameLimits
  readonly #take: (message: Framed) => void
  #prefix: Buffer | undefined
  #prefixed = 0
  #body: Buffer | undefined
  #filled = 0
  #length = 0
  /** Bytes counted for the message that is coming, and for those that came. */
  #coming = 0
  #held = 0

  constructor(limits: FrameLimits, take: (message: Framed) => void) {
    this.#limits = limits
    this.#take = take
  }

  /** Whether a message has begun and not ended. */
  get partial(): boolean {
    return this.#prefixed > 0
  }

  push(chunk: Buffer): void {
    let at = 0
    while (at < chunk.length) {
      // one whole message in one piece, the usual case
      if (this.#prefixed === 0 && chunk.length - at >= PREFIX_BYTES) {
        this.#length = this.#checked(chunk[at]!, chunk.readUInt32BE(at + 1))
        const end = at + PREFIX_BYTES + this.#length
        if (end <= chunk.length) {
          this.#take({ compressed: chunk[at] === 1, bytes: chunk.subarray(at + PREFIX_BYTES, end) })
          at = end
          continue
        }
      }
      at = this.#prefixed < PREFIX_BYTES ? this.#fillPrefix(chunk, at) : this.#fillBody(chunk, at)
    }
  }

  /** Gives back what was counted for messages that came. */
  release(): void {
    if (this.#held === 0) return
    for (const budget of this.#limits.budgets) budget.give(this.#held)
    this.#held = 0
  }

  /** Gives everything back; nothing may be pushed any more. */
  end(): void {
    this.#held += this.#coming
    this.#coming = 0
    this.#body = undefined
    this.release()
  }

  #checked(flag: number, length: number): number {
    if (flag > 1) throw new FairleadError('request-invalid', `a message begins with the flag ${flag}, and only 0 and 1 are known`)
    const { messageBytes } = this.#limits
    if (length > messageBytes) throw new FairleadError('body-too-large', `a message has ${length} bytes, at most ${messageBytes} are taken`)
    return length
  }

  #fillPrefix(chunk: Buffer, from: number): number {
    const end = Math.min(chunk.length, from + PREFIX_BYTES - this.#prefixed)
    this.#prefix ??= Buffer.alloc(PREFIX_BYTES)
    chunk.copy(this.#prefix, this.#prefixed, from, end)
    this.#prefixed += end - from
    if (this.#prefixed < PREFIX_BYTES) return end
    this.#length = this.#checked(this.#prefix[0]!, this.#prefix.readUInt32BE(1))
    this.#filled = 0
    this.#grow(Math.min(this.#length, BELIEVED))
    if (this.#length === 0) this.#finish()
    return end
  }

  #fillBody(chunk: Buffer, from: number): number {
    const end = Math.min(chunk.length, from + this.#length - this.#filled)
    const needed = this.#filled + end - from
    if (needed > this.#body!.length) this.#grow(Math.min(this.#length, Math.max(needed, 2 * this.#body!.length)))
    chunk.copy(this.#body!, this.#filled, from, end)
    this.#filled = needed
    if (this.#filled === this.#length) this.#finish()
    return end
  }

  #grow(size: number): void {
    const before = this.#body
    const more = size - (before?.length ?? 0)
    for (const [i, budget] of this.#limits.budgets.entries()) {
      if (budget.take(more)) continue
      for (const taken of this.#limits.budgets.slice(0, i)) taken.give(more)
      throw new FairleadError('too-many-requests', 'the messages under way hold too much memory; send fewer at once', { retryAfter: 1 })
    }
    this.#coming += more
    this.#body = Buffer.allocUnsafeSlow(size)
    before?.copy(this.#body, 0, 0, this.#filled)
  }

  #finish(): void {
    const bytes = this.#body!
    this.#body = undefined
    this.#prefixed = 0
    this.#held += this.#coming
    this.#coming = 0
    this.#take({ compressed: this.#prefix![0] === 1, bytes })
  }
}

/** A message behind its prefix. */
export function frame(message: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafe(PREFIX_BYTES + message.length)
  bytes[0] = 0
  bytes.writeUInt32BE(message.length, 1)
  bytes.set(message, PREFIX_BYTES)
  return bytes
}
