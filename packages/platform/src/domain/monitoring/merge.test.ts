import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sampleProcess } from '../../testing/process-snapshots.ts'
import { Carry, difference, mergeSnapshots } from './merge.ts'
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

test('counters never go back: not when a process dies, restarts under its name, or drops a series', () => {
  const carry = new Carry()
  const total = (...snapshots: Parameters<Carry['observe']>[0]) => {
    const merged = carry.observe(snapshots)
    return [merged.series.reduce((sum, s) => sum + s.requests, 0), merged.log.rows]
  }
  const log = (rows: number) => ({ rows, dropped: 0, bytes: 0 })
  assert.deepEqual(total(sampleProcess([series(5), series(2, { deployment: 'b' })], { log: log(9) })), [7, 9])
  assert.deepEqual(total(sampleProcess([series(6)], { log: log(10) })), [8, 10], 'b was dropped')
  assert.deepEqual(total(sampleProcess([series(1)], { pid: 101, startedAt: 1, log: log(1) })), [9, 11], 'restarted')
  assert.deepEqual(total(), [9, 11], 'gone')
  assert.deepEqual(total(), [9, 11], 'still gone')
  carry.forget('b')
  assert.deepEqual(total(), [7, 11])
})

test("a dead process's queue is not carried", () => {
  const carry = new Carry()
  carry.observe([sampleProcess([series(1, { queueRows: 9 })])])
  assert.equal(carry.observe([]).series[0]?.queueRows, 0)
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
