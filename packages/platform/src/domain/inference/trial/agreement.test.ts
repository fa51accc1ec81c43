import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Tensor } from '../types.ts'
import { compareAnswers } from './agreement.ts'

const floats = (...data: number[]): Tensor => ({ type: 'float32', shape: [data.length], data: Float32Array.from(data) })
const words = ['left', 'right'] as const
const difference = (a: Tensor, b: Tensor) => compareAnswers({ y: a }, { y: b }, words).difference

test('numbers agree within the tolerance of their type, and NaN with NaN', () => {
  assert.equal(difference(floats(1, Number.NaN, Number.POSITIVE_INFINITY), floats(1.000001, Number.NaN, Number.POSITIVE_INFINITY)), undefined)
  assert.equal(difference(floats(1), floats(1.1)), 'output "y", row 0: 1 from left, 1.100000023841858 from right')
  assert.match(difference(floats(1), floats(Number.NaN))!, /NaN from right/)
  assert.match(difference(floats(1), floats(Number.POSITIVE_INFINITY))!, /Infinity from right/)
  assert.equal(difference(floats(1e6), floats(1e6 + 1)), undefined)
  const wide = (value: number): Tensor => ({ type: 'float64', shape: [1, 1], data: Float64Array.of(value) })
  assert.match(difference(wide(1), wide(1.000001))!, /row 0/)
})

test('labels and texts must be equal', () => {
  const label = (...data: bigint[]): Tensor => ({ type: 'int64', shape: [data.length], data: BigInt64Array.from(data) })
  const text = (...data: string[]): Tensor => ({ type: 'string', shape: [data.length], data })
  assert.equal(difference(label(1n, 2n), label(1n, 2n)), undefined)
  assert.equal(difference(label(1n, 2n), label(1n, 3n)), 'output "y", row 1: 2 from left, 3 from right')
  assert.match(difference(text('a'), text('b'))!, /a from left, b from right/)
})

test('another type, another shape and a missing output are differences', () => {
  assert.match(difference(floats(1), { type: 'float64', shape: [1], data: Float64Array.of(1) })!, /float32 \[1\] from left and float64 \[1\] from right/)
  assert.match(difference(floats(1), { ...floats(1), shape: [1, 1] })!, /\[1\] from left and float32 \[1,1\] from right/)
  assert.match(compareAnswers({ y: floats(1) }, {}, words).difference!, /"y" is missing from right/)
  const table = (...data: number[]): Tensor => ({ ...floats(...data), shape: [2, 2] })
  assert.match(difference(table(1, 2, 3, 4), table(1, 2, 3, 5))!, /row 1, column 1: 4 from left/)
})
