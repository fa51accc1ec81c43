import type { RunCount } from '../inference/index.ts'
import { addHistogram } from './histogram.ts'
import { Lifetimes, type WantedReleases } from './lifetimes.ts'
import { emptySeries, type LogCounters, type ProcessSnapshot, type SeriesSnapshot, STAGES } from './types.ts'

/** Counters of the whole platform: sums over all processes, also those that ended. */
export interface Merged {
  series: SeriesSnapshot[]
  log: LogCounters
}

const keyOf = (series: Pick<SeriesSnapshot, 'deployment' | 'release'>) => `${series.deployment}\u0000${series.release}`

function addSizes(into: SeriesSnapshot, sizes: readonly RunCount[], sign: 1 | -1): void {
  for (const { rows, runs, inputMs, runMs, outputMs } of sizes) {
    let sum = into.sizes.find((one) => one.rows === rows)
    if (!sum) {
      sum = { rows, runs: 0, inputMs: 0, runMs: 0, outputMs: 0 }
      into.sizes.push(sum)
    }
    sum.runs += sign * runs
    sum.inputMs += sign * inputMs
    sum.runMs += sign * runMs
    sum.outputMs += sign * outputMs
  }
  into.sizes.sort((a, b) => a.rows - b.rows)
}

function addSeries(into: Map<string, SeriesSnapshot>, series: SeriesSnapshot, sign: 1 | -1 = 1): void {
  const key = keyOf(series)
  let sum = into.get(key)
  if (!sum) {
    sum = emptySeries(series.deployment, series.release)
    into.set(key, sum)
  }
  sum.requests += sign * series.requests
  sum.rows += sign * series.rows
  for (const [code, count] of Object.entries(series.errors)) sum.errors[code] = (sum.errors[code] ?? 0) + sign * count
  sum.failedMs += sign * series.failedMs
  sum.runs += sign * series.runs
  addSizes(sum, series.sizes, sign)
  for (const stage of STAGES) addHistogram(sum.histograms[stage], series.histograms[stage], sign)
  if (sign === 1) sum.queueRows += series.queueRows
  sum.lastAt = Math.max(sum.lastAt, series.lastAt)
}

/** Sums series over processes, by deployment and release; what any calls gone is left out. */
export function mergeSeries(all: readonly SeriesSnapshot[]): SeriesSnapshot[] {
  const gone = new Set(all.filter((series) => series.gone).map(keyOf))
  const sums = new Map<string, SeriesSnapshot>()
  for (const series of all) if (!gone.has(keyOf(series))) addSeries(sums, series)
  return [...sums.values()].sort((a, b) => (a.deployment === b.deployment ? a.release - b.release : a.deployment < b.deployment ? -1 : 1))
}

/** Sums the snapshots of processes. */
export function mergeSnapshots(snapshots: readonly ProcessSnapshot[]): Merged {
  const log: LogCounters = { rows: 0, dropped: 0, bytes: 0 }
  for (const snapshot of snapshots) {
    log.rows += snapshot.log.rows
    log.dropped += snapshot.log.dropped
    log.bytes += snapshot.log.bytes
    if (snapshot.log.omitted) log.omitted = (log.omitted ?? 0) + snapshot.log.omitted
  }
  return { series: mergeSeries(snapshots.flatMap((s) => s.series)), log }
}

/**
 * What was counted between two sums, by deployment and release; series without a change are left out. A counter that went back
 * (its history is gone) counts as begun anew.
 */
export function difference(before: readonly SeriesSnapshot[], after: readonly SeriesSnapshot[]): SeriesSnapshot[] {
  const old = new Map(before.map((series) => [keyOf(series), series]))
  const result: SeriesSnapshot[] = []
  for (const series of after) {
    const delta = new Map<string, SeriesSnapshot>()
    addSeries(delta, series)
    const past = old.get(keyOf(series))
    if (past && past.requests <= series.requests) addSeries(delta, past, -1)
    const [value] = delta.values()
    if (value && value.requests > 0) result.push(value)
  }
  return result
}

/**
 * Counters of processes that have ended. The process that outlives them publishes these as its own, so that the sums over all snapshots
 * never go back.
 */
export class EndedCounters {
  readonly #lifetimes = new Lifetimes()
  #sum: Merged = mergeSnapshots([])

  /** Takes up what should run; the series of the rest end here as they do in the processes that live. */
  keep(wanted: WantedReleases): void {
    this.#lifetimes.want(wanted)
  }

  /** The sums so far, and the word of series that have ended by `now`. */
  snapshot(now: number): Merged {
    const { series, log } = this.#sum
    this.#sum = { series: series.filter((one) => !this.#lifetimes.hasEnded(one, now)), log }
    return { series: [...this.#lifetimes.told(now), ...this.#sum.series], log }
  }

  /** Takes up what a process published last. */
  add(last: ProcessSnapshot): void {
    // a queue ends with its process; only counters go on
    const series = last.series.map((one) => ({ ...one, queueRows: 0 }))
    this.#sum = mergeSnapshots([
      { ...last, ...this.#sum },
      { ...last, series },
    ])
  }
}
