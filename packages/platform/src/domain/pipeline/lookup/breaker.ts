import { backoffMs } from '../../../kernel/backoff.ts'

/** Failures in a row after which a service is left alone for a while. */
const PATIENCE = 5
const BACKOFF = { baseMs: 1000, maxMs: 30_000 }

/**
 * Leaves a service alone that keeps failing, so that nobody waits for it and it can recover: after some failures in a row nothing is asked for a while,
 * then one request tries, and success ends it.
 */
export class Breaker {
  readonly #now: () => number
  readonly #random: () => number
  #failures = 0
  #until = 0
  #trying = false

  constructor(now: () => number, random: () => number = Math.random) {
    this.#now = now
    this.#random = random
  }

  /** Whether a request may be made; whoever is told so reports what came of it. */
  allows(): boolean {
    if (this.#failures < PATIENCE) return true
    if (this.#trying || this.#now() < this.#until) return false
    this.#trying = true
    return true
  }

  succeeded(): void {
    this.#failures = 0
    this.#trying = false
  }

  failed(): void {
    this.#failures++
    this.#trying = false
    // at least half of the wait, so that it is one
    if (this.#failures >= PATIENCE) this.#until = this.#now() + backoffMs(this.#failures - PATIENCE, { ...BACKOFF, random: () => 0.5 + this.#random() / 2 })
  }
}
