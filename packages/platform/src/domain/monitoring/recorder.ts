import { type FailureEvent, type PredictionEvent, RunCounters } from '../inference/index.ts'
import { Histogram, type HistogramData } from './histogram.ts'
import { Lifetimes, type WantedReleases } from './lifetimes.ts'
import { type SeriesSnapshot, STAGES, type Stage } from './types.ts'

interface Series {
  deployment: string
  release: number
  requests: number
  rows: number
  errors: Map<string, number>
  failedMs: number
  counters: RunCounters
  histograms: Record<Stage, Histogram>
  lastAt: number
}

function newSeries(deployment: string, release: number): Series {
  const histograms = Object.fromEntries(STAGES.map((stage) => [stage, new Histogram()])) as Record<Stage, Histogram>
  return { deployment, release, requests: 0, rows: 0, errors: new Map(), failedMs: 0, counters: new RunCounters(), histograms, lastAt: 0 }
}

function plain({ counts, sum, count }: Histogram): HistogramData {
  return { counts: Array.from(counts.subarray(0, counts.findLastIndex((n) => n > 0) + 1)), sum, count }
}

export interface RecorderOptions {
  /** Rows that wait in a release's queue now. */
  queueRows?: (deployment: string, release: number) => number
  now?: () => number
}

/**
 * Counts what one process answers, by deployment and release. `requests` are all, answered and failed; the histograms hold
 * answered ones only, so that quick refusals do not make a service look fast. A failure that names no release counts for the newest
 * one of its deployment; one that names a deployment which is not there, for the series with an empty name, because names that
 * callers make up must not make series.
 */
export class SeriesRecorder {
  readonly #options: RecorderOptions
  readonly #byDeployment = new Map<string, Map<number, Series>>()
  readonly #lifetimes = new Lifetimes()
  #lastRelease: object | undefined
  #lastSeries: Series | undefined

  constructor(options: RecorderOptions = {}) {
    this.#options = options
  }

  /** Makes the series of every release that should run, so that it is there, at zero, from the time it is loaded; others end. */
  keep(wanted: WantedReleases): void {
    this.#lifetimes.want(wanted)
    for (const { name, releases } of wanted) for (const release of releases) this.#series(name, release)
  }

  /** Where the runs of a release are counted. */
  counters(deployment: string, release: number): RunCounters {
    return this.#series(deployment, release).counters
  }

  /** Counts an answered request. `renderMs` is the time that writing the answer took, where it is known. */
  predicted(event: PredictionEvent, renderMs?: number): void {
    const { request, answer } = event
    if (answer.release !== this.#lastRelease) {
      this.#lastSeries = this.#series(answer.release.deployment, answer.release.number)
      this.#lastRelease = answer.release
    }
    const series = this.#lastSeries!
    series.requests++
    series.rows += request.rows
    series.lastAt = event.time
    const { histograms } = series
    histograms.total.add(event.totalMs)
    histograms.parse.add(request.parsedAt - request.receivedAt)
    histograms.queue.add(answer.queueMs)
    histograms.run.add(answer.runMs)
    const render = renderMs ?? event.renderMs
    if (render !== undefined) histograms.render.add(render)
    if (event.logMs !== undefined) histograms.log.add(event.logMs)
  }

  /** Counts a failed request. */
  failed(event: FailureEvent): void {
    const known = this.#byDeployment.get(event.deployment)
    const named = known && event.release !== undefined ? known.get(event.release) : undefined
    const newest = known ? Array.from(known.values()).at(-1) : undefined
    const series = named ?? newest ?? this.#series('', 0)
    series.requests++
    series.failedMs += event.totalMs
    series.errors.set(event.code, (series.errors.get(event.code) ?? 0) + 1)
    series.lastAt = (this.#options.now ?? Date.now)()
  }

  /** All series as plain data, and the word of those that have ended. */
  snapshot(): SeriesSnapshot[] {
    const now = (this.#options.now ?? Date.now)()
    this.#dropEnded(now)
    const result = this.#lifetimes.told(now)
    for (const releases of this.#byDeployment.values()) {
      for (const series of releases.values()) {
        const { deployment, release, requests, rows, errors, failedMs, counters, histograms, lastAt } = series
        const data = Object.fromEntries(STAGES.map((stage) => [stage, plain(histograms[stage])])) as Record<Stage, HistogramData>
        const queueRows = this.#options.queueRows?.(deployment, release) ?? 0
        result.push({
          deployment,
          release,
          requests,
          rows,
          errors: Object.fromEntries(errors),
          failedMs,
          runs: counters.runs,
          sizes: counters.sizes(),
          histograms: data,
          queueRows,
          lastAt,
        })
      }
    }
    return result
  }

  #dropEnded(now: number): void {
    for (const [deployment, releases] of this.#byDeployment) {
      for (const release of releases.keys()) {
        if (!this.#lifetimes.hasEnded({ deployment, release }, now)) continue
        releases.delete(release)
        this.#lastRelease = undefined
      }
      if (releases.size === 0) this.#byDeployment.delete(deployment)
    }
  }

  #series(deployment: string, release: number): Series {
    let releases = this.#byDeployment.get(deployment)
    if (!releases) {
      releases = new Map()
      this.#byDeployment.set(deployment, releases)
    }
    let series = releases.get(release)
    if (!series) {
      series = newSeries(deployment, release)
      releases.set(release, series)
    }
    return series
  }
}
