import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LatencyHistogram } from './histogram.ts'
import { judgeStep, readObjective } from './objective.ts'
import type { StepResult } from './types.ts'

test('objectives are read in all units, and what is none is refused', () => {
  assert.deepEqual(readObjective('p99=20ms'), { name: 'p99', share: 0.99, millis: 20 })
  assert.deepEqual(readObjective('P99.9 = 0.5s'), { name: 'p99.9', share: 0.9990000000000001, millis: 500 })
  assert.equal(readObjective('p50=800us').millis, 0.8)
  assert.equal(readObjective('p50=800µs').millis, 0.8)
  for (const text of ['20ms', 'p99', 'p100=1ms', 'p0=1ms', 'p99=0ms', 'p99=-1ms', 'p99=20', 'p99=20min', 'p99=700s', '']) {
    assert.throws(() => readObjective(text), { code: 'usage' }, text)
  }
})

const OBJECTIVE = readObjective('p99=20ms')

function step(millis: number[], more: Partial<StepResult> = {}): StepResult {
  const histogram = new LatencyHistogram()
  for (const one of millis) histogram.add(one * 1000)
  const counts = { seconds: 1, scheduled: millis.length, inTime: millis.length, late: 0, waited: 0 }
  return { ...counts, latency: histogram.toData(), refused: [], lag: [], failed: {}, failures: [], givenUp: false, cancelled: false, ...more }
}
const of = (count: number, millis: number) => new Array<number>(count).fill(millis)
const verdict = (result: StepResult) => {
  const { verdict, clear } = judgeStep(result, 1000, OBJECTIVE)
  return [verdict, clear]
}

test('a step is judged by its quantile, its failures, what came in time, and whether it was sent in time', () => {
  assert.deepEqual(verdict(step(of(1000, 10))), ['met', true])
  assert.deepEqual(verdict(step(of(1000, 19))), ['met', false])
  assert.deepEqual(verdict(step([...of(991, 10), ...of(9, 500)])), ['met', true])
  assert.deepEqual(verdict(step([...of(980, 10), ...of(20, 25)])), ['latency', false])
  assert.deepEqual(verdict(step([...of(980, 10), ...of(20, 100)])), ['latency', true])
  assert.deepEqual(verdict(step(of(1000, 10), { failed: { 503: 1 } })), ['failures', false])
  assert.deepEqual(verdict(step(of(1000, 10), { inTime: 900 })), ['backlog', false])
  assert.deepEqual(verdict(step(of(1000, 10), { givenUp: true })), ['latency', true])
  // late requests do not spoil what was met in spite of them, and no server is blamed for them
  assert.deepEqual(verdict(step(of(1000, 10), { late: 50 })), ['met', true])
  assert.deepEqual(verdict(step([...of(900, 10), ...of(100, 100)], { late: 50 })), ['generator', false])
  assert.deepEqual(verdict(step([...of(900, 10), ...of(100, 100)], { late: 150 })), ['generator', true])
  assert.equal(verdict(step([]))[0], 'latency')
})
