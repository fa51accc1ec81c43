import { FairleadError } from '@fairlead/contract'
import type { Telemetry as TelemetryAnswer } from '@fairlead/contract/control'
import { type Clock, rfc3339, systemClock } from '../../kernel/clock.ts'
import type { Logger } from '../../kernel/logger.ts'
import { difference, type Merged, mergeSnapshots } from './merge.ts'
import { addSums, emptySums, pointOf, type Sums, sumsOf, sumsOfRow } from './point.ts'
import { LONG, SHORT, TelemetryStore } from './store.ts'
import type { TelemetryDb } from './tables.ts'
import type { ProcessSnapshot, SeriesSnapshot, SnapshotStore } from './types.ts'

const SHORT_MS = SHORT * 1000
const DAY_MS = 86_400_000
/** Steps that are chosen when none is asked for, in seconds. */
const CHOICES = [10, 30, 60, 300, 900, 3600, 21_600, 86_400]
/** Points that a chosen step gives at most, and that a wanted one may. */
const CHOSEN_POINTS = 360
const MOST_POINTS = 10_000

export interface TelemetryOptions {
  db: TelemetryDb
  snapshots: SnapshotStore
  logger: Logger
  clock?: Clock
  /** Releases of a deployment that became active within `[from, to)`. */
  activations?: (deployment: string, from: number, to: number) => Promise<TelemetryAnswer['releases']>
}

/** A window of time in milliseconds since 1970; `step` in seconds, rounded up to whole tens, or whole minutes before the last day. */
export interface TelemetryWindow {
  since: number
  until?: number | undefined
  step?: number | undefined
}

/**
 * What was asked and how fast it was answered, over time. Every ten seconds it adds what all processes counted since the last time to
 * the store. Questions also see what was counted since then, so that the newest point is live.
 */
export class Telemetry {
  readonly #options: Required<Omit<TelemetryOptions, 'db'>>
  readonly #store: TelemetryStore
  #written: SeriesSnapshot[]
  readonly #startedAt: number
  #writtenAt: number
  #timer: NodeJS.Timeout | undefined
  #stopped = false

  constructor(options: TelemetryOptions) {
    this.#options = { clock: systemClock, activations: async () => [], ...options }
    this.#store = new TelemetryStore(options.db)
    // What processes counted before this one looked belongs to no step of its own.
    this.#written = this.merged().series
    this.#startedAt = this.#options.clock.now()
    this.#writtenAt = this.#startedAt
  }

  /** Counters of the whole platform now; they never go back. */
  merged(): Merged {
    return mergeSnapshots(this.processes())
  }

  /** The processes as they last described themselves. */
  processes(): ProcessSnapshot[] {
    return this.#options.snapshots.list()
  }

  /** Begins to write, at whole tens of seconds. */
  start(): void {
    const now = this.#options.clock.now()
    this.#timer = setTimeout(
      async () => {
        try {
          await this.tick()
        } catch (error) {
          this.#options.logger.error({ error }, 'telemetry could not be written; it will be with the next step')
        }
        if (!this.#stopped) this.start()
      },
      SHORT_MS - (now % SHORT_MS) + 5,
    )
    this.#timer.unref()
  }

  /** Adds what was counted since the last time to the step that has just ended. */
  async tick(): Promise<void> {
    const now = this.#options.clock.now()
    await this.#write(Math.round(now / SHORT_MS) * SHORT_MS - SHORT_MS)
    await this.#store.rollUp(now)
  }

  /** Writes the step under way. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true
    clearTimeout(this.#timer)
    await this.#write(Math.floor(this.#options.clock.now() / SHORT_MS) * SHORT_MS)
  }

  /**
   * A deployment's telemetry by steps. A step in which the platform was up and nothing was asked has 0 requests and null latencies;
   * one in which it was down is left out. Percentiles are those of all requests of the step together, from histograms with
   * buckets of 12 %. Throws `setting-invalid` when the window is empty or the steps are too many.
   */
  async telemetry(deployment: string, window: TelemetryWindow): Promise<TelemetryAnswer> {
    const now = this.#options.clock.now()
    const until = Math.min(window.until ?? now, now)
    const { stepSeconds, source } = chooseStep({ ...window, until }, now)
    const step = stepSeconds * 1000
    const from = Math.floor(window.since / step) * step
    const { rows, ticks } = await this.#store.read(deployment, { from, to: until, step: source })
    const points = new Map<number, Sums>()
    const sumsAt = (at: number) => {
      const start = Math.floor(at / step) * step
      const sums = points.get(start) ?? emptySums()
      points.set(start, sums)
      return sums
    }
    for (const at of ticks) sumsAt(at)
    for (const row of rows) addSums(sumsAt(row.at), sumsOfRow(row))
    if (until === now) addSums(sumsAt(Math.max(from, now - 1)), this.#live().get(deployment) ?? emptySums())
    return {
      deployment,
      from: rfc3339(from),
      to: rfc3339(until),
      stepSeconds,
      points: [...points].sort(([a], [b]) => a - b).map(([at, sums]) => pointOf(sums, rfc3339(at))),
      releases: await this.#options.activations(deployment, from, until),
    }
  }

  /** Sums of each deployment over the last `millis`, live, and the seconds of them in which the platform was up and counted. */
  async recent(millis: number): Promise<{ sums: Map<string, Sums>; seconds: number }> {
    const now = this.#options.clock.now()
    const { sums: result, ticks } = await this.#store.sumsSince(now - millis)
    const begun = Math.floor(this.#startedAt / SHORT_MS) * SHORT_MS
    const own = ticks.filter((at) => at >= begun).length * SHORT_MS + now - this.#writtenAt
    const before = ticks.filter((at) => at < begun).length * SHORT_MS
    const seconds = Math.max(1000, before + Math.min(own, now - this.#startedAt)) / 1000
    for (const [deployment, sums] of this.#live()) {
      const all = result.get(deployment)
      if (all) addSums(all, sums)
      else result.set(deployment, sums)
    }
    return { sums: result, seconds }
  }

  /** Requests per second of the last `minutes` minutes by deployment, oldest first, the minute under way last; null where nothing was recorded. */
  async sparklines(minutes: number, deployments: readonly string[]): Promise<Map<string, (number | null)[]>> {
    const now = this.#options.clock.now()
    const current = Math.floor(now / 60_000) * 60_000
    const first = current - (minutes - 1) * 60_000
    const { up, requests } = await this.#store.requestsByMinute(first)
    const known = new Map(requests.map((r) => [`${r.deployment} ${r.minute}`, r.requests]))
    const live = this.#live()
    return new Map(
      deployments.map((deployment) => {
        const values = Array.from({ length: minutes }, (_, i) => {
          const minute = first + i * 60_000
          if (minute !== current) return up.has(minute) ? (known.get(`${deployment} ${minute}`) ?? 0) / 60 : null
          const soFar = (known.get(`${deployment} ${minute}`) ?? 0) + (live.get(deployment)?.requests ?? 0)
          return soFar / Math.max(1, (now - current) / 1000)
        })
        return [deployment, values]
      }),
    )
  }

  async #write(at: number): Promise<void> {
    const { series } = this.merged()
    const now = this.#options.clock.now()
    const deltas = difference(this.#written, series)
    await this.#store.add(
      at,
      deltas.map((d) => ({ deployment: d.deployment, release: d.release, sums: sumsOf(d) })),
    )
    this.#written = series
    this.#writtenAt = now
  }

  /** What was counted since the last write, by deployment. */
  #live(): Map<string, Sums> {
    const result = new Map<string, Sums>()
    for (const series of difference(this.#written, this.merged().series)) {
      const sums = result.get(series.deployment) ?? emptySums()
      result.set(series.deployment, sums)
      addSums(sums, sumsOf(series))
    }
    return result
  }
}

function chooseStep(
  { since, until, step }: { since: number; until: number; step?: number | undefined },
  now: number,
): { stepSeconds: number; source: typeof SHORT | typeof LONG } {
  if (!(since < until)) throw invalid('since', 'must be before until, and not in the future')
  const source = since < now - DAY_MS ? LONG : SHORT
  const seconds = (until - since) / 1000
  const wanted = step ?? CHOICES.find((s) => s >= source && seconds / s <= CHOSEN_POINTS) ?? CHOICES.at(-1)!
  const stepSeconds = Math.ceil(wanted / source) * source
  if (!(wanted >= 1) || seconds / stepSeconds > MOST_POINTS) throw invalid('step', `must be such that there are at most ${MOST_POINTS} steps`)
  return { stepSeconds, source }
}

function invalid(path: string, detail: string): FairleadError {
  return new FairleadError('setting-invalid', `${path} ${detail}`, { items: [{ path, code: 'setting-invalid', detail }] })
}
