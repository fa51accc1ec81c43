import assert from 'node:assert/strict'
import { test } from 'node:test'
import { float16Text, float32Text, float64Text, halfToNumber, numberToHalf } from './number-text.ts'

test('a float32 is written as short as it reads back', () => {
  const cases: [number, string][] = [
    [0.81, '0.81'],
    [0.1, '0.1'],
    [1, '1'],
    [-2.5, '-2.5'],
    [16777216, '16777216'],
    [3.4028234663852886e38, '3.4028235e+38'],
    [1e-45, '1e-45'],
    [1.17549435e-38, '1.1754944e-38'],
    [123456.789, '123456.79'],
    [0.00001, '0.00001'],
    [999999.94, '999999.94'],
    [-0, '-0'],
    [Number.NaN, '"NaN"'],
    [Number.NEGATIVE_INFINITY, '"-Infinity"'],
  ]
  for (const [value, text] of cases) assert.equal(float32Text(Math.fround(value)), text)
})

test('every float32 reads back as itself, and no shorter one does', () => {
  const bits = new Uint32Array(1)
  const floats = new Float32Array(bits.buffer)
  let seed = 42
  for (let i = 0; i < 20_000; i++) {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0
    bits[0] = i % 2 ? seed : 0x38000000 + (seed % 0x12000000)
    const value = floats[0]!
    if (!Number.isFinite(value)) continue
    const text = float32Text(value)
    assert.equal(Math.fround(Number(text)), value, text)
    const digits = text.replace(/e.*/, '').replace(/[-.]/g, '').replace(/^0+/, '').replace(/0+$/, '').length
    if (digits > 1) assert.notEqual(Math.fround(Number(value.toPrecision(digits - 1))), value, `${text} is not the shortest`)
  }
})

test('half floats and doubles survive', () => {
  for (let bits = 0; bits < 65536; bits += 7) {
    const value = halfToNumber(bits)
    if (Number.isFinite(value)) assert.equal(numberToHalf(Number(float16Text(bits))), bits)
  }
  assert.equal(float16Text(numberToHalf(0.1)), '0.1')
  for (const value of [0.1, 1e21, 5e-324, -0, Number.MAX_VALUE]) assert.ok(Object.is(Number(float64Text(value)), value))
  assert.equal(float64Text(Number.POSITIVE_INFINITY), '"Infinity"')
})
