import assert from 'node:assert/strict'
import { test } from 'node:test'
import { erf, exp, log, log1p, pow, tanh } from './math.ts'

const view = new DataView(new ArrayBuffer(8))
function ordinal(x: number): bigint {
  view.setFloat64(0, x)
  const bits = view.getBigInt64(0)
  return bits < 0n ? -(bits & 0x7fff_ffff_ffff_ffffn) : bits
}
function close(name: string, x: number, got: number, wanted: number): void {
  const apart = ordinal(got) - ordinal(wanted)
  assert.ok(Object.is(got, wanted) || (apart <= 2n && apart >= -2n), `${name}(${x}) is ${got}, not ${wanted}`)
}

test('exp, log and log1p are right to the last places over their whole range', () => {
  for (let i = -4000; i <= 4000; i++) {
    const x = i * 0.1861
    close('exp', x, exp(x), Math.exp(x))
    close('log', x, log(Math.exp(x)), Math.log(Math.exp(x)))
    const small = Math.sign(i) * 10 ** (-Math.abs(i) / 200)
    close('exp', small, exp(small), Math.exp(small))
    close('log1p', small, log1p(small * 0.99), Math.log1p(small * 0.99))
    close('log1p', x, log1p(Math.exp(x)), Math.log1p(Math.exp(x)))
  }
})

test('exp, log and log1p at the ends of their range', () => {
  assert.deepEqual(
    [exp(Number.POSITIVE_INFINITY), exp(Number.NEGATIVE_INFINITY), exp(Number.NaN), exp(0), exp(-0)],
    [Number.POSITIVE_INFINITY, 0, Number.NaN, 1, 1],
  )
  assert.deepEqual([exp(709.79), exp(-745.2), exp(-745.13)], [Number.POSITIVE_INFINITY, 0, 5e-324])
  assert.deepEqual(
    [log(0), log(-1), log(1), log(5e-324), log(Number.POSITIVE_INFINITY)],
    [Number.NEGATIVE_INFINITY, Number.NaN, 0, Math.log(5e-324), Number.POSITIVE_INFINITY],
  )
  assert.deepEqual([log1p(-1), log1p(-2), log1p(0), log1p(-0), log1p(1e-300)], [Number.NEGATIVE_INFINITY, Number.NaN, 0, -0, 1e-300])
})

test('powers: products of squares, roots, and by way of the logarithm', () => {
  assert.deepEqual([pow(-3, 2), pow(-3, 3), pow(2, -2), pow(2, 0.5), pow(-0, -1), pow(0, 0)], [9, -27, 0.25, Math.SQRT2, Number.NEGATIVE_INFINITY, 1])
  const far = [0, -0, 1, -1, 2, -2, 0.5, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN, 65, -65, 70.5, 3]
  for (const x of far) {
    for (const y of far) {
      // unlike Math.pow, C and onnxruntime have 1 for these
      const wanted = x === 1 || (x === -1 && Math.abs(y) === Number.POSITIVE_INFINITY) ? 1 : x ** y
      assert.ok(Object.is(pow(x, y), wanted) || Math.abs(pow(x, y) / wanted - 1) < 1e-12, `${x} to the power of ${y} is ${pow(x, y)}, not ${wanted}`)
    }
  }
})

test('tanh and erf', () => {
  for (let x = -25; x < 25; x += 0.0871) assert.ok(Math.abs(tanh(x) - Math.tanh(x)) <= 1e-15 * Math.abs(x), `tanh(${x})`)
  assert.deepEqual([tanh(-0), tanh(1e-300), tanh(40), tanh(Number.NEGATIVE_INFINITY), tanh(Number.NaN)], [-0, 1e-300, 1, -1, Number.NaN])
  // Abramowitz and Stegun, table 7.1
  for (const [x, y] of [
    [0.5, 0.5204998778130465],
    [1, 0.8427007929497149],
    [2, 0.9953222650189527],
    [3.5, 0.9999992569016276],
  ] as const) {
    assert.ok(Math.abs(erf(x) - y) < 4e-15 && erf(-x) === -erf(x), `erf(${x}) is ${erf(x)}`)
  }
  assert.deepEqual([erf(-0), erf(7), erf(Number.NEGATIVE_INFINITY), erf(Number.NaN)], [-0, 1, -1, Number.NaN])
})
