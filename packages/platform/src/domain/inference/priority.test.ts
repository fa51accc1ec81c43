import assert from 'node:assert/strict'
import { test } from 'node:test'
import { coded } from '../../testing/fake-inference.ts'
import { readPriority } from './priority.ts'

test('levels are whole numbers from 1 to 10, and 0 is the one of the release', () => {
  assert.deepEqual(
    [1, 10, 0, 3n, '7', '0'].map((value) => readPriority(value, 'p')),
    [1, 10, undefined, 3, 7, undefined],
  )
})

test('anything else is refused by its place', () => {
  for (const value of [11, -1, 1.5, Number.NaN, '', '1.5', 'high', ' 1', true, null, 2n ** 64n, [1]])
    assert.throws(() => readPriority(value, 'parameters.priority'), coded('request-invalid', /^parameters\.priority must be a whole number/))
})
