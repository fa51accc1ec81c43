import assert from 'node:assert/strict'
import { test } from 'node:test'
import { keeps, median, table } from './report.ts'

test('the median of odd and even numbers of rounds', () => {
  assert.equal(median([3, 1, 2]), 2)
  assert.equal(median([4, 1, 3, 2]), 2.5)
})

test('bars from above and from below', () => {
  assert.equal(keeps({ name: 'a', unit: 's', rounds: [1, 2, 9], bar: { most: 2 } }), true)
  assert.equal(keeps({ name: 'a', unit: 's', rounds: [1, 3, 9], bar: { most: 2 } }), false)
  assert.equal(keeps({ name: 'a', unit: '', rounds: [0.4], bar: { least: 0.5 } }), false)
  assert.equal(keeps({ name: 'a', unit: '', rounds: [0.4] }), undefined)
})

test('the table says median, span, bar and whether it was kept', () => {
  const text = table([{ name: 'ratio', unit: 'of the echo', rounds: [0.4, 0.45, 0.6], bar: { least: 0.5 } }])
  assert.match(text, /\| ratio \| 0\.450 of the echo \| 0\.400 – 0\.600 \| ≥ 0\.500 \| \*\*no\*\* \|/)
})
