import type { Arrivals } from './types.ts'

/** Numbers from 0 up to 1 that are the same for the same seed (mulberry32). */
export function random(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** The pauses in milliseconds between requests that come at `rate` a second: all alike, or of a Poisson process. */
export function gaps(rate: number, arrivals: Arrivals, seed: number): () => number {
  const mean = 1000 / rate
  if (arrivals === 'constant') return () => mean
  const next = random(seed)
  return () => -Math.log(1 - next()) * mean
}
