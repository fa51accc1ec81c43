import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sampleProcess } from '../../testing/process-snapshots.ts'
import { difference, EndedCounters, mergeSnapshots } from './merge.ts'
import { emptySeries, type SeriesSnapshot } from './types.ts'

function series(requests: number, over: Partial<SeriesSnapshot> = {}): SeriesSnapshot {
  const base = emptySeries('a', 1)
  base.histograms.total.counts[3] = requests
  base.histograms.total.count = requests
  return { ...base, requests, rows: requests * 2, ...over }
}

test('processes are summed by deployment and release', () => {
  const log = { rows: 1, dropped: 2, bytes: 3 }
  const merged = mergeSnapshots([
    sampleProcess([series(2, { errors: { internal: 1 }, queueRows: 1, lastAt: 5 }), series(1, { deployment: 'b' })], { log }),
    sampleProcess([series(3, { errors: { internal: 1, usage: 1 }, queueRows: 2, lastAt: 4 })], { process: 'serve-2', log }),
  ])
  assert.deepEqual(
    merged.series.map((s) => [s.deployment, s.requests, s.rows, s.errors, s.queueRows, s.lastAt, s.histograms.total.counts[3]]),
    [
      ['a', 5, 10, { internal: 2, usage: 1 }, 3, 5, 5],
      ['b', 1, 2, {}, 0, 0, 1],
    ],
  )
  assert.deepEqual(merged.log, { rows: 2, dropped: 4, bytes: 6 })
})

test('what processes counted goes on in the sums when they have ended, but for their queues', () => {
  const ended = new EndedCounters()
  assert.equal(ended.snapshot(0).series.length, 0)
  ended.add(
    sampleProcess([series(5, { queueRows: 9, errors: { internal: 1 }, lastAt: 7 }), series(2, { deployment: 'b' })], {
      log: { rows: 9, dropped: 1, bytes: 3 },
    }),
  )
  ended.add(sampleProcess([series(1, { errors: { internal: 1 } })], { log: { rows: 1, dropped: 0, bytes: 1, omitted: 3 } }))
  assert.deepEqual(
    ended.snapshot(0).series.map((s) => [s.deployment, s.requests, s.rows, s.errors, s.queueRows, s.lastAt, s.histograms.total.count]),
    [
      ['a', 6, 12, { internal: 2 }, 0, 7, 6],
      ['b', 2, 4, {}, 0, 0, 2],
    ],
  )
  assert.deepEqual(ended.snapshot(0).log, { rows: 10, dropped: 1, bytes: 4, omitted: 3 })
})

test('a series that any process calls gone is in no sum, whoever still counts it', () => {
  const gone = { ...emptySeries('a', 1), gone: true as const }
  const sums = mergeSnapshots([sampleProcess([series(2), series(1, { deployment: 'b' })]), sampleProcess([gone], { process: 'serve-2-x-2', slot: 'serve-2' })])
  assert.deepEqual(
    sums.series.map((s) => [s.deployment, s.requests]),
    [['b', 1]],
  )
})

test('what ended processes counted of a removed deployment, or of a release long superseded, is dropped and told', () => {
  const ended = new EndedCounters()
  ended.add(sampleProcess([series(5), series(3, { release: 2 }), series(2, { deployment: 'b' })]))
  ended.keep([
    { name: 'a', releases: [2] },
    { name: 'b', releases: [1] },
  ])
  const seen = (now: number) => ended.snapshot(now).series.map((s) => [s.deployment, s.release, s.gone ? 'gone' : s.requests])
  assert.deepEqual(seen(0), [
    ['a', 1, 5],
    ['a', 2, 3],
    ['b', 1, 2],
  ])
  ended.keep([{ name: 'a', releases: [2] }])
  assert.deepEqual(seen(1000), [
    ['b', 1, 'gone'],
    ['a', 1, 5],
    ['a', 2, 3],
  ])
  assert.deepEqual(
    seen(600_000),
    [
      ['b', 1, 'gone'],
      ['a', 1, 'gone'],
      ['a', 2, 3],
    ].filter(([name]) => name !== 'b'),
  )
  // a process that had not noticed yet ends meanwhile
  ended.add(sampleProcess([series(9)]))
  assert.deepEqual(seen(601_000).at(-1), ['a', 2, 3])
  assert.deepEqual(seen(700_000), [['a', 2, 3]])
})

test('a difference holds what changed alone; a counter that began anew counts whole', () => {
  const before = [series(4), series(1, { deployment: 'b' }), series(9, { deployment: 'c' })]
  const after = [series(6, { errors: { internal: 1 } }), series(1, { deployment: 'b' }), series(2, { deployment: 'c' }), series(3, { deployment: 'd' })]
  assert.deepEqual(
    difference(before, after).map((s) => [s.deployment, s.requests, s.rows, s.histograms.total.counts[3]]),
    [
      ['a', 2, 4, 2],
      ['c', 2, 4, 2],
      ['d', 3, 6, 3],
    ],
  )
})

test('runs are summed by their rows', () => {
  const size = (rows: number, runs: number) => ({ rows, runs, inputMs: runs, runMs: 2 * runs, outputMs: 3 * runs })
  const one = series(1, { runs: 3, sizes: [size(1, 2), size(32, 1)], failedMs: 1 })
  const two = series(1, { runs: 5, sizes: [size(8, 4), size(32, 1)], failedMs: 2 })
  const [sum] = mergeSnapshots([sampleProcess([one]), sampleProcess([two], { process: 'serve-2' })]).series
  assert.deepEqual([sum!.runs, sum!.failedMs, sum!.sizes], [8, 3, [size(1, 2), size(8, 4), size(32, 2)]])
  assert.deepEqual(one.sizes, [size(1, 2), size(32, 1)], 'what was given is left as it is')
})
