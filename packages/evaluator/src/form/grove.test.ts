import assert from 'node:assert/strict'
import { test } from 'node:test'
import { floorToFloat } from './grove.ts'

test('a threshold as float32 decides every float32 as the double does', () => {
  const next = (x: number, step: 1 | -1) => {
    const bits = new Int32Array(Float32Array.of(x).buffer)
    bits[0] = (bits[0] as number) + (x > 0 ? step : -step)
    return new Float32Array(bits.buffer)[0] as number
  }
  for (const t of [0.1, -0.1, 1.5, 1e-40, -1e-40, 1 / 3, 16777217, -16777217, 3.4e38, 1e30]) {
    const near = Math.fround(t)
    for (const x of [near, next(near, 1), next(near, -1)]) assert.equal(x <= floorToFloat(t), x <= t, `${x} and ${t}`)
  }
  for (const x of [0, -0, 2 ** -149, -(2 ** -149)]) {
    assert.equal(x <= floorToFloat(1e-60), x <= 1e-60)
    assert.equal(x <= floorToFloat(-1e-60), x <= -1e-60)
  }
  assert.equal(floorToFloat(1e39), 3.4028234663852886e38)
  assert.equal(floorToFloat(-1e39), Number.NEGATIVE_INFINITY)
  assert.equal(floorToFloat(Number.POSITIVE_INFINITY), Number.POSITIVE_INFINITY)
})
