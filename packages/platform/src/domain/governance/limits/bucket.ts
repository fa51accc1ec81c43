import type { RatePolicy } from './policy.ts'

/** A bucket as all processes share it: requests left at a moment, less than none where more were let through than allowed. */
export interface Level {
  level: number
  /** Milliseconds since 1970. */
  at: number
}

/**
 * A token bucket: it holds `burst` requests and fills at the rate. Every process has its own view of it, from which it takes at once;
 * what it took and what the others took meet in the shared one (`LimitStore`), and each view is lowered to that.
 */
export class Bucket {
  readonly subject: string
  policy: RatePolicy
  /** Requests taken since the last exchange. */
  taken = 0
  usedAt: number
  readonly #onFirst: (bucket: Bucket) => void
  #level: number
  #at: number

  /** `onFirst` is told of the first request that is taken after an exchange; it may put `taken` back to be told again. */
  constructor(subject: string, policy: RatePolicy, { shared, now, onFirst }: { shared: Level | undefined; now: number; onFirst(bucket: Bucket): void }) {
    this.subject = subject
    this.policy = policy
    this.#onFirst = onFirst
    this.#level = policy.burst
    this.#at = this.usedAt = now
    if (shared) this.lower(shared, now)
  }

  /** Requests that may come now. */
  left(now: number): number {
    this.#fill(now)
    return Math.max(0, Math.floor(this.#level))
  }

  /** Milliseconds until a request may come; 0 when one may come now. */
  waitMs(now: number): number {
    this.#fill(now)
    return this.#level >= 1 ? 0 : (1 - this.#level) / this.policy.perMs
  }

  /** Takes a request, which must be there. */
  take(now: number): void {
    this.#level--
    this.usedAt = now
    if (this.taken++ === 0) this.#onFirst(this)
  }

  /** Takes up what all processes took. */
  lower({ level, at }: Level, now: number): void {
    this.#fill(now)
    const shared = level + Math.max(0, now - at) * this.policy.perMs - this.taken
    this.#level = Math.min(this.#level, shared)
  }

  #fill(now: number): void {
    // a clock that was set back must not stop the filling for as long
    const passed = Math.max(0, now - this.#at)
    this.#at = now
    this.#level = Math.min(this.policy.burst, this.#level + passed * this.policy.perMs)
  }
}
