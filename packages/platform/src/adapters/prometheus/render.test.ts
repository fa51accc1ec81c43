import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BUCKET_BOUNDS, mergeSnapshots, SeriesRecorder } from '../../domain/monitoring/index.ts'
import { sampleEvent } from '../../testing/prediction-events.ts'
import { sampleProcess } from '../../testing/process-snapshots.ts'
import { prometheusText } from './index.ts'

interface Sample {
  name: string
  labels: Record<string, string>
  value: number
}

/** Reads the text format strictly: every line of a known form, each family described once and in one piece, no sample twice. */
function parse(text: string): { types: Map<string, string>; samples: Sample[] } {
  assert.ok(text.endsWith('\n'))
  const types = new Map<string, string>()
  const samples: Sample[] = []
  const seen = new Set<string>()
  let family = ''
  let helped = ''
  for (const line of text.slice(0, -1).split('\n')) {
    const help = /^# HELP ([a-zA-Z_:][a-zA-Z0-9_:]*) (.*)$/.exec(line)
    const type = /^# TYPE ([a-zA-Z_:][a-zA-Z0-9_:]*) (counter|gauge|histogram)$/.exec(line)
    if (help) helped = help[1]!
    else if (type) {
      family = type[1]!
      assert.equal(family, helped, 'HELP comes before TYPE')
      assert.ok(!types.has(family), `${family} is described twice`)
      types.set(family, type[2]!)
    } else {
      const match = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/.exec(line)
      assert.ok(match, `not a sample: ${line}`)
      const [, name = '', pairs = '', value = ''] = match
      const base = types.get(family) === 'histogram' ? name.replace(/_(bucket|sum|count)$/, '') : name
      assert.equal(base, family, `${name} stands under ${family}`)
      const labels: Record<string, string> = {}
      const rest = pairs.replace(/([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"(,|$)/g, (_, key: string, raw: string) => {
        labels[key] = raw.replace(/\\(.)/g, (_all, c: string) => (c === 'n' ? '\n' : c))
        return ''
      })
      assert.equal(rest, '', `labels of ${line}`)
      assert.ok(value === '+Inf' || Number.isFinite(Number(value)), line)
      const key = `${name}{${Object.entries(labels).sort().join()}}`
      assert.ok(!seen.has(key), `${key} twice`)
      seen.add(key)
      samples.push({ name, labels, value: Number(value) })
    }
  }
  return { types, samples }
}

function exposed(deployment = 'credit-risk') {
  const recorder = new SeriesRecorder()
  recorder.keep([{ name: deployment, releases: [1] }])
  const base = sampleEvent([{ age: 1n }])
  const event = (totalMs: number) => ({ ...base, totalMs, answer: { ...base.answer, release: { ...base.answer.release, deployment } } })
  for (const millis of [0.15, 0.2, 0.21, 3, 1e6]) recorder.predicted(event(millis))
  recorder.failed({ deployment, release: 1, code: 'column-missing', status: 422, totalMs: 0, rows: 1 })
  const processes = [sampleProcess(recorder.snapshot(), { log: { rows: 5, dropped: 1, bytes: 99 } })]
  return parse(prometheusText({ merged: mergeSnapshots(processes), processes, version: '1.2.3' }))
}

test('the text is well formed and holds every family', () => {
  const { types, samples } = exposed()
  for (const name of ['fairlead_up', 'fairlead_queue_rows', 'fairlead_process_resident_memory_bytes']) assert.equal(types.get(name), 'gauge')
  for (const name of ['requests', 'errors', 'rows', 'log_rows', 'log_dropped_rows', 'log_bytes', 'process_cpu_seconds'])
    assert.equal(types.get(`fairlead_${name}_total`), 'counter')
  assert.deepEqual(
    samples.filter((s) => s.name === 'fairlead_errors_total'),
    [{ name: 'fairlead_errors_total', labels: { deployment: 'credit-risk', release: '1', code: 'column-missing' }, value: 1 }],
  )
  assert.equal(samples.find((s) => s.name === 'fairlead_requests_total')?.value, 6)
})

test('buckets are cumulative, in seconds, fine at 0.2 ms, and end in the count', () => {
  const { samples } = exposed()
  const total = samples.filter((s) => s.labels.stage === 'total')
  const buckets = total.filter((s) => s.name.endsWith('_bucket'))
  const at = (le: string) => buckets.find((b) => b.labels.le === le)?.value
  assert.deepEqual([at('0.0001'), at('0.0002'), at('0.0005'), at('0.005'), at('60'), at('+Inf')], [0, 2, 3, 4, 4, 5])
  const bounds = buckets.map((b) => (b.labels.le === '+Inf' ? Number.POSITIVE_INFINITY : Number(b.labels.le)))
  assert.deepEqual(
    bounds,
    bounds.toSorted((a, b) => a - b),
  )
  assert.deepEqual(
    buckets.map((b) => b.value),
    buckets.map((b) => b.value).toSorted((a, b) => a - b),
  )
  assert.ok(bounds.slice(0, -1).every((b) => BUCKET_BOUNDS.includes(Number((b * 1000).toPrecision(6)))))
  assert.equal(total.find((s) => s.name.endsWith('_count'))?.value, 5)
  assert.ok(Math.abs(total.find((s) => s.name.endsWith('_sum'))!.value - 1000.00356) < 1e-9)
})

test('label values are escaped', () => {
  const { samples } = exposed('a"b\\c\nd')
  assert.ok(samples.some((s) => s.labels.deployment === 'a"b\\c\nd'))
})

test('a process is labelled by its place, so that a counter goes on when another takes it', () => {
  const of = (...processes: ReturnType<typeof sampleProcess>[]) => parse(prometheusText({ merged: mergeSnapshots([]), processes, version: '1' }))
  const restarts = ({ samples }: ReturnType<typeof of>) => samples.filter((s) => s.name === 'fairlead_process_restarts_total').map((s) => [s.labels, s.value])
  const before = of(sampleProcess([], { process: 'serve-1-abc-1' }))
  assert.equal(before.types.get('fairlead_process_restarts_total'), 'counter')
  assert.deepEqual(restarts(before), [[{ process: 'serve-1', role: 'serve' }, 0]])
  // for a moment the one that ended may be there, too
  const after = of(sampleProcess([], { process: 'serve-1-abc-2', restarts: 1, startedAt: 5 }), sampleProcess([], { process: 'serve-1-abc-1' }))
  assert.deepEqual(restarts(after), [[{ process: 'serve-1', role: 'serve' }, 1]])
})

test('with nothing running the platform is down', () => {
  const { samples } = parse(prometheusText({ merged: mergeSnapshots([]), processes: [], version: '1' }))
  assert.equal(samples.find((s) => s.name === 'fairlead_up')?.value, 0)
})

test('models in memory are shown against their budget for each serve process, and not for control', () => {
  const models = { loaded: 3, loading: 1, waiting: 2, memoryBytes: 5e6, budgetBytes: 1e9, loads: 9, failures: 1, evictions: 4, loadMs: 1500 }
  const control = sampleProcess([], { process: 'control', slot: 'control', role: 'control' })
  const processes = [sampleProcess([], { models }), control]
  const { types, samples } = parse(prometheusText({ merged: mergeSnapshots(processes), processes, version: '1' }))
  const value = (name: string) => samples.filter((sample) => sample.name === name).map((sample) => [sample.labels.process, sample.value])
  assert.deepEqual(value('fairlead_models_loaded'), [['serve-1', 3]])
  assert.deepEqual(value('fairlead_model_memory_bytes'), [['serve-1', 5e6]])
  assert.deepEqual(value('fairlead_model_memory_budget_bytes'), [['serve-1', 1e9]])
  assert.deepEqual(value('fairlead_model_load_seconds_total'), [['serve-1', 1.5]])
  assert.deepEqual([value('fairlead_model_evictions_total'), types.get('fairlead_model_evictions_total')], [[['serve-1', 4]], 'counter'])
})
