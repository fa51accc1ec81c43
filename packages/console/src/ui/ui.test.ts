import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sparkPaths } from './spark.ts'
import { byAttention, deploymentWord, healthWord, observedWord } from './state.ts'

test('a sparkline starts at zero and breaks where there is no data', () => {
  const { line, area, peak } = sparkPaths([0, 10, null, 5, 5], 40, 23)
  assert.equal(peak, 10)
  assert.equal(line.split('M').length - 1, 2)
  assert.ok(line.startsWith('M0,22L10,2'))
  assert.equal(area.split('Z').length - 1, 2)
})

test('a sparkline without data draws nothing, and a lone value is visible', () => {
  assert.deepEqual(sparkPaths([null, null], 40, 20), { line: '', area: '', peak: 0 })
  assert.deepEqual(sparkPaths([], 40, 20), { line: '', area: '', peak: 0 })
  assert.equal(sparkPaths([null, 4, null], 40, 20).line, 'M20,2L21,2')
})

test('what needs attention stands first', () => {
  const rows = [
    { name: 'b', health: 'ok' },
    { name: 'a', health: 'ok' },
    { name: 'z', health: 'alert' },
    { name: 'y', health: 'unknown' },
    { name: 'x', health: 'warn' },
  ] as const
  assert.deepEqual(
    [...rows].sort(byAttention).map((row) => row.name),
    ['z', 'x', 'y', 'a', 'b'],
  )
})

test('every state has a word', () => {
  assert.equal(healthWord('warn').word, 'Needs a look')
  assert.equal(deploymentWord('empty').tone, 'unknown')
  assert.deepEqual(
    [deploymentWord('unloaded').word, observedWord('unloaded').word, observedWord('waiting').word],
    ['Unloaded', 'Not in memory', 'Waiting to load'],
  )
})
