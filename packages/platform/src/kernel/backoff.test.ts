import assert from 'node:assert/strict'
import { test } from 'node:test'
import { backoffMs } from './backoff.ts'

test('the bound doubles up to the largest wait', () => {
  const bound = (attempt: number) => backoffMs(attempt, { baseMs: 100, maxMs: 1000, random: () => 1 })
  assert.deepEqual([0, 1, 2, 3, 4, 5000].map(bound), [100, 200, 400, 800, 1000, 1000])
})

test('jitter covers the whole range', () => {
  assert.equal(backoffMs(3, { baseMs: 100, maxMs: 1000, random: () => 0 }), 0)
  assert.equal(backoffMs(3, { baseMs: 100, maxMs: 1000, random: () => 0.5 }), 400)
  const waits = Array.from({ length: 200 }, () => backoffMs(0, { baseMs: 100, maxMs: 1000 }))
  assert.ok(waits.every((wait) => wait >= 0 && wait < 100))
  assert.ok(new Set(waits).size > 100)
})
