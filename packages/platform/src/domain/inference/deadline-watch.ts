/** Node fires at once what is set for later than 2^31 ms; a look in between costs nothing. */
const LONGEST_MS = 60_000

/**
 * One timer for all who wait in one queue, set at the earliest deadline of those it was told of. `sweep` ends what is overdue at
 * `now` and answers the earliest deadline that is left, `Infinity` when nobody waits. Times in milliseconds since 1970.
 */
export class DeadlineWatch implements Disposable {
  readonly #sweep: (now: number) => number
  #timer: NodeJS.Timeout | undefined
  #at = Number.POSITIVE_INFINITY

  constructor(sweep: (now: number) => number) {
    this.#sweep = sweep
  }

  /** Whether the timer is set: then it covers all who wait but for those who came since and were not covered. */
  get armed(): boolean {
    return this.#timer !== undefined
  }

  /** Looks at `deadline` at the latest. */
  cover(deadline: number): void {
    if (deadline >= this.#at) return
    this[Symbol.dispose]()
    this.#at = deadline
    this.#timer = setTimeout(() => this.#look(), Math.max(1, Math.min(deadline - Date.now(), LONGEST_MS))).unref()
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#at = Number.POSITIVE_INFINITY
  }

  #look(): void {
    this[Symbol.dispose]()
    this.cover(this.#sweep(Date.now()))
  }
}
