import { overloaded } from '../body-refusals.ts'
import { type Answer, type BodyListener, Exchange, type ExchangeWorld } from '../exchange.ts'
import type { LaneHead } from './head.ts'

/** What a request of the lane needs of its connection. */
export interface Wire {
  /** Whether nobody is there any more. */
  readonly gone: boolean
  /** Address of the client. */
  readonly peer: string
  /** The body of the request in hand, if all of it came with its head. To be called at most once. */
  wholeBody(): Buffer | undefined
  /**
   * Calls back once, with the whole body of the request in hand, when it has come; never when the client goes away. `hold` asks for room for it,
   * in parts; where there is none, `full` is called instead, and the rest is thrown away as it comes.
   */
  gatherBody(listener: { done(bytes: Buffer): void; hold(bytes: number): boolean; full(): void }): void
  /** Sends the answer to the request in hand. */
  answer(answer: Answer): void
}

/** What requests of one connection share. */
export interface LaneWorld extends ExchangeWorld {
  readonly wire: Wire
}

/** A request that came through the fast lane. */
export class LaneExchange extends Exchange {
  readonly #wire: Wire
  #answered = false

  constructor(head: LaneHead, receivedAt: number, world: LaneWorld) {
    super(head, receivedAt, world)
    this.#wire = world.wire
  }

  get answered(): boolean {
    return this.#answered || this.#wire.gone
  }

  get peer(): string {
    return this.#wire.peer
  }

  /** Bodies above the limit are not of the lane's form, so there is nothing to refuse here. */
  protected takeBody(_limit: number, { done, refused }: BodyListener): void {
    const whole = this.#wire.wholeBody()
    if (whole) {
      done(whole)
      return
    }
    const full = () => {
      const error = overloaded()
      refused(error)
      this.fail(error)
    }
    this.#wire.gatherBody({ done, full, hold: (bytes) => this.hold(bytes) })
  }

  protected write(answer: Answer): void {
    this.#answered = true
    this.#wire.answer(answer)
  }
}
