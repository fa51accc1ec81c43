/** How long to wait between attempts, in milliseconds. */
export interface BackoffOptions {
  /** Upper bound of the first wait. */
  baseMs: number
  /** Upper bound of every wait. */
  maxMs: number
  /** A number from 0 up to 1; `Math.random` unless told. */
  random?: () => number
}

/** Milliseconds before attempt `attempt + 1`, after `attempt` (from 0) failed: exponential, with full jitter. */
export function backoffMs(attempt: number, { baseMs, maxMs, random = Math.random }: BackoffOptions): number {
  return random() * Math.min(maxMs, baseMs * 2 ** Math.min(attempt, 52))
}
