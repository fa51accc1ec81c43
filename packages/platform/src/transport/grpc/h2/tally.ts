import { CODE, ConnectionError } from './protocol.ts'

/** Counts what a client may do only so often. */
export class Tally {
  readonly #most: number
  readonly #forgiven: number
  readonly #what: string
  #count = 0

  /** `forgiven`: so many are forgotten at each `turn`; all, if it is not told. */
  constructor(what: string, most: number, forgiven: number = most) {
    this.#what = what
    this.#most = most
    this.#forgiven = forgiven
  }

  /** Throws ConnectionError when it is one too many. */
  count(): void {
    if (++this.#count > this.#most) throw new ConnectionError(CODE.calm, `more than ${this.#most} ${this.#what}`)
  }

  turn(): void {
    this.#count = Math.max(0, this.#count - this.#forgiven)
  }
}
