import assert from 'node:assert/strict'
import { test } from 'node:test'
import { refusalOf, runSteps } from '../testing/run-steps.ts'

test('rename gives other names, all at once', () => {
  assert.deepEqual(runSteps([{ rename: { a: 'b', b: 'a' } }], { a: 'float64', b: 'string' }, [{ a: 1, b: 'x' }]), [{ b: 1, a: 'x' }])
  assert.match(
    refusalOf([{ rename: { a: 'b' } }], { a: 'float64', b: 'string' }).message,
    /step 1 of the pipeline \(rename\.a\): there is a column "b" already/,
  )
  assert.equal(refusalOf([{ rename: { nope: 'b' } }], { a: 'float64' }).path, 'pipeline[0].rename.nope')
  assert.match(refusalOf([{ rename: { a: 'c', b: 'c' } }], { a: 'float64', b: 'string' }).message, /already/)
})

test('select keeps columns, or drops them', () => {
  const columns = { a: 'float64', b: 'string', c: 'bool' } as const
  const rows = [{ a: 1, b: 'x', c: true }]
  assert.deepEqual(runSteps([{ select: ['c', 'a'] }], columns, rows), [{ a: 1, c: true }])
  assert.deepEqual(runSteps([{ select: { drop: ['b'] } }], columns, rows), [{ a: 1, c: true }])
  assert.match(refusalOf([{ select: ['a'] }, { derive: { d: 'b' } }], columns).message, /step 2/)
  assert.equal(refusalOf([{ select: { drop: ['x'] } }], columns).path, 'pipeline[0].select.drop[0]')
  assert.match(refusalOf([{ select: ['a', 'a'] }], columns).message, /named twice/)
})

test('cast makes types of types, and null of what is none', () => {
  const text = [{ x: ' 12.5 ' }, { x: '12,5' }, { x: '' }, { x: null }, { x: '1e400' }]
  const cast = (to: 'number' | 'integer' | 'text' | 'boolean' | 'time') => [{ cast: { x: to } }]
  const read = (
    to: Parameters<typeof cast>[0],
    rows: readonly { x: string | number | bigint | boolean | null }[],
    type: 'string?' | 'float64?' | 'int64?' | 'bool?',
  ) => runSteps(cast(to), { x: type }, rows).map(({ x }) => x)
  assert.deepEqual(read('number', text, 'string?'), [12.5, null, null, null, Number.POSITIVE_INFINITY])
  assert.deepEqual(read('integer', [{ x: '9007199254740993' }, { x: '1.9' }, { x: '9223372036854775808' }, { x: 'x' }], 'string?'), [
    9007199254740993n,
    1n,
    null,
    null,
  ])
  assert.deepEqual(read('integer', [{ x: -1.9 }, { x: Number.NaN }, { x: 1e30 }], 'float64?'), [-1n, null, null])
  assert.deepEqual(read('text', [{ x: 1.5 }, { x: null }], 'float64?'), ['1.5', null])
  assert.deepEqual(read('text', [{ x: true }], 'bool?'), ['true'])
  assert.deepEqual(read('boolean', [{ x: 'Yes' }, { x: '0' }, { x: 'maybe' }], 'string?'), [true, false, null])
  assert.deepEqual(read('time', [{ x: '2026-01-31' }, { x: '2026-02-30' }, { x: '2026-01-31T12:00:00+02:00' }, { x: '31.1.2026' }], 'string?'), [
    Date.UTC(2026, 0, 31),
    null,
    Date.UTC(2026, 0, 31, 10),
    null,
  ])
  assert.deepEqual(runSteps([{ cast: { x: 'time' } }, { cast: { x: 'text' } }], { x: 'string' }, [{ x: '2026-01-31 12:00' }]), [
    { x: '2026-01-31T12:00:00.000Z' },
  ])
  assert.match(refusalOf([{ cast: { x: 'time' } }], { x: 'bool' }).message, /no meaning/)
})

test('default and impute stand for null and NaN', () => {
  const rows = [
    { x: null, t: null, n: null, b: null },
    { x: Number.NaN, t: 'car', n: 5n, b: false },
  ]
  const columns = { x: 'float64?', t: 'string?', n: 'int64?', b: 'bool?' } as const
  assert.deepEqual(runSteps([{ default: { x: 1.5, t: 'none', n: 7, b: true } }], columns, rows), [
    { x: 1.5, t: 'none', n: 7n, b: true },
    { x: 1.5, t: 'car', n: 5n, b: false },
  ])
  const impute = { impute: { x: { with: 'mean' as const, value: 3, missing: 'x_missing' } } }
  assert.deepEqual(
    runSteps([impute], { x: 'float64?' }, [{ x: null }, { x: Number.NaN }, { x: 2 }]).map((row) => [row.x, row.x_missing]),
    [
      [3, true],
      [3, true],
      [2, false],
    ],
  )
  assert.match(refusalOf([{ default: { x: 'a' } }], columns).message, /\(default\.x\): the column is a number/)
  assert.match(refusalOf([{ default: { n: 1.5 } }], columns).message, /whole number/)
  assert.match(refusalOf([{ impute: { x: { with: 'median' } } }], columns).message, /not fitted.*fairlead pipeline fit/)
  assert.match(refusalOf([{ impute: { t: { with: 'mean', value: 1 } } }], columns).message, /only numbers have a mean/)
  assert.equal(refusalOf([{ impute: { x: { with: 'constant' } } }], columns).path, 'pipeline[0].impute.x.value')
})

test('inputs declares columns of callers once, and first', () => {
  const declared = [{ inputs: [{ name: 'a', type: 'int64' as const, optional: true }] }]
  assert.deepEqual(runSteps(declared, {}, [{ a: null }]), [{ a: null }])
  assert.match(refusalOf([{ derive: { b: 'a' } }, ...declared], { a: 'float64' }).message, /first step/)
  assert.match(refusalOf([{ inputs: [declared[0]!.inputs[0]!, declared[0]!.inputs[0]!] }], {}).message, /declared twice/)
  assert.equal(refusalOf([{ inputs: [{ name: 'a', type: 'string', values: ['x', 1] }] }], {}).path, 'pipeline[0].inputs[0].values[1]')
  assert.match(refusalOf([{ inputs: [{ name: 'a', type: 'int64', min: 3, max: 1 }] }], {}).message, /above the largest/)
})
