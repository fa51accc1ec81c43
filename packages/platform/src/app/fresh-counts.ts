/** How long an answer from control is waited for. */
const WAIT_MS = 300

/**
 * Has all processes publish their counts before they are summed up. Those who ask while others wait share the round after it: a round
 * that has begun may have missed what they know of.
 */
export class FreshCounts {
  readonly #ask: (ask: number) => void
  #asked = 0
  #heard: (() => void) | undefined
  #running: Promise<void> | undefined
  #next: Promise<void> | undefined

  /** `ask` sends the question to control, which answers with the same number. */
  constructor(ask: (ask: number) => void) {
    this.#ask = ask
  }

  /** Control says that all have published. */
  heard(ask: number): void {
    if (ask === this.#asked) this.#heard?.()
  }

  /** Settles when all have published, at the latest after `WAIT_MS` for each round. */
  fresh(): Promise<void> {
    if (!this.#running) return this.#begin()
    this.#next ??= this.#running.then(() => {
      this.#next = undefined
      return this.#begin()
    })
    return this.#next
  }

  #begin(): Promise<void> {
    this.#running = new Promise<void>((resolve) => {
      const done = () => {
        clearTimeout(timer)
        this.#heard = undefined
        this.#running = undefined
        resolve()
      }
      const timer = setTimeout(done, WAIT_MS)
      this.#heard = done
      this.#ask(++this.#asked)
    })
    return this.#running
  }
}
