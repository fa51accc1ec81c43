import assert from 'node:assert/strict'
import { test } from 'node:test'
import { addHistogram, BUCKET_BOUNDS, bucketOf, emptyHistogram, Histogram, quantile } from './histogram.ts'

test('bounds grow by 11 to 13 % from 0.01 ms to a minute and hold 1, 2 and 5 of each decade exactly', () => {
  assert.equal(BUCKET_BOUNDS[0], 0.01)
  assert.equal(BUCKET_BOUNDS.at(-1), 60_000)
  for (let i = 1; i < BUCKET_BOUNDS.length - 1; i++) {
    const ratio = BUCKET_BOUNDS[i]! / BUCKET_BOUNDS[i - 1]!
    assert.ok(ratio > 1.11 && ratio < 1.13, `${BUCKET_BOUNDS[i - 1]} to ${BUCKET_BOUNDS[i]}`)
  }
  for (const exact of [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 100, 1000, 10_000, 20_000, 50_000]) assert.ok(BUCKET_BOUNDS.includes(exact), String(exact))
})

test('a value on a bound belongs to its bucket, the next above it does not', () => {
  const at = BUCKET_BOUNDS.indexOf(0.2)
  assert.equal(bucketOf(0.2), at)
  assert.equal(bucketOf(0.2000001), at + 1)
  assert.equal(bucketOf(0), 0)
  assert.equal(bucketOf(1e9), BUCKET_BOUNDS.length)
})

test('percentiles are right to the width of a bucket', () => {
  const histogram = new Histogram()
  for (let i = 1; i <= 10_000; i++) histogram.add(i / 1000)
  const data = { counts: Array.from(histogram.counts) }
  for (const q of [0.01, 0.5, 0.9, 0.99]) assert.ok(Math.abs(quantile(data, q)! / (q * 10) - 1) < 0.07, `${q}: ${quantile(data, q)}`)
  assert.equal(quantile(emptyHistogram(), 0.5), null)
  const above = new Histogram()
  above.add(1e9)
  assert.equal(quantile({ counts: Array.from(above.counts) }, 0.5), 60_000)
})

test('what a broken clock gives counts as nothing', () => {
  const histogram = new Histogram()
  histogram.add(-3)
  histogram.add(Number.NaN)
  assert.deepEqual([histogram.sum, histogram.count, histogram.counts[0]], [0, 2, 2])
})

test('histograms add and subtract', () => {
  const one = new Histogram()
  one.add(3)
  const data = { counts: Array.from(one.counts), sum: 3, count: 1 }
  const sum = emptyHistogram()
  addHistogram(sum, data)
  addHistogram(sum, data)
  addHistogram(sum, data, -1)
  assert.deepEqual(sum, data)
})
