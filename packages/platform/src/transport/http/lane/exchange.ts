import { type Answer, type BodyListener, Exchange } from '../exchange.ts'
import type { LaneHead } from './head.ts'

/** What a request of the lane needs of its connection. */
export interface Wire {
  /** Whether nobody is there any more. */
  readonly gone: boolean
  /** Calls back once, with the whole body of the request in hand; never when the client goes away. */
  readBody(done: (bytes: Buffer) => void): void
  /** Sends the answer to the request in hand. */
  answer(answer: Answer): void
}

/** A request that came through the fast lane. */
export class LaneExchange extends Exchange {
  readonly #wire: Wire
  #answered = false

  constructor(head: LaneHead, receivedAt: number, { wire, draining }: { wire: Wire; draining: () => boolean }) {
    super(head, receivedAt, draining)
    this.#wire = wire
  }

  get answered(): boolean {
    return this.#answered || this.#wire.gone
  }

  /** Bodies above the limit are not of the lane's form, so there is nothing to refuse here. */
  readBody(_limit: number, { done }: BodyListener): void {
    this.#wire.readBody(done)
  }

  protected write(answer: Answer): void {
    this.#answered = true
    this.#wire.answer(answer)
  }
}
