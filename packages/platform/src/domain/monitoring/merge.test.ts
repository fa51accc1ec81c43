import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sampleProcess } from '../../testing/process-snapshots.ts'
import { difference, EndedCounters, mergeSnapshots } from './merge.ts'
import { emptySeries } from './recorder.ts'
import type { SeriesSnapshot } from './types.ts'

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
  assert.equal(ended.sum.series.length, 0)
  ended.add(
    sampleProcess([series(5, { queueRows: 9, errors: { internal: 1 }, lastAt: 7 }), series(2, { deployment: 'b' })], {
      log: { rows: 9, dropped: 1, bytes: 3 },
    }),
  )
  ended.add(sampleProcess([series(1, { errors: { internal: 1 } })], { log: { rows: 1, dropped: 0, bytes: 1 } }))
  assert.deepEqual(
    ended.sum.series.map((s) => [s.deployment, s.requests, s.rows, s.errors, s.queueRows, s.lastAt, s.histograms.total.count]),
    [
      ['a', 6, 12, { internal: 2 }, 0, 7, 6],
      ['b', 2, 4, {}, 0, 0, 2],
    ],
  )
  assert.deepEqual(ended.sum.log, { rows: 10, dropped: 1, bytes: 4 })
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
