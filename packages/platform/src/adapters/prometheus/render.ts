import { BUCKET_BOUNDS, type Merged, type ModelGauges, type ProcessSnapshot, STAGES } from '../../domain/monitoring/index.ts'

/** Durations that are shown as `le`, in milliseconds: 1, 2, 5 of each decade, up to a minute. Each is a bound of the histograms. */
const SHOWN = BUCKET_BOUNDS.map((bound, index) => ({ bound, index })).filter(({ bound }) => bound === 60_000 || /^[125]e/.test(bound.toExponential()))

type Labels = Record<string, string | number>

/** What the exposition is made of. */
export interface Exposed {
  merged: Merged
  processes: readonly ProcessSnapshot[]
  version: string
  /** Files of the prediction log that are set aside because they cannot be read. */
  logDamaged?: number
}

class Exposition {
  readonly #lines: string[] = []

  family(name: string, type: 'counter' | 'gauge' | 'histogram', help: string): void {
    this.#lines.push(`# HELP ${name} ${help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}`, `# TYPE ${name} ${type}`)
  }

  sample(name: string, labels: Labels, value: number): void {
    const pairs = Object.entries(labels).map(([key, text]) => `${key}="${escaped(String(text))}"`)
    this.#lines.push(
      `${name}${pairs.length > 0 ? `{${pairs.join(',')}}` : ''} ${Number.isFinite(value) ? value : Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf'}`,
    )
  }

  text(): string {
    return `${this.#lines.join('\n')}\n`
  }
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
}

function requests(out: Exposition, { series }: Merged): void {
  out.family('fairlead_requests_total', 'counter', 'Prediction requests, answered and failed.')
  for (const { deployment, release, requests: n } of series) out.sample('fairlead_requests_total', { deployment, release }, n)
  out.family('fairlead_errors_total', 'counter', 'Failed prediction requests by error code.')
  for (const { deployment, release, errors } of series) {
    for (const [code, n] of Object.entries(errors)) out.sample('fairlead_errors_total', { deployment, release, code }, n)
  }
  out.family('fairlead_rate_limited_total', 'counter', 'Requests refused because their caller asked too fast or used up its rows.')
  for (const { deployment, release, errors } of series) {
    for (const code of ['rate-limited', 'quota-exhausted'] as const) out.sample('fairlead_rate_limited_total', { deployment, release, code }, errors[code] ?? 0)
  }
  out.family('fairlead_rows_total', 'counter', 'Rows predicted.')
  for (const { deployment, release, rows } of series) out.sample('fairlead_rows_total', { deployment, release }, rows)
  out.family('fairlead_queue_rows', 'gauge', 'Rows that wait for the model.')
  for (const { deployment, release, queueRows } of series) out.sample('fairlead_queue_rows', { deployment, release }, queueRows)
}

function durations(out: Exposition, { series }: Merged): void {
  const name = 'fairlead_request_duration_seconds'
  out.family(
    name,
    'histogram',
    'Duration of answered prediction requests by stage: total, and parse, queue, run, render within it, and log where the answer waits for the disk.',
  )
  for (const { deployment, release, histograms } of series) {
    for (const stage of STAGES) {
      const { counts, sum } = histograms[stage]
      const labels = { deployment, release, stage }
      let below = 0
      let at = 0
      for (const { bound, index } of SHOWN) {
        while (at <= index) below += counts[at++] ?? 0
        out.sample(`${name}_bucket`, { ...labels, le: Number((bound / 1000).toPrecision(12)) }, below)
      }
      while (at < counts.length) below += counts[at++] ?? 0
      out.sample(`${name}_bucket`, { ...labels, le: '+Inf' }, below)
      out.sample(`${name}_sum`, labels, sum / 1000)
      out.sample(`${name}_count`, labels, below)
    }
  }
}

/** Labelled by the place that a process fills, so that a series goes on when another takes it. */
function processMetrics(out: Exposition, all: readonly ProcessSnapshot[]): void {
  const newest = new Map(all.toSorted((a, b) => a.startedAt - b.startedAt).map((p) => [p.slot, p]))
  const processes = [...newest.values()].sort((a, b) => (a.slot < b.slot ? -1 : 1))
  const family = (name: string, type: 'counter' | 'gauge', help: string, read: (p: ProcessSnapshot) => number) => {
    out.family(name, type, help)
    for (const p of processes) out.sample(name, { process: p.slot, role: p.role }, read(p))
  }
  family('fairlead_process_up', 'gauge', '1 when the process is ready.', (p) => (p.state === 'ready' ? 1 : 0))
  family('fairlead_process_resident_memory_bytes', 'gauge', 'Resident memory.', (p) => p.memoryBytes)
  family('fairlead_process_cpu_seconds_total', 'counter', 'User and system processor time.', (p) => p.cpuSeconds)
  family('fairlead_process_start_time_seconds', 'gauge', 'Start of the process since 1970.', (p) => p.startedAt / 1000)
  family('fairlead_process_restarts_total', 'counter', 'Restarts of the process by its supervisor.', (p) => p.restarts)
  family('fairlead_process_hangs_total', 'counter', 'Those of the restarts because the process, or a model in it, hung.', (p) => p.hangs ?? 0)
  family('fairlead_process_event_loop_p99_seconds', 'gauge', '99th percentile of the event loop delay over the last second.', (p) => p.eventLoopP99Ms / 1000)
  family('fairlead_connections', 'gauge', 'Open connections.', (p) => p.connections)
  family('fairlead_connections_refused_total', 'counter', 'Connections refused because there were too many.', (p) => p.refusedConnections ?? 0)
}

/** Models of serve processes, labelled as the processes are. */
function modelMetrics(out: Exposition, all: readonly ProcessSnapshot[]): void {
  const newest = new Map(all.toSorted((a, b) => a.startedAt - b.startedAt).map((p) => [p.slot, p]))
  const serving = [...newest.values()].sort((a, b) => (a.slot < b.slot ? -1 : 1))
  const family = (name: string, type: 'counter' | 'gauge', help: string, read: (models: ModelGauges) => number) => {
    out.family(name, type, help)
    for (const { slot, models } of serving) if (models) out.sample(name, { process: slot }, read(models))
  }
  family('fairlead_models_loaded', 'gauge', 'Models in memory.', (m) => m.loaded)
  family('fairlead_models_loading', 'gauge', 'Models that are being loaded.', (m) => m.loading)
  family('fairlead_models_waiting', 'gauge', 'Models whose load waits for others.', (m) => m.waiting)
  family('fairlead_model_memory_bytes', 'gauge', 'Memory of the models, measured as they were loaded.', (m) => m.memoryBytes)
  family('fairlead_model_memory_budget_bytes', 'gauge', 'Memory that models may take.', (m) => m.budgetBytes)
  family('fairlead_model_loads_total', 'counter', 'Models loaded.', (m) => m.loads)
  family('fairlead_model_load_failures_total', 'counter', 'Loads that failed.', (m) => m.failures)
  family('fairlead_model_load_seconds_total', 'counter', 'Time that loads took.', (m) => m.loadMs / 1000)
  family('fairlead_model_evictions_total', 'counter', 'Models that made room for others.', (m) => m.evictions)
}

/** Renders all metrics in the Prometheus text exposition format. Units are seconds and bytes. */
export function prometheusText({ merged, processes, version, logDamaged = 0 }: Exposed): string {
  const out = new Exposition()
  out.family('fairlead_up', 'gauge', '1 when at least one serve process is ready.')
  out.sample('fairlead_up', {}, processes.some((p) => p.role === 'serve' && p.state === 'ready') ? 1 : 0)
  out.family('fairlead_build_info', 'gauge', '1, with the version as label.')
  out.sample('fairlead_build_info', { version }, 1)
  requests(out, merged)
  durations(out, merged)
  processMetrics(out, processes)
  modelMetrics(out, processes)
  out.family('fairlead_log_rows_total', 'counter', 'Rows written to the prediction log.')
  out.sample('fairlead_log_rows_total', {}, merged.log.rows)
  out.family('fairlead_log_dropped_rows_total', 'counter', 'Rows that the prediction log lost because the disk refused them or did not keep up.')
  out.sample('fairlead_log_dropped_rows_total', {}, merged.log.dropped)
  out.family('fairlead_log_omitted_rows_total', 'counter', 'Rows of which some values were too large for the prediction log and left out.')
  out.sample('fairlead_log_omitted_rows_total', {}, merged.log.omitted ?? 0)
  out.family('fairlead_log_damaged_files', 'gauge', 'Files of the prediction log that cannot be read and are set aside in log/damaged.')
  out.sample('fairlead_log_damaged_files', {}, logDamaged)
  out.family('fairlead_log_bytes_total', 'counter', 'Bytes written to segments of the prediction log.')
  out.sample('fairlead_log_bytes_total', {}, merged.log.bytes)
  return out.text()
}
