import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gaussLegendre } from './quadrature.ts'

test('n points integrate every power up to 2n − 1 exactly', () => {
  for (const n of [1, 2, 3, 8, 31, 128, 256]) {
    const { at, weight } = gaussLegendre(n)
    assert.ok(at.every((x, k) => x > 0 && x < 1 && weight[k]! > 0))
    for (const power of [0, 1, n, 2 * n - 1]) {
      const integral = at.reduce((sum, x, k) => sum + weight[k]! * x ** power, 0)
      assert.ok(Math.abs(integral - 1 / (power + 1)) < 1e-14, `x^${power} by ${n} points`)
    }
  }
})

test('one power more is not exact: no point is given twice', () => {
  const { at, weight } = gaussLegendre(3)
  const integral = at.reduce((sum, x, k) => sum + weight[k]! * x ** 6, 0)
  assert.ok(Math.abs(integral - 1 / 7) > 1e-5)
})
