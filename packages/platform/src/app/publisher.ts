import { monitorEventLoopDelay, performance } from 'node:perf_hooks'
import type { ModelGauges, ProcessSnapshot, SeriesSnapshot, SnapshotStore } from '../domain/monitoring/index.ts'

/** How often the event loop is looked at. */
const SAMPLE_MS = 20

export interface PublisherOptions {
  process: string
  slot: string
  role: ProcessSnapshot['role']
  restarts: number
  hangs?: number
  restartReason?: string | undefined
  store: SnapshotStore
  series(): SeriesSnapshot[]
  log(): ProcessSnapshot['log']
  models?(): ModelGauges
  connections(): number
  /** Connections that were refused so far. */
  refused?(): number
  state(): ProcessSnapshot['state']
}

/** Publishes what a process measures about itself, once a second, where every other process finds it. */
export class Publisher implements Disposable {
  readonly #options: PublisherOptions
  readonly #delay = monitorEventLoopDelay({ resolution: SAMPLE_MS })
  readonly #startedAt = Math.round(performance.timeOrigin)
  readonly #timer: NodeJS.Timeout

  constructor(options: PublisherOptions) {
    this.#options = options
    this.#delay.enable()
    this.publish()
    this.#timer = setInterval(() => {
      // a process that has no file left to read its memory from goes on, and tells of itself when it has
      try {
        this.publish()
      } catch {}
    }, 1000)
    this.#timer.unref()
  }

  /** The snapshot of this moment. */
  snapshot(): ProcessSnapshot {
    const { user, system } = process.cpuUsage()
    const o = this.#options
    return {
      process: o.process,
      slot: o.slot,
      role: o.role,
      pid: process.pid,
      at: Date.now(),
      startedAt: this.#startedAt,
      state: o.state(),
      restarts: o.restarts,
      hangs: o.hangs ?? 0,
      ...(o.restartReason === undefined ? {} : { restartReason: o.restartReason }),
      memoryBytes: process.memoryUsage.rss(),
      cpuSeconds: (user + system) / 1e6,
      eventLoopP99Ms: this.#delayMs(),
      connections: o.connections(),
      ...(o.refused === undefined ? {} : { refusedConnections: o.refused() }),
      log: o.log(),
      ...(o.models ? { models: o.models() } : {}),
      series: o.series(),
    }
  }

  /** Publishes now; with `ended`, takes away what that process has published, in the same step. */
  publish(ended?: string): void {
    this.#options.store.publish(this.snapshot(), ended)
    this.#delay.reset()
  }

  /** What the loop was late by: the monitor counts from one sample to the next, its own interval included. */
  #delayMs(): number {
    const nanos = this.#delay.percentile(99)
    return Number.isFinite(nanos) ? Math.max(0, nanos / 1e6 - SAMPLE_MS) : 0
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer)
    this.#delay.disable()
  }
}
