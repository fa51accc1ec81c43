/** Steps from 1 to 2, from 2 to 5 and from 5 to 10: each about 12 %. */
const STEPS = [
  [1, 2, 6],
  [2, 5, 8],
  [5, 10, 6],
] as const

function bounds(): number[] {
  const result: number[] = []
  for (let decade = -2; decade <= 4; decade++) {
    for (const [from, to, count] of STEPS) {
      for (let i = 0; i < count; i++) {
        // Whole ends of a step are written exactly, because they are the bounds that Prometheus shows.
        const value = i === 0 ? Number(`${from}e${decade}`) : Number((10 ** decade * from * (to / from) ** (i / count)).toPrecision(6))
        if (value < 60_000) result.push(value)
      }
    }
  }
  return [...result, 60_000]
}

/** Upper bounds in milliseconds, each belonging to its bucket: 0.01 ms to a minute in steps of about 12 %. Above the last is one more bucket. */
export const BUCKET_BOUNDS: readonly number[] = bounds()

/** Buckets of a histogram: one a bound, and one for what is above. */
export const BUCKETS = BUCKET_BOUNDS.length + 1

const BOUNDS = Float64Array.from(BUCKET_BOUNDS)

/** Index of the bucket of a duration. */
export function bucketOf(millis: number): number {
  let low = 0
  let high = BOUNDS.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (BOUNDS[middle]! < millis) low = middle + 1
    else high = middle
  }
  return low
}

/** Counts of durations in milliseconds. Adding allocates nothing. */
export class Histogram {
  readonly counts = new Float64Array(BUCKETS)
  sum = 0
  count = 0

  /** A duration that is not a number counts as 0; a negative one, as a clock may make it, too. */
  add(millis: number): void {
    const value = millis > 0 ? millis : 0
    this.counts[bucketOf(value)]!++
    this.sum += value
    this.count++
  }
}

/** A histogram as plain data. */
export interface HistogramData {
  counts: number[]
  sum: number
  count: number
}

export function emptyHistogram(): HistogramData {
  return { counts: new Array<number>(BUCKETS).fill(0), sum: 0, count: 0 }
}

/** Adds `sign` times `other` to `into`. */
export function addHistogram(into: HistogramData, other: HistogramData, sign: 1 | -1 = 1): void {
  for (let i = 0; i < BUCKETS; i++) into.counts[i]! += sign * (other.counts[i] ?? 0)
  into.sum += sign * other.sum
  into.count += sign * other.count
}

/**
 * The duration in milliseconds below which the share `q` lies, interpolated within its bucket, so that it is right to about 6 %.
 * `null` when nothing was counted; the last bound for what lies above it.
 */
export function quantile(histogram: Pick<HistogramData, 'counts'>, q: number): number | null {
  const total = histogram.counts.reduce((sum, n) => sum + n, 0)
  if (total <= 0) return null
  const rank = q * total
  let below = 0
  for (let i = 0; i < BUCKET_BOUNDS.length; i++) {
    const here = histogram.counts[i] ?? 0
    if (here > 0 && below + here >= rank) {
      const low = i === 0 ? 0 : BUCKET_BOUNDS[i - 1]!
      return low + (BUCKET_BOUNDS[i]! - low) * Math.max(0, (rank - below) / here)
    }
    below += here
  }
  return BUCKET_BOUNDS.at(-1)!
}
