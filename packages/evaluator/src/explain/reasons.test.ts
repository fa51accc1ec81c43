import assert from 'node:assert/strict'
import { test } from 'node:test'
import { topReasons } from './reasons.ts'

const texts = (...of: Parameters<typeof topReasons>): string[] => topReasons(...of).map(({ text }) => text)

test('the largest first, raising or lowering, as many as asked for', () => {
  const columns = ['duration', 'purpose', 'age', 'amount']
  const contributions = [0.6123, -0.75, 0.01, -12]
  const row = [48, 'car', 35.123456789, 10n]
  assert.deepEqual(texts(contributions, columns, row, 3), [
    'amount = 10 lowers it by 12',
    'purpose = car lowers it by 0.75',
    'duration = 48 raises it by 0.612',
  ])
  assert.deepEqual(texts(contributions, columns, row, 9)[3], 'age = 35.1235 raises it by 0.01')
  assert.deepEqual(topReasons(contributions, columns, row, 1), [{ column: 'amount', contribution: -12, text: 'amount = 10 lowers it by 12' }])
  assert.deepEqual(texts(contributions, columns, row, 0), [])
})

test('equal ones keep the order of the columns; nothing, and what is not a number, is left out', () => {
  assert.deepEqual(texts([1, -1, 0, Number.NaN, 1], ['a', 'b', 'c', 'd', 'e'], [1, 2, 3, 4, true], 9), [
    'a = 1 raises it by 1',
    'b = 2 lowers it by 1',
    'e = true raises it by 1',
  ])
  assert.deepEqual(texts([1 - 2 ** -53, -1], ['a', 'b'], [1, 2], 9), ['a = 1 raises it by 1', 'b = 2 lowers it by 1'])
})

test('missing values and derived columns are said to be so; a bias behind the columns is no reason', () => {
  assert.deepEqual(texts([0.5, 0.4, 0.3, 9], ['a', 'b', 'normalize[0]'], [null, Number.NaN, undefined], 9), [
    'a is missing and raises it by 0.5',
    'b is missing and raises it by 0.4',
    'normalize[0] raises it by 0.3',
  ])
})

test('small and large numbers are written so that they can be read', () => {
  assert.deepEqual(texts([0.000012345, 1234567.8], ['a', 'b'], [1e21, -0.0000001], 2), ['b = -1e-7 raises it by 1230000', 'a = 1e+21 raises it by 0.0000123'])
})
