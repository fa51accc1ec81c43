/** The longest rest, whatever came before it. */
const LONGEST_MS = 3000

/** Gives work in the background a share of the time, so that predictions on the same machine have the rest of it. */
export class Pace {
  readonly #share: number
  #hurrying = 0
  #wake: (() => void) | undefined

  /** `share` of the time, above 0 and at most 1. */
  constructor(share: number) {
    this.#share = share
  }

  /** Rests for as long as belongs to work of `workedMs`; not while somebody hurries it. */
  async rest(workedMs: number): Promise<void> {
    const ms = Math.min(LONGEST_MS, workedMs * (1 / this.#share - 1))
    if (this.#hurrying > 0 || ms < 1) return
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms)
      // not held on to: a rest must not keep the process
      timer.unref()
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
    this.#wake = undefined
  }

  /** Has the work done without a rest until `work` has settled. */
  async hurry<T>(work: () => Promise<T>): Promise<T> {
    this.#hurrying++
    this.#wake?.()
    try {
      return await work()
    } finally {
      this.#hurrying--
    }
  }
}
