/** Which loads come first: those that a request waits for, then what should answer, then candidates. */
export const PRIORITY = { request: 0, current: 1, candidate: 2 } as const
export type Priority = (typeof PRIORITY)[keyof typeof PRIORITY]

interface Load {
  priority: Priority
  run(): Promise<void>
}

/** A load in the queue. */
export interface Ticket {
  /** Lets it go before others of a lower priority, if it has not begun. */
  raise(priority: Priority): void
  /** Loads that are under way or will begin before it; 0 once it has begun. */
  before(): number
}

/** Runs a few loads at a time, by priority, and of equal ones in their order. One that hangs keeps its own place only. */
export class LoadQueue {
  readonly #limit: number
  readonly #waiting: Load[] = []
  #running = 0

  constructor(limit: number) {
    this.#limit = limit
  }

  /** Loads that have begun. */
  get running(): number {
    return this.#running
  }

  /** Loads that have not. */
  get waiting(): number {
    return this.#waiting.length
  }

  /** Puts a load into the queue; it begins at once if there is room. `run` must not reject. */
  add(priority: Priority, run: () => Promise<void>): Ticket {
    const load: Load = { priority, run }
    this.#insert(load)
    this.#next()
    return {
      raise: (higher) => {
        const at = this.#waiting.indexOf(load)
        if (at < 0 || load.priority <= higher) return
        this.#waiting.splice(at, 1)
        load.priority = higher
        this.#insert(load)
      },
      before: () => {
        const at = this.#waiting.indexOf(load)
        return at < 0 ? 0 : at + this.#running
      },
    }
  }

  #insert(load: Load): void {
    const at = this.#waiting.findIndex(({ priority }) => priority > load.priority)
    this.#waiting.splice(at < 0 ? this.#waiting.length : at, 0, load)
  }

  #next(): void {
    while (this.#running < this.#limit) {
      const load = this.#waiting.shift()
      if (!load) return
      this.#running++
      void load.run().finally(() => {
        this.#running--
        this.#next()
      })
    }
  }
}
