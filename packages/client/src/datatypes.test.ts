import assert from 'node:assert/strict'
import { test } from 'node:test'
import { brainBits, halfBits } from './datatypes.ts'

/** FP16 as it is defined. */
function half(bits: number): number {
  const exponent = (bits >> 10) & 31
  const fraction = bits & 1023
  const size = exponent === 31 ? (fraction ? Number.NaN : Infinity) : exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15)
  return bits & 0x8000 ? -size : size
}

test('every FP16 comes back from its number as the same bits', () => {
  for (let bits = 0; bits < 65536; bits++) {
    const value = half(bits)
    if (!Number.isNaN(value)) assert.equal(halfBits(value), bits, `${value}`)
  }
  assert.equal(halfBits(Number.NaN), 0x7e00)
})

test('what lies between is rounded to the nearest, ties to even', () => {
  for (let bits = 0; bits < 0x7bff; bits++) {
    const [low, high] = [half(bits), half(bits + 1)]
    const middle = (low + high) / 2
    assert.equal(halfBits(middle), bits % 2 === 0 ? bits : bits + 1)
    assert.equal(halfBits(low + (high - low) * 0.49), bits)
    assert.equal(halfBits(low + (high - low) * 0.51), bits + 1)
  }
  assert.deepEqual([65519, 65520, 1e300, -1e300, 1e-300].map(halfBits), [0x7bff, 0x7c00, 0x7c00, 0xfc00, 0])
})

test('BF16 is the upper half of FP32, rounded', () => {
  assert.deepEqual([1, -2, 0, Infinity, Number.NaN, 1.00390625, 1.01171875].map(brainBits), [0x3f80, 0xc000, 0, 0x7f80, 0x7fc0, 0x3f80, 0x3f82])
})
