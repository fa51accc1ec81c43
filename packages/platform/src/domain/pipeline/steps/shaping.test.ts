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

test('cast makes types of types as expressions do, and null of what is none', () => {
  const read = (to: 'number' | 'integer' | 'text' | 'boolean' | 'time', type: 'string?' | 'float64?', cells: (string | number | null)[]) =>
    runSteps(
      [{ cast: { 'a `name`': to } }],
      { 'a `name`': type },
      cells.map((cell) => ({ 'a `name`': cell })),
    ).map((row) => row['a `name`'])
  assert.deepEqual(read('number', 'string?', [' 12.5 ', '12,5', '', null, '1e400']), [12.5, null, null, null, null])
  assert.deepEqual(read('integer', 'string?', ['9007199254740993', '1.9', '9223372036854775808']), [9007199254740993n, null, null])
  assert.deepEqual(read('integer', 'float64?', [-1.9, Number.NaN, 1e30]), [-1n, null, null])
  assert.deepEqual(read('text', 'float64?', [1.5, null]), ['1.5', null])
  assert.deepEqual(read('boolean', 'string?', ['True', 'false', 'maybe']), [true, false, null])
  assert.deepEqual(read('time', 'string?', ['2026-01-31', '2026-02-30']), [Date.UTC(2026, 0, 31), null])
  assert.deepEqual(read('number', 'float64?', [1]), [1])
  assert.equal(refusalOf([{ cast: { x: 'time' } }], { x: 'bool' }).path, 'pipeline[0].cast.x')
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
