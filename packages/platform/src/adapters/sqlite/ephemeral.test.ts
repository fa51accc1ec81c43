import assert from 'node:assert/strict'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ProcessSnapshot } from '../../domain/monitoring/index.ts'
import { temporaryFolder } from '../../testing/temporary.ts'
import { openEphemeral } from './ephemeral.ts'

const snapshot = (process: string, at: number): ProcessSnapshot => ({
  process,
  slot: process,
  role: 'serve',
  pid: 1,
  at,
  startedAt: 0,
  state: 'ready',
  restarts: 0,
  memoryBytes: 1,
  cpuSeconds: 0.5,
  eventLoopP99Ms: 0.1,
  connections: 3,
  log: { rows: 1, dropped: 0, bytes: 2 },
  series: Array.from({ length: 10 }, (_, release) => ({
    deployment: 'd',
    release,
    requests: 5,
    rows: 5,
    errors: { 'value-type': 1 },
    failedMs: 1,
    runs: 5,
    sizes: [{ rows: 1, runs: 5, inputMs: 0, runMs: 1, outputMs: 0 }],
    histograms: Object.fromEntries(
      ['total', 'parse', 'queue', 'run', 'render'].map((stage) => [stage, { counts: Array.from({ length: 40 }, (_, i) => i * 1000), sum: 1.5, count: 5 }]),
    ) as ProcessSnapshot['series'][number]['histograms'],
    queueRows: 0,
    lastAt: at,
  })),
})

test('reports of several processes meet; the state keeps the time at which it began', async () => {
  await using folder = await temporaryFolder()
  let now = 1000
  const clock = { now: () => now }
  using one = openEphemeral(join(folder.path, 'e.db'), { recreate: true, clock })
  using two = openEphemeral(join(folder.path, 'e.db'), { clock })
  one.observed.report({ process: 'p1', deployment: 'a', release: 1, state: 'loading' })
  two.observed.report({ process: 'p2', deployment: 'a', release: 1, state: 'ready', checks: [{ kind: 'example', rows: 1, passed: true }] })
  now = 2000
  two.observed.report({ process: 'p2', deployment: 'a', release: 1, state: 'ready', detail: 'still' })
  one.observed.report({ process: 'p1', deployment: 'a', release: 1, state: 'failed', failure: { code: 'load-failed', detail: 'no' } })
  two.observed.report({ process: 'p2', deployment: 'b', release: 4, state: 'loading' })
  assert.deepEqual(one.observed.list('a'), [
    { process: 'p1', deployment: 'a', release: 1, state: 'failed', failure: { code: 'load-failed', detail: 'no' }, since: '1970-01-01T00:00:02.000Z' },
    { process: 'p2', deployment: 'a', release: 1, state: 'ready', detail: 'still', since: '1970-01-01T00:00:01.000Z' },
  ])
  assert.equal(one.observed.list().length, 3)
})

test('a process, a release or a deployment can be forgotten', async () => {
  await using folder = await temporaryFolder()
  using store = openEphemeral(join(folder.path, 'e.db'))
  const fill = () => {
    for (const process of ['p', 'q']) for (const release of [1, 2]) store.observed.report({ process, deployment: 'a', release, state: 'ready' })
  }
  fill()
  store.observed.forget({ process: 'p' })
  assert.deepEqual(
    store.observed.list().map((r) => [r.process, r.release]),
    [
      ['q', 1],
      ['q', 2],
    ],
  )
  fill()
  store.observed.forget({ deployment: 'a', release: 1 })
  assert.deepEqual(
    store.observed.list().map((r) => r.release),
    [2, 2],
  )
  store.observed.forget({ process: 'p', deployment: 'a', release: 2 })
  assert.deepEqual(
    store.observed.list().map((r) => [r.process, r.release]),
    [['q', 2]],
  )
  store.observed.forget({ deployment: 'a' })
  assert.deepEqual(store.observed.list(), [])
})

test('a word that meets the write of another process does not wait for it, and is heard after', async () => {
  await using folder = await temporaryFolder()
  const path = join(folder.path, 'observed.db')
  using control = openEphemeral(path, { recreate: true })
  using serve = openEphemeral(path)
  const other = new DatabaseSync(path)
  other.exec('BEGIN IMMEDIATE')
  const begun = performance.now()
  serve.observed.report({ process: 'serve-1', deployment: 'd', release: 1, state: 'ready' })
  serve.snapshots.publish(snapshot('serve-1', 1))
  assert.ok(performance.now() - begun < 1000, `${performance.now() - begun} ms`)
  assert.deepEqual(control.observed.list('d'), [])
  other.exec('COMMIT')
  other.close()
  for (let i = 0; i < 100 && control.observed.list('d').length === 0; i++) await sleep(20)
  assert.equal(control.observed.list('d')[0]?.state, 'ready')
  serve.snapshots.publish(snapshot('serve-1', 2))
  assert.equal(control.snapshots.list()[0]?.at, 2)
})

test('each process has one snapshot, its last', async () => {
  await using folder = await temporaryFolder()
  using one = openEphemeral(join(folder.path, 'e.db'))
  using two = openEphemeral(join(folder.path, 'e.db'))
  one.snapshots.publish(snapshot('p', 1))
  one.snapshots.publish(snapshot('p', 2))
  two.snapshots.publish(snapshot('q', 3))
  assert.deepEqual(two.snapshots.list(), [snapshot('p', 2), snapshot('q', 3)])
  two.snapshots.publish(snapshot('q', 4), 'p')
  assert.deepEqual(one.snapshots.list(), [snapshot('q', 4)])
})

test('a recreated file is empty', async () => {
  await using folder = await temporaryFolder()
  const path = join(folder.path, 'e.db')
  const left = openEphemeral(path)
  left.snapshots.publish(snapshot('p', 1))
  using fresh = openEphemeral(path, { recreate: true })
  assert.deepEqual(fresh.snapshots.list(), [])
  left[Symbol.dispose]()
  fresh.snapshots.publish(snapshot('q', 1))
  using again = openEphemeral(path)
  assert.equal(again.snapshots.list().length, 1)
})

test('reporting and publishing take well under a millisecond', async () => {
  await using folder = await temporaryFolder()
  using store = openEphemeral(join(folder.path, 'e.db'))
  const body = snapshot('p', 1)
  const times: number[] = []
  for (let i = 0; i < 300; i++) {
    const start = performance.now()
    store.snapshots.publish(body)
    store.observed.report({ process: 'p', deployment: 'a', release: i % 5, state: 'ready' })
    times.push(performance.now() - start)
  }
  // the quickest tenth: on a busy machine the others are interrupted
  const quick = times.sort((a, b) => a - b)[30] ?? Number.POSITIVE_INFINITY
  assert.ok(quick < 1, `${quick} ms for one of each`)
})

test('a wish is read by every process; a later one of the same deployment takes its place', async () => {
  await using folder = await temporaryFolder()
  const path = join(folder.path, 'observed.db')
  using control = openEphemeral(path, { recreate: true })
  using serve = openEphemeral(path)
  assert.deepEqual([control.wishes.newest(), control.wishes.list()], [0, []])
  const wish = { deployment: 'credit', generation: 'a', release: 3, kind: 'unload' as const }
  assert.equal(serve.wishes.add(wish), 1)
  assert.equal(control.wishes.add({ ...wish, deployment: 'other' }), 2)
  assert.equal(serve.wishes.add({ ...wish, kind: 'load' }), 3)
  assert.deepEqual(
    [control.wishes.newest(), control.wishes.list()],
    [
      3,
      [
        { ...wish, deployment: 'other', sequence: 2 },
        { ...wish, kind: 'load', sequence: 3 },
      ],
    ],
  )
})
