import { FairleadError } from '@fairlead/contract'
import type { Clock } from '../../kernel/clock.ts'

const WINDOW_MS = 60_000
const FAILURES_ALLOWED = 10
const ADDRESSES_KEPT = 10_000

/** The secret of a sign-in link: 256 bits, which nobody guesses at any speed. Links are not held up, so that nobody is locked out by another's guesses. */
const LINK_SECRET = /^fls_[A-Za-z0-9_-]{43}$/

/** Counts failed sign-ins with tokens by address, so that tokens cannot be guessed at speed. */
export class SignInLimit {
  readonly #clock: Clock
  readonly #failures = new Map<string, { count: number; since: number }>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Throws `too-many-requests` after ten failures within a minute. */
  check(address: string, token: string): void {
    if (LINK_SECRET.test(token)) return
    const seen = this.#failures.get(address)
    if (!seen) return
    const left = seen.since + WINDOW_MS - this.#clock.now()
    if (left <= 0) this.#failures.delete(address)
    else if (seen.count >= FAILURES_ALLOWED) {
      throw new FairleadError('too-many-requests', 'Too many failed sign-ins from this address.', { retryAfter: Math.ceil(left / 1000) })
    }
  }

  failed(address: string, token: string): void {
    if (LINK_SECRET.test(token)) return
    const seen = this.#failures.get(address) ?? { count: 0, since: this.#clock.now() }
    seen.count++
    this.#failures.delete(address)
    this.#failures.set(address, seen)
    const [oldest] = this.#failures.keys()
    if (this.#failures.size > ADDRESSES_KEPT && oldest !== undefined) this.#failures.delete(oldest)
  }

  succeeded(address: string): void {
    this.#failures.delete(address)
  }
}
