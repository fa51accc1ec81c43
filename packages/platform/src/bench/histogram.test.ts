import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LatencyHistogram } from './histogram.ts'
import { gaps, random } from './schedule.ts'

test('every quantile is right to 0.4 %, from microseconds to minutes', () => {
  const next = random(7)
  const values = Array.from({ length: 20_000 }, () => Math.round(10 ** (next() * 8)))
  const histogram = new LatencyHistogram()
  for (const value of values) histogram.add(value)
  values.sort((a, b) => a - b)
  for (const q of [0.001, 0.25, 0.5, 0.9, 0.99, 0.999, 0.9999]) {
    const exact = values[Math.ceil(q * values.length) - 1]!
    const found = histogram.quantile(q)!
    assert.ok(Math.abs(found - exact) <= exact * 0.004, `${q}: ${found} for ${exact}`)
  }
  assert.equal(histogram.quantile(1), values.at(-1))
  assert.equal(histogram.largest, values.at(-1))
})

test('small values are exact, negative ones are none, and more than an hour is the last bucket', () => {
  const histogram = new LatencyHistogram()
  for (const value of [0, -3, 1, 255, 256, 1e12]) histogram.add(value)
  assert.equal(histogram.quantile(0.5), 1)
  assert.equal(histogram.quantile(4 / 6), 255)
  assert.equal(histogram.quantile(5 / 6), 257)
  assert.equal(histogram.quantile(1), 0xffffffff)
  assert.equal(new LatencyHistogram().quantile(0.5), null)
  assert.equal(new LatencyHistogram().largest, null)
})

test('parts that were sent on as data are the whole', () => {
  const [whole, ...parts] = [new LatencyHistogram(), new LatencyHistogram(), new LatencyHistogram()]
  for (let i = 0; i < 1000; i++) {
    whole.add(i * i)
    parts[i % 2]!.add(i * i)
  }
  const joined = LatencyHistogram.of(...parts.map((part) => part.toData()))
  assert.deepEqual(joined.toData(), whole.toData())
  assert.equal(joined.count, 1000)
})

test('arrivals keep their rate and are the same for the same seed', () => {
  const take = (seed: number) => Array.from({ length: 10_000 }, gaps(500, 'poisson', seed))
  const pauses = take(3)
  const mean = pauses.reduce((sum, gap) => sum + gap, 0) / pauses.length
  assert.ok(Math.abs(mean - 2) < 0.1, String(mean))
  // of a Poisson process, the deviation is the mean
  const deviation = Math.sqrt(pauses.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / pauses.length)
  assert.ok(Math.abs(deviation - 2) < 0.2, String(deviation))
  assert.deepEqual(take(3), pauses)
  assert.notDeepEqual(take(4), pauses)
  assert.deepEqual(Array.from({ length: 2 }, gaps(500, 'constant', 1)), [2, 2])
})
