import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deployment as deploymentSchema, status as statusSchema, telemetry as telemetrySchema } from '@fairlead/contract/control'
import { openSqlite } from '../../adapters/sqlite/index.ts'
import { silentLogger } from '../../kernel/logger.ts'
import { migrate } from '../../kernel/sql/migrate.ts'
import { memorySnapshots, sampleProcess } from '../../testing/process-snapshots.ts'
import { bucketOf } from './histogram.ts'
import { StatusBuilder } from './status.ts'
import { type TelemetryTables, telemetryMigrations } from './tables.ts'
import { Telemetry } from './telemetry.ts'
import { emptySeries, type SeriesSnapshot } from './types.ts'

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

/** A deployment that answers, as the control API shows it. */
const ready = (name: string) =>
  deploymentSchema.parse({
    name,
    state: 'ready',
    reason: 'Ready',
    current: null,
    releases: 1,
    observed: [],
    urls: { predict: '', openapi: '', docs: '', oip: '' },
    createdAt: new Date(START).toISOString(),
    updatedAt: new Date(START).toISOString(),
  })

const STATUS_PARTS = {
  storage: async () => ({ dataDir: '/data', freeBytes: 2 ** 40, modelBytes: 1, logBytes: 2 }),
  addresses: { control: 'http://c', http: 'http://h', grpc: null },
  version: '1.2.3',
  totalMemoryBytes: 2 ** 40,
}

test('after a restart figures are those of the time in which the platform was up, and the last prediction is known', async () => {
  const { store, clock, snapshots, telemetry, open } = await setUp()
  for (let i = 1; i <= 20; i++) {
    clock.time = START + i * 10_000
    snapshots.set(sampleProcess([counted(Math.min(i, 3) * 100)]))
    await telemetry.tick()
  }
  await telemetry[Symbol.asyncDispose]()
  // a minute down, and everything counted before is gone with its processes
  clock.time = START + 260_000
  snapshots.set(sampleProcess([]))
  const again = open()
  clock.time += 2000
  const asked: string[] = []
  const lastLogged = async (name: string) => {
    asked.push(name)
    if (name === 'broken') throw new Error('the log cannot be read')
    return name === 'anew' ? START - 1 : START + 25_000
  }
  const deployments = async () => ['a', 'anew', 'broken'].map(ready)
  const builder = new StatusBuilder({ ...STATUS_PARTS, telemetry: again, deployments, startedAt: clock.time, clock, lastLogged })
  const { deployments: first } = await builder.build()
  assert.deepEqual(
    first.map((one) => one.lastPredictionAt),
    [new Date(START + 25_000).toISOString(), null, null],
  )
  // 20 steps and the one in which it stopped, and two seconds since
  assert.equal(first[0]?.requestsPerSecond.toFixed(3), (300 / 212).toFixed(3))
  snapshots.set(sampleProcess([{ ...counted(1), lastAt: clock.time }]))
  const { deployments: second } = await builder.build()
  assert.equal(second[0]?.lastPredictionAt, new Date(clock.time).toISOString())
  snapshots.set(sampleProcess([]))
  assert.equal((await builder.build()).deployments[0]?.lastPredictionAt, second[0]?.lastPredictionAt, 'also when its counters are gone')
  assert.deepEqual(asked, ['a', 'anew', 'broken'], 'the log is asked once')
  await store.close()
})

test('a platform that has just begun divides by the seconds it is up', async () => {
  const { store, clock, snapshots, open } = await setUp()
  clock.time = START + 8000
  const telemetry = open()
  snapshots.set(sampleProcess([counted(12)]))
  clock.time = START + 10_000
  await telemetry.tick()
  clock.time = START + 12_000
  assert.equal((await telemetry.recent(300_000)).seconds, 4)
  await store.close()
})

test('what callers did wrong is told apart from what failed', async () => {
  const { store, clock, snapshots, telemetry } = await setUp()
  clock.time = START + 10_000
  snapshots.set(sampleProcess([counted(8, { errors: { 'column-missing': 3, 'model-run-failed': 1 } })]))
  await telemetry.tick()
  const { points } = await telemetry.telemetry('a', { since: START })
  assert.deepEqual([points[0]?.errors, points[0]?.refused, points[0]?.failed], [4, 3, 1])
  const builder = new StatusBuilder({ ...STATUS_PARTS, telemetry, deployments: async () => [ready('a'), ready('quiet')], startedAt: START, clock })
  const [told, quiet] = statusSchema.parse(await builder.build()).deployments
  assert.deepEqual([told?.errorRate, told?.refusedRate, told?.failedRate], [0.5, 0.375, 0.125])
  assert.deepEqual([quiet?.errorRate, quiet?.refusedRate, quiet?.failedRate], [null, null, null])
  await store.close()
})

test('the status says what is true of each deployment, process and the whole', async () => {
  const { store, clock, snapshots, telemetry } = await setUp()
  const builder = new StatusBuilder({ ...STATUS_PARTS, telemetry, deployments: async () => [ready('a')], startedAt: START, clock })
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
