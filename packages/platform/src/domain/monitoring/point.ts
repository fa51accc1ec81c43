import { ERRORS } from '@fairlead/contract'
import type { Telemetry } from '@fairlead/contract/control'
import { BUCKETS, quantile } from './histogram.ts'
import type { TelemetryTables } from './tables.ts'
import type { SeriesSnapshot } from './types.ts'

/** Sums of what was asked within a step. */
export interface Sums {
  requests: number
  rows: number
  errors: number
  faults: number
  queueMs: number
  runMs: number
  /** Requests that were answered: those that the times and the histogram count. */
  answered: number
  counts: number[]
}

/** Whether a failure is the platform's and not the caller's. */
export function isFault(code: string): boolean {
  return !(code in ERRORS) || ERRORS[code as keyof typeof ERRORS].http >= 500
}

export function emptySums(): Sums {
  return { requests: 0, rows: 0, errors: 0, faults: 0, queueMs: 0, runMs: 0, answered: 0, counts: new Array<number>(BUCKETS).fill(0) }
}

export function addSums(into: Sums, other: Sums): void {
  into.requests += other.requests
  into.rows += other.rows
  into.errors += other.errors
  into.faults += other.faults
  into.queueMs += other.queueMs
  into.runMs += other.runMs
  into.answered += other.answered
  for (let i = 0; i < BUCKETS; i++) into.counts[i]! += other.counts[i] ?? 0
}

/** Sums of a series. */
export function sumsOf({ requests, rows, errors, histograms }: SeriesSnapshot): Sums {
  const all = Object.entries(errors)
  return {
    requests,
    rows,
    errors: all.reduce((sum, [, n]) => sum + n, 0),
    faults: all.reduce((sum, [code, n]) => sum + (isFault(code) ? n : 0), 0),
    queueMs: histograms.queue.sum,
    runMs: histograms.run.sum,
    answered: histograms.total.count,
    counts: [...histograms.total.counts],
  }
}

type Row = TelemetryTables['telemetry']

export function rowOf(sums: Sums, key: Pick<Row, 'step' | 'at' | 'deployment' | 'release'>): Row {
  const histogram: number[] = []
  sums.counts.forEach((n, bucket) => {
    if (n > 0) histogram.push(bucket, n)
  })
  const { requests, rows, errors, faults, answered } = sums
  return { ...key, requests, rows, errors, faults, answered, queue_ms: sums.queueMs, run_ms: sums.runMs, histogram: JSON.stringify(histogram) }
}

export function sumsOfRow(row: Row): Sums {
  const sums = emptySums()
  const pairs = JSON.parse(row.histogram) as number[]
  for (let i = 0; i < pairs.length; i += 2) sums.counts[pairs[i]!] = pairs[i + 1]!
  const { requests, rows, errors, faults, answered } = row
  return { ...sums, requests, rows, errors, faults, answered, queueMs: row.queue_ms, runMs: row.run_ms }
}

/** Percentiles of a step, milliseconds. */
export function latencyOf({ counts }: Pick<Sums, 'counts'>): { p50: number | null; p90: number | null; p99: number | null } {
  return { p50: quantile({ counts }, 0.5), p90: quantile({ counts }, 0.9), p99: quantile({ counts }, 0.99) }
}

export function pointOf(sums: Sums, at: string): Telemetry['points'][number] {
  const mean = (sum: number) => (sums.answered > 0 ? sum / sums.answered : null)
  const { requests, rows, errors, faults } = sums
  return { at, requests, rows, errors, refused: errors - faults, failed: faults, ...latencyOf(sums), queueMs: mean(sums.queueMs), runMs: mean(sums.runMs) }
}
