/** Wall time, replaceable in tests. */
export interface Clock {
  /** Milliseconds since 1970, UTC. */
  now(): number
}

/** The machine's clock. */
export const systemClock: Clock = { now: () => Date.now() }

/** RFC 3339 in UTC with milliseconds, the one form in which Fairlead writes times. */
export function rfc3339(millis: number): string {
  return new Date(millis).toISOString()
}
