import assert from 'node:assert/strict'
import { test } from 'node:test'
import { exp, log, log1p } from './math.ts'

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
