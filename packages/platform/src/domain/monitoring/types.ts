/** Stages of a request that have a latency of their own. `total` runs from the first byte to the answer written. */
export const STAGES = ['total', 'parse', 'queue', 'run', 'render'] as const
export type Stage = (typeof STAGES)[number]

/** Counters of one deployment's release in one process. Histograms count per bucket of `BUCKET_BOUNDS`. */
export interface SeriesSnapshot {
  deployment: string
  release: number
  requests: number
  rows: number
  /** Failed requests by error code. */
  errors: Record<string, number>
  histograms: Record<Stage, { counts: number[]; sum: number; count: number }>
  queueRows: number
  /** Milliseconds since 1970 of the last answered request; 0 when none. */
  lastAt: number
}

/** All that one process publishes, once a second. */
export interface ProcessSnapshot {
  process: string
  role: 'control' | 'serve'
  pid: number
  at: number
  startedAt: number
  state: 'starting' | 'ready' | 'draining' | 'dead'
  restarts: number
  memoryBytes: number
  cpuSeconds: number
  eventLoopP99Ms: number
  connections: number
  log: { rows: number; dropped: number; bytes: number }
  series: SeriesSnapshot[]
}

/** Where processes publish their snapshots and readers find all of them. Ephemeral. */
export interface SnapshotStore {
  /** Puts a snapshot in the place of the process's last one. With `ended`, that process's is taken away in the same step. */
  publish(snapshot: ProcessSnapshot, ended?: string): void
  list(): ProcessSnapshot[]
}
