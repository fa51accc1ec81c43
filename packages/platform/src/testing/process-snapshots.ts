import type { ProcessSnapshot, SeriesSnapshot, SnapshotStore } from '../domain/monitoring/index.ts'

/** A ready serve process that holds these series. */
export function sampleProcess(series: SeriesSnapshot[], over: Partial<ProcessSnapshot> = {}): ProcessSnapshot {
  return {
    process: 'serve-1-x-1',
    slot: 'serve-1',
    role: 'serve',
    pid: 100,
    at: 0,
    startedAt: 0,
    state: 'ready',
    restarts: 0,
    memoryBytes: 100e6,
    cpuSeconds: 1,
    eventLoopP99Ms: 1,
    connections: 2,
    log: { rows: 0, dropped: 0, bytes: 0 },
    series,
    ...over,
  }
}

/** Snapshots in memory; `set` replaces all. */
export function memorySnapshots(): SnapshotStore & { set(...snapshots: ProcessSnapshot[]): void } {
  let all: ProcessSnapshot[] = []
  return {
    list: () => all,
    publish: (snapshot, ended) => {
      all = [...all.filter((s) => s.process !== snapshot.process && s.process !== ended), snapshot]
    },
    set: (...snapshots) => {
      all = snapshots
    },
  }
}
