import type { Telemetry } from '@fairlead/contract/control'

/** A point of a series: time in milliseconds, and the value; `null` leaves a gap. */
export type SeriesPoint = [number, number | null]

/** The series of a deployment page, all on the same times. */
export interface TelemetrySeries {
  requestsPerSecond: SeriesPoint[]
  p50: SeriesPoint[]
  p90: SeriesPoint[]
  p99: SeriesPoint[]
  /** Shares of the requests, 0 to 1: refused for what the caller sent, and failed by the platform. */
  refusedRate: SeriesPoint[]
  failedRate: SeriesPoint[]
}

type Counted = Pick<Telemetry['points'][number], 'requests' | 'errors' | 'refused' | 'failed'>

/** Requests of a step that the platform failed; of a platform that does not tell them apart, all errors. */
export function failedOf({ errors, refused = 0, failed = errors - refused }: Counted): number {
  return failed
}

/** Share of a count among the requests of a step; `null` when nothing was asked. */
export function shareOf(count: number, { requests }: Pick<Counted, 'requests'>): number | null {
  return requests > 0 ? count / requests : null
}

/** How long a step has lasted, in seconds: the newest one is still going on. */
export function stepSeconds(telemetry: Pick<Telemetry, 'stepSeconds' | 'to'>, at: number): number {
  return Math.max(0, Math.min(telemetry.stepSeconds, (Date.parse(telemetry.to) - at) / 1000))
}

/** Requests per second of a step; `null` for a step that has lasted no time yet. */
export function requestRate(telemetry: Telemetry, point: Telemetry['points'][number]): number | null {
  const seconds = stepSeconds(telemetry, Date.parse(point.at))
  return seconds > 0 ? point.requests / seconds : null
}

/** The points that say something: a step that has only begun would draw a fall or a peak that is none. */
function settled(telemetry: Telemetry): Telemetry['points'] {
  return telemetry.points.filter((point) => stepSeconds(telemetry, Date.parse(point.at)) >= telemetry.stepSeconds / 2)
}

/** Turns telemetry into series. Where steps are absent a point without values is put in, so that no line crosses the gap. */
export function toSeries(telemetry: Telemetry): TelemetrySeries {
  const series: TelemetrySeries = { requestsPerSecond: [], p50: [], p90: [], p99: [], refusedRate: [], failedRate: [] }
  const stepMs = telemetry.stepSeconds * 1000
  let last: number | undefined
  for (const point of settled(telemetry)) {
    const at = Date.parse(point.at)
    if (last !== undefined && at - last > stepMs * 1.5) for (const points of Object.values(series)) points.push([last + stepMs, null])
    series.requestsPerSecond.push([at, requestRate(telemetry, point)])
    series.p50.push([at, point.p50])
    series.p90.push([at, point.p90])
    series.p99.push([at, point.p99])
    series.refusedRate.push([at, shareOf(point.refused ?? 0, point)])
    series.failedRate.push([at, shareOf(failedOf(point), point)])
    last = at
  }
  return series
}

/** Names of the columns of the table and of the CSV file. */
export const TELEMETRY_COLUMNS = [
  'time',
  'requests_per_second',
  'rows',
  'refused',
  'failed',
  'failed_rate',
  'p50_ms',
  'p90_ms',
  'p99_ms',
  'queue_ms',
  'run_ms',
  'release',
] as const

/** The same data as rows, oldest first; `release` is the one that became current within the step. */
export function telemetryRows(telemetry: Telemetry): (string | number | null)[][] {
  const stepMs = telemetry.stepSeconds * 1000
  return telemetry.points.map((point) => {
    const at = Date.parse(point.at)
    const release = telemetry.releases.filter((one) => Date.parse(one.at) >= at && Date.parse(one.at) < at + stepMs).at(-1)
    return [
      point.at,
      requestRate(telemetry, point),
      point.rows,
      point.refused ?? 0,
      failedOf(point),
      shareOf(failedOf(point), point),
      point.p50,
      point.p90,
      point.p99,
      point.queueMs,
      point.runMs,
      release?.number ?? null,
    ]
  })
}

/** One cell of RFC 4180 CSV; a text that a spreadsheet would take for a formula is defused with an apostrophe. */
export function csvCell(value: unknown): string {
  if (value === null || value === undefined) return ''
  if (typeof value === 'number') return String(value)
  const text = String(value)
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}

/** The telemetry as CSV with a head line. */
export function telemetryCsv(telemetry: Telemetry): string {
  return [TELEMETRY_COLUMNS as readonly unknown[], ...telemetryRows(telemetry)].map((row) => `${row.map(csvCell).join(',')}\r\n`).join('')
}
