import type { RunCount } from '../inference/index.ts'
import { emptyHistogram, type HistogramData } from './histogram.ts'

/**
 * Stages of a request that have a latency of their own. `total` runs from the first byte to the answer written; `log` is the wait for
 * the disk of those who wait for it.
 */
export const STAGES = ['total', 'parse', 'queue', 'run', 'render', 'log'] as const
export type Stage = (typeof STAGES)[number]

/** Counters of one deployment's release in one process. Histograms count per bucket of `BUCKET_BOUNDS`; empty buckets at the end are left out. */
export interface SeriesSnapshot {
  deployment: string
  release: number
  requests: number
  rows: number
  /** Failed requests by error code. */
  errors: Record<string, number>
  /** Milliseconds that the failed requests took in all. */
  failedMs: number
  /** Runs of the model, and the same by their rows. */
  runs: number
  sizes: RunCount[]
  histograms: Record<Stage, HistogramData>
  queueRows: number
  /** Milliseconds since 1970 of the last answered request; 0 when none. */
  lastAt: number
  /** The series has ended: sums over processes leave it out, whatever others still count. */
  gone?: true
}

/** A series with nothing counted. */
export function emptySeries(deployment: string, release: number): SeriesSnapshot {
  const histograms = Object.fromEntries(STAGES.map((stage) => [stage, emptyHistogram()])) as Record<Stage, HistogramData>
  return { deployment, release, requests: 0, rows: 0, errors: {}, failedMs: 0, runs: 0, sizes: [], histograms, queueRows: 0, lastAt: 0 }
}

/** What went into the prediction log: rows and bytes written, rows lost, and rows of which some values were too large for the log. */
export interface LogCounters {
  rows: number
  dropped: number
  bytes: number
  omitted?: number
}

/** Models in a serve process's memory, against its budget, and what loading them came to since it began. */
export interface ModelGauges {
  loaded: number
  loading: number
  waiting: number
  memoryBytes: number
  budgetBytes: number
  loads: number
  failures: number
  evictions: number
  loadMs: number
}

/** All that one process publishes, once a second. */
export interface ProcessSnapshot {
  process: string
  /** The place that the process fills; one that takes its place has the same: `serve-1`. */
  slot: string
  role: 'control' | 'serve'
  pid: number
  at: number
  startedAt: number
  state: 'starting' | 'ready' | 'draining' | 'dead'
  restarts: number
  /** Restarts because the process, or a model in it, hung. */
  hangs?: number
  /** Why the process that filled the place before ended. */
  restartReason?: string
  memoryBytes: number
  cpuSeconds: number
  eventLoopP99Ms: number
  connections: number
  /** Connections that were refused because there were too many. */
  refusedConnections?: number
  log: LogCounters
  /** Absent where there are none: in control. */
  models?: ModelGauges
  series: SeriesSnapshot[]
}

/** Where processes publish their snapshots and readers find all of them. Ephemeral. */
export interface SnapshotStore {
  /** Puts a snapshot in the place of the process's last one. With `ended`, that process's is taken away in the same step. */
  publish(snapshot: ProcessSnapshot, ended?: string): void
  list(): ProcessSnapshot[]
}
