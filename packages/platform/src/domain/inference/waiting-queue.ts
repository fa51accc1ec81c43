import type { QueuedRequest } from './queued-request.ts'

/**
 * A request goes before those of the next lower level that came up to so long before it. So the higher go first, and nobody
 * waits behind them for ever: one of level `p` lets pass those of level `q` that come within `(p - q) * AGEING_MS` of it.
 */
export const AGEING_MS = 500

/** Beyond so many empty places at the front, the others move up. */
const EMPTY = 1024

/** Requests that wait for a run, in the order in which they will have it: by level and age, and first come first within a level. */
export class WaitingQueue implements Iterable<QueuedRequest> {
  #requests: (QueuedRequest | undefined)[] = []
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
    return this.#requests.length - this.#head
  }

  /** Who is next. */
  get first(): QueuedRequest | undefined {
    return this.#requests[this.#head]
  }

  *[Symbol.iterator](): Iterator<QueuedRequest> {
    for (let i = this.#head; i < this.#requests.length; i++) yield this.#requests[i]!
  }

  /** Takes a request up, as one that came at `now`. */
  add(request: QueuedRequest, now: number): void {
    request.rank = now + request.priority * AGEING_MS
    this.#rows += request.rows - request.taken
    this.#bytes += request.bytes
    const last = this.#requests[this.#requests.length - 1]
    if (!last || last.rank <= request.rank) this.#requests.push(request)
    else this.#requests.splice(this.#place(request.rank), 0, request)
  }

  /** Takes away who is next. */
  shift(): QueuedRequest | undefined {
    const request = this.#requests[this.#head]
    if (!request) return undefined
    this.#gone(request)
    // what was answered is not kept
    this.#requests[this.#head++] = undefined
    if (this.#head === this.#requests.length) this.#requests.length = 0
    else if (this.#head < EMPTY) return request
    else this.#requests.splice(0, this.#head)
    this.#head = 0
    return request
  }

  /** Takes away those that `keep` does not want, and answers them. */
  sift(keep: (request: QueuedRequest) => boolean): QueuedRequest[] {
    const kept: QueuedRequest[] = []
    const out: QueuedRequest[] = []
    for (const request of this) (keep(request) ? kept : out).push(request)
    for (const request of out) this.#gone(request)
    this.#requests = kept
    this.#head = 0
    return out
  }

  #gone(request: QueuedRequest): void {
    this.#rows -= request.rows - request.taken
    this.#bytes -= request.bytes
  }

  /** Index of the first that comes after `rank`. */
  #place(rank: number): number {
    let low = this.#head
    let high = this.#requests.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#requests[middle]!.rank <= rank) low = middle + 1
      else high = middle
    }
    return low
  }
}
