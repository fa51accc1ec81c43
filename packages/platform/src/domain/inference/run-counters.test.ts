import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RunCounters } from './run-counters.ts'

const TIMES = { inputMs: 1, runMs: 2, outputMs: 0.5 }

test('runs are counted by their rows', () => {
  const counters = new RunCounters()
  for (const rows of [8, 1, 8]) counters.add(rows, TIMES)
  assert.equal(counters.runs, 3)
  assert.deepEqual(counters.sizes(), [
    { rows: 1, runs: 1, ...TIMES },
    { rows: 8, runs: 2, inputMs: 2, runMs: 4, outputMs: 1 },
  ])
})

test('sizes without end take no memory without end', () => {
  const counters = new RunCounters()
  for (let rows = 1; rows <= 3000; rows++) counters.add(rows, TIMES)
  counters.add(5, TIMES)
  assert.equal(counters.runs, 3001)
  assert.equal(counters.sizes().length, 1024)
  assert.equal(counters.sizes()[4]!.runs, 2)
})
