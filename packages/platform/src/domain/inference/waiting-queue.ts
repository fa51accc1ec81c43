import type { Job } from './job.ts'

/**
 * A request goes before those of the next lower level that came up to so long before it. So the higher go first, and nobody
 * waits behind them for ever: one of level `p` lets pass those of level `q` that come within `(p - q) * AGEING_MS` of it.
 */
export const AGEING_MS = 500

/** Beyond so many empty places at the front, the others move up. */
const EMPTY = 1024

/** Requests that wait for a run, in the order in which they will have it: by level and age, and first come first within a level. */
export class WaitingQueue implements Iterable<Job> {
  #jobs: (Job | undefined)[] = []
  #head = 0
  #rows = 0
  #bytes = 0

  /** Rows that no run has taken yet. */
  get rows(): number {
    return this.#rows
  }

  /** About how much memory the inputs hold. */
  get bytes(): number {
    return this.#bytes
  }

  get length(): number {
    return this.#jobs.length - this.#head
  }

  /** Who is next. */
  get first(): Job | undefined {
    return this.#jobs[this.#head]
  }

  *[Symbol.iterator](): Iterator<Job> {
    for (let i = this.#head; i < this.#jobs.length; i++) yield this.#jobs[i]!
  }

  /** Takes a request up, as one that came at `now`. */
  add(job: Job, now: number): void {
    job.rank = now + job.priority * AGEING_MS
    this.#rows += job.rows - job.taken
    this.#bytes += job.bytes
    const last = this.#jobs[this.#jobs.length - 1]
    if (!last || last.rank <= job.rank) this.#jobs.push(job)
    else this.#jobs.splice(this.#place(job.rank), 0, job)
  }

  /** Takes away who is next. */
  shift(): Job | undefined {
    const job = this.#jobs[this.#head]
    if (!job) return undefined
    this.#gone(job)
    // what was answered is not kept
    this.#jobs[this.#head++] = undefined
    if (this.#head === this.#jobs.length) this.#jobs.length = 0
    else if (this.#head < EMPTY) return job
    else this.#jobs.splice(0, this.#head)
    this.#head = 0
    return job
  }

  /** Takes away those that `keep` does not want, and answers them. */
  sift(keep: (job: Job) => boolean): Job[] {
    const kept: Job[] = []
    const out: Job[] = []
    for (const job of this) (keep(job) ? kept : out).push(job)
    for (const job of out) this.#gone(job)
    this.#jobs = kept
    this.#head = 0
    return out
  }

  #gone(job: Job): void {
    this.#rows -= job.rows - job.taken
    this.#bytes -= job.bytes
  }

  /** Index of the first that comes after `rank`. */
  #place(rank: number): number {
    let low = this.#head
    let high = this.#jobs.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#jobs[middle]!.rank <= rank) low = middle + 1
      else high = middle
    }
    return low
  }
}
