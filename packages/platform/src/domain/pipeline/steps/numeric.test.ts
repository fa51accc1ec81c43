import assert from 'node:assert/strict'
import { test } from 'node:test'
import { refusalOf, runSteps } from '../testing/run-steps.ts'
import { hashOf } from './hash.ts'

test('scale takes off the centre and divides by the spread, where 0 counts as 1', () => {
  const rows = [{ x: 10 }, { x: null }, { x: Number.NaN }]
  const scaled = (scaling: object) => runSteps([{ scale: { x: scaling as never } }], { x: 'float64?' }, rows).map(({ x }) => x)
  assert.deepEqual(scaled({ as: 'standard', mean: 4, deviation: 2 }), [3, null, Number.NaN])
  assert.deepEqual(scaled({ as: 'standard', mean: 4, deviation: 0 }), [6, null, Number.NaN])
  assert.deepEqual(scaled({ as: 'min-max', min: 0, max: 20 }), [0.5, null, Number.NaN])
  assert.deepEqual(scaled({ as: 'robust', median: 8, range: 4 }), [0.5, null, Number.NaN])
  assert.deepEqual(scaled({ as: 'max-abs', max: 5 }), [2, null, Number.NaN])
  assert.deepEqual(runSteps([{ scale: { n: { as: 'max-abs', max: 2, into: 'half' } } }], { n: 'int64' }, [{ n: 3n }]), [{ n: 3n, half: 1.5 }])
  assert.match(refusalOf([{ scale: { x: { as: 'standard', mean: 1 } } }], { x: 'float64' }).message, /not fitted: `mean` and `deviation`/)
  assert.match(refusalOf([{ scale: { x: { as: 'min-max', min: 3, max: 1 } } }], { x: 'float64' }).message, /above the largest/)
  assert.match(
    refusalOf([{ scale: { t: { as: 'max-abs', max: 1 } } }], { t: 'string' }).message,
    /a number or a whole number is needed, and the column "t" is a text/,
  )
})

test('clip keeps numbers within bounds', () => {
  const clipped = runSteps([{ clip: { x: { min: 0, max: 10 }, n: { min: -1.5 } } }], { x: 'float64?', n: 'int64' }, [
    { x: -5, n: -9n },
    { x: Number.POSITIVE_INFINITY, n: 2n ** 62n },
    { x: null, n: 0n },
    { x: Number.NaN, n: 0n },
  ])
  assert.deepEqual(clipped, [
    { x: 0, n: -1n },
    { x: 10, n: 2n ** 62n },
    { x: null, n: 0n },
    { x: Number.NaN, n: 0n },
  ])
  assert.match(refusalOf([{ clip: { x: {} } }], { x: 'float64' }).message, /`min` or `max`/)
  assert.match(refusalOf([{ clip: { x: { min: 2, max: 1 } } }], { x: 'float64' }).message, /above/)
  assert.match(refusalOf([{ clip: { n: { min: 1.2, max: 1.8 } } }], { n: 'int64' }).message, /no whole number/)
})

test('bin finds the interval of a number', () => {
  const rows = [{ x: 24 }, { x: 25 }, { x: 60 }, { x: Number.NaN }, { x: Number.NEGATIVE_INFINITY }, { x: null }]
  const edges = [25, 40, 60]
  const binned = (more: object) => runSteps([{ bin: { x: { edges, ...more } } }], { x: 'float64?' }, rows).map(({ x }) => x)
  assert.deepEqual(binned({}), [0, 1, 3, null, 0, null])
  assert.deepEqual(binned({ labels: ['young', 'middle', 'late', 'old'] }), ['young', 'middle', 'old', null, 'young', null])
  assert.match(refusalOf([{ bin: { x: { edges: [1, 1] } } }], { x: 'float64' }).message, /edges go up/)
  assert.match(refusalOf([{ bin: { x: { edges, labels: ['a', 'b'] } } }], { x: 'float64' }).message, /4 intervals, and there are 2 labels/)
  assert.match(refusalOf([{ bin: { x: { as: 'quantiles', bins: 4 } } }], { x: 'float64' }).message, /not fitted/)
  assert.match(refusalOf([{ bin: { x: {} } }], { x: 'float64' }).message, /`edges` is needed/)
})

test('encode makes numbers of categories', () => {
  const rows = [{ p: 'car' }, { p: 'boat' }, { p: null }]
  const columns = { p: 'string?' } as const
  const encoded = (encoding: object) => runSteps([{ encode: { p: encoding as never } }], columns, rows)
  assert.deepEqual(
    encoded({ as: 'one-hot', categories: ['car', 'house'] }).map(({ p_car, p_house }) => [p_car, p_house]),
    [
      [1, 0],
      [0, 0],
      [0, 0],
    ],
  )
  assert.deepEqual(
    encoded({ as: 'one-hot', categories: ['car'], unknown: 'other', prefix: 'is' }).map(({ is_car, is_other }) => [is_car, is_other]),
    [
      [1, 0],
      [0, 1],
      [0, 1],
    ],
  )
  assert.deepEqual(
    encoded({ as: 'ordinal', categories: ['house', 'car'] }).map(({ p }) => p),
    [1, null, null],
  )
  assert.deepEqual(
    encoded({ as: 'ordinal', categories: ['car'], unknown: -1 }).map(({ p }) => p),
    [0, -1, null],
  )
  assert.deepEqual(
    encoded({ as: 'target', means: { car: 0.3 }, otherwise: 0.25, into: 'q' }).map(({ q }) => q),
    [0.3, 0.25, 0.25],
  )
  assert.deepEqual(
    encoded({ as: 'hash', buckets: 1024 }).map(({ p }) => p),
    [hashOf('car') % 1024, hashOf('boat') % 1024, null],
  )
  assert.throws(() => encoded({ as: 'ordinal', categories: ['car'], unknown: 'refuse' }), { code: 'value-unknown', message: /^rows\[1\]\.p: "boat"/ })
  assert.throws(() => encoded({ as: 'one-hot', categories: ['car'], unknown: 'refuse' }), { code: 'value-unknown', message: /\(and 1 more\)/ })
  assert.deepEqual(runSteps([{ encode: { n: { as: 'ordinal', categories: [7, 5] } } }], { n: 'int64' }, [{ n: 5n }]), [{ n: 1 }])
})

test('encode refuses categories that cannot be', () => {
  const p = (encoding: object) => refusalOf([{ encode: { p: encoding as never } }], { p: 'string' })
  assert.match(p({ as: 'one-hot' }).message, /not fitted: `categories`/)
  assert.equal(p({ as: 'ordinal', categories: ['a', 1] }).path, 'pipeline[0].encode.p.categories[1]')
  assert.match(p({ as: 'ordinal', categories: ['a', 'a'] }).message, /there twice/)
  assert.match(p({ as: 'target' }).message, /not fitted/)
  const many = Array.from({ length: 1001 }, (_, i) => `c${i}`)
  assert.match(p({ as: 'one-hot', categories: many }).message, /at most 1000, and there are 1001/)
  assert.match(p({ as: 'one-hot', categories: ['other'], unknown: 'other' }).message, /two columns would be called "p_other"/)
})

test('the hash is MurmurHash3, whose values are known', () => {
  assert.deepEqual(['', 'foo', 'hello', 'hello, world', 'ä'.repeat(3000)].map(hashOf).slice(0, 4), [0, 4138058784, 613153351, 345750399])
})
