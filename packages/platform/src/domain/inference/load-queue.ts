/** Which loads come first: those that a request waits for, then what should answer, then candidates. */
export const PRIORITY = { request: 0, current: 1, candidate: 2 } as const
export type Priority = (typeof PRIORITY)[keyof typeof PRIORITY]

interface Job {
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
  readonly #waiting: Job[] = []
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
    const job: Job = { priority, run }
    this.#insert(job)
    this.#next()
    return {
      raise: (higher) => {
        const at = this.#waiting.indexOf(job)
        if (at < 0 || job.priority <= higher) return
        this.#waiting.splice(at, 1)
        job.priority = higher
        this.#insert(job)
      },
      before: () => {
        const at = this.#waiting.indexOf(job)
        return at < 0 ? 0 : at + this.#running
      },
    }
  }

  #insert(job: Job): void {
    const at = this.#waiting.findIndex(({ priority }) => priority > job.priority)
    this.#waiting.splice(at < 0 ? this.#waiting.length : at, 0, job)
  }

  #next(): void {
    while (this.#running < this.#limit) {
      const job = this.#waiting.shift()
      if (!job) return
      this.#running++
      void job.run().finally(() => {
        this.#running--
        this.#next()
      })
    }
  }
}
