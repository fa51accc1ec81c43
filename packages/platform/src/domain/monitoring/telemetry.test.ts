import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deployment as deploymentSchema, status as statusSchema, telemetry as telemetrySchema } from '@fairlead/contract/control'
import { openSqlite } from '../../adapters/sqlite/index.ts'
import { silentLogger } from '../../kernel/logger.ts'
import { migrate } from '../../kernel/sql/migrate.ts'
import { memorySnapshots, sampleProcess } from '../../testing/process-snapshots.ts'
import { bucketOf } from './histogram.ts'
import { emptySeries } from './recorder.ts'
import { StatusBuilder } from './status.ts'
import { type TelemetryTables, telemetryMigrations } from './tables.ts'
import { Telemetry } from './telemetry.ts'
import type { SeriesSnapshot } from './types.ts'

const START = Date.UTC(2026, 0, 31, 12)
const MINUTE = 60_000

function counted(requests: number, over: { errors?: Record<string, number>; millis?: number } = {}): SeriesSnapshot {
  const series = emptySeries('a', 1)
  const errors = over.errors ?? {}
  const answered = requests - Object.values(errors).reduce((sum, n) => sum + n, 0)
  for (const stage of ['total', 'queue', 'run'] as const) {
    series.histograms[stage].counts[bucketOf(over.millis ?? 2)] = answered
    series.histograms[stage].count = answered
    series.histograms[stage].sum = answered * (over.millis ?? 2)
  }
  return { ...series, requests, rows: requests, errors, lastAt: requests > 0 ? START : 0 }
}

async function setUp() {
  const store = openSqlite<TelemetryTables>(':memory:')
  await migrate(store.db, telemetryMigrations, { store: ':memory:', program: '0.0.0' })
  const clock = { time: START, now: () => clock.time }
  const snapshots = memorySnapshots()
  const activations = async () => [{ at: new Date(START).toISOString(), number: 1, model: 'm:1' }]
  const open = () => new Telemetry({ db: store.db, snapshots, logger: silentLogger, clock, activations })
  return { store, clock, snapshots, open, telemetry: open() }
}

const brief = (points: { at: string; requests: number; p50: number | null }[]) =>
  points.map((p) => [p.at.slice(11, 19), p.requests, p.p50 === null ? null : 'ms'])

test('a quiet step has zeros and null latencies, a step without the platform is absent, the newest is live', async () => {
  const { store, clock, snapshots, telemetry } = await setUp()
  const step = async (time: number, requests: number) => {
    clock.time = START + time
    snapshots.set(sampleProcess([counted(requests)]))
    await telemetry.tick()
  }
  await step(10_000, 4)
  await step(20_003, 4)
  await step(50_000, 9)
  clock.time = START + 55_000
  snapshots.set(sampleProcess([counted(10)]))
  const answer = await telemetry.telemetry('a', { since: START })
  assert.deepEqual(brief(answer.points), [
    ['12:00:00', 4, 'ms'],
    ['12:00:10', 0, null],
    ['12:00:40', 5, 'ms'],
    ['12:00:50', 1, 'ms'],
  ])
  assert.equal(answer.stepSeconds, 10)
  assert.equal(answer.releases.length, 1)
  telemetrySchema.parse(answer)
  const other = await telemetry.telemetry('b', { since: START })
  assert.deepEqual(
    other.points.map((p) => p.requests),
    [0, 0, 0, 0],
  )
  await store.close()
})

test('minutes are summed from short steps, survive a restart in between, and give the same percentiles', async () => {
  const { store, clock, snapshots, telemetry, open } = await setUp()
  let current = telemetry
  for (let i = 1; i <= 15; i++) {
    if (i === 8) {
      await current[Symbol.asyncDispose]()
      current = open()
    }
    clock.time = START + i * 10_000
    snapshots.set(sampleProcess([counted(i * 10)]))
    await current.tick()
  }
  const rows = await store.db.selectFrom('telemetry').selectAll().where('step', '=', 60).orderBy('at').execute()
  assert.deepEqual(
    rows.map((r) => [(r.at - START) / MINUTE, r.requests]),
    [
      [0, 60],
      [1, 60],
    ],
  )
  const twoDays = await current.telemetry('a', { since: START - 2 * 86_400_000 })
  assert.equal(
    twoDays.points.reduce((sum, p) => sum + p.requests, 0),
    150,
    'minutes and what is not summed yet, each once',
  )
  const fine = await current.telemetry('a', { since: START, until: START + MINUTE, step: 60 })
  assert.equal(fine.points[0]?.p50, (await current.telemetry('a', { since: START - 2 * 86_400_000, until: START + MINUTE, step: 60 })).points[0]?.p50)
  assert.ok(Math.abs(fine.points[0]!.p50! - 2) < 0.25)
  await store.close()
})

test('short steps go after a day, minutes after thirty', async () => {
  const { store, clock, snapshots, telemetry } = await setUp()
  for (const time of [0, 70_000, 90_000_000, 31 * 86_400_000, 31 * 86_400_000 + 70_000]) {
    clock.time = START + time
    snapshots.set(sampleProcess([counted(time / 1000 + 1)]))
    await telemetry.tick()
  }
  const kept = async (step: number) => (await store.db.selectFrom('telemetry').select('at').where('step', '=', step).execute()).map((r) => r.at)
  assert.ok((await kept(10)).every((at) => at >= clock.time - 86_400_000))
  assert.ok((await kept(60)).every((at) => at >= clock.time - 30 * 86_400_000))
  assert.ok((await kept(60)).length > 0)
  await store.close()
})

test('a window that is empty, or has too many steps, is refused', async () => {
  const { store, telemetry } = await setUp()
  await assert.rejects(telemetry.telemetry('a', { since: START + 1000 }), { code: 'setting-invalid', message: /since/ })
  await assert.rejects(telemetry.telemetry('a', { since: START - 20 * 86_400_000, step: 60 }), { code: 'setting-invalid', message: /step/ })
  await assert.rejects(telemetry.telemetry('a', { since: START - 1000, step: Number.NaN }), { code: 'setting-invalid' })
  await store.close()
})

test('a write that fails is made up for by the next', async () => {
  const { store, clock, snapshots, telemetry } = await setUp()
  snapshots.set(sampleProcess([counted(5)]))
  clock.time = START + 10_000
  await store.db.schema.alterTable('telemetry').renameTo('away').execute()
  await assert.rejects(telemetry.tick())
  await store.db.schema.alterTable('away').renameTo('telemetry').execute()
  clock.time = START + 20_000
  await telemetry.tick()
  const { points } = await telemetry.telemetry('a', { since: START })
  assert.equal(
    points.reduce((sum, p) => sum + p.requests, 0),
    5,
  )
  await store.close()
})

test('the status says what is true of each deployment, process and the whole', async () => {
  const { store, clock, snapshots, telemetry } = await setUp()
  const deployment = deploymentSchema.parse({
    name: 'a',
    state: 'ready',
    reason: 'Ready',
    current: null,
    releases: 1,
    observed: [],
    urls: { predict: '', openapi: '', docs: '', oip: '' },
    createdAt: new Date(START).toISOString(),
    updatedAt: new Date(START).toISOString(),
  })
  const storage = { dataDir: '/data', freeBytes: 2 ** 40, modelBytes: 1, logBytes: 2 }
  const builder = new StatusBuilder({
    telemetry,
    deployments: async () => [deployment],
    storage: async () => storage,
    addresses: { control: 'http://c', http: 'http://h', grpc: null },
    version: '1.2.3',
    startedAt: START,
    clock,
    totalMemoryBytes: 2 ** 40,
  })
  clock.time = START + 10_000
  snapshots.set(sampleProcess([counted(100, { errors: { 'model-run-failed': 10 } })], { at: START + 10_000, startedAt: START, cpuSeconds: 5 }))
  await telemetry.tick()
  clock.time = START + 20_000
  const first = await builder.build()
  statusSchema.parse(first)
  assert.equal(first.health, 'alert')
  assert.match(first.sentence, /^a: 10 % of 100 requests failed/)
  assert.deepEqual([first.deployments[0]?.requestsPerSecond, first.deployments[0]?.errorRate], [5, 0.1])
  assert.equal(first.processes[0]?.cpu, 0.5)
  assert.equal(first.deployments[0]?.sparkline.length, 60)
  assert.deepEqual(first.deployments[0]?.sparkline.slice(-2), [null, 5])

  snapshots.set(sampleProcess([counted(100, { errors: { 'model-run-failed': 10 } })], { startedAt: START, log: { rows: 1, dropped: 4, bytes: 1 } }))
  clock.time = START + 400_000
  const later = await builder.build()
  assert.match(later.sentence, /lost 4 rows/)
  assert.equal(later.deployments[0]?.health, 'ok')
  clock.time = START + 800_000
  assert.equal((await builder.build()).health, 'ok', 'losses are forgotten after five minutes')
  await store.close()
})
