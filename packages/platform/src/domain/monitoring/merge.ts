import { addHistogram } from './histogram.ts'
import { emptySeries } from './recorder.ts'
import { type ProcessSnapshot, type SeriesSnapshot, STAGES } from './types.ts'

/** Counters of the whole platform: sums over all processes, also those that ended. */
export interface Merged {
  series: SeriesSnapshot[]
  log: { rows: number; dropped: number; bytes: number }
}

const keyOf = (series: Pick<SeriesSnapshot, 'deployment' | 'release'>) => `${series.deployment}\u0000${series.release}`

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
  for (const stage of STAGES) addHistogram(sum.histograms[stage], series.histograms[stage], sign)
  if (sign === 1) sum.queueRows += series.queueRows
  sum.lastAt = Math.max(sum.lastAt, series.lastAt)
}

/** Sums series over processes, by deployment and release. */
export function mergeSeries(all: Iterable<SeriesSnapshot>): SeriesSnapshot[] {
  const sums = new Map<string, SeriesSnapshot>()
  for (const series of all) addSeries(sums, series)
  return [...sums.values()].sort((a, b) => (a.deployment === b.deployment ? a.release - b.release : a.deployment < b.deployment ? -1 : 1))
}

/** Sums the snapshots of processes. */
export function mergeSnapshots(snapshots: readonly ProcessSnapshot[]): Merged {
  const log = { rows: 0, dropped: 0, bytes: 0 }
  for (const snapshot of snapshots) {
    log.rows += snapshot.log.rows
    log.dropped += snapshot.log.dropped
    log.bytes += snapshot.log.bytes
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

/** One life of one process. */
const lifeOf = (snapshot: ProcessSnapshot) => `${snapshot.process}\u0000${snapshot.pid}\u0000${snapshot.startedAt}`

/**
 * Keeps counters from going back when a process ends: what it counted last is carried on. Give it all snapshots each time they
 * are looked at; it answers the sums over the living and the dead.
 */
export class Carry {
  readonly #last = new Map<string, ProcessSnapshot>()
  #carried: ProcessSnapshot | undefined

  observe(snapshots: readonly ProcessSnapshot[]): Merged {
    const now = new Map(snapshots.map((s) => [lifeOf(s), s]))
    for (const [life, last] of this.#last) {
      const current = now.get(life)
      if (!current) this.#keep(last, last.series)
      else {
        const present = new Set(current.series.map(keyOf))
        const gone = last.series.filter((s) => !present.has(keyOf(s)))
        if (gone.length > 0) this.#keep({ ...last, log: { rows: 0, dropped: 0, bytes: 0 } }, gone)
      }
      this.#last.delete(life)
    }
    for (const [life, snapshot] of now) this.#last.set(life, snapshot)
    return mergeSnapshots(this.#carried ? [...snapshots, this.#carried] : snapshots)
  }

  /** Drops what was carried of a removed deployment. */
  forget(deployment: string): void {
    if (this.#carried) this.#carried = { ...this.#carried, series: this.#carried.series.filter((s) => s.deployment !== deployment) }
  }

  #keep(last: ProcessSnapshot, series: SeriesSnapshot[]): void {
    // A queue ends with its process; only counters go on.
    const ended = { ...last, series: series.map((s) => ({ ...s, queueRows: 0 })) }
    this.#carried = { ...last, ...mergeSnapshots(this.#carried ? [this.#carried, ended] : [ended]) }
  }
}
