import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Elements, ElementType } from '../form/element.ts'
import type { Input } from '../form/form.ts'
import type { Step } from '../form/steps.ts'
import { interpret } from './interpret.ts'

const f32 = (...numbers: number[]) => Float32Array.from(numbers)
const f64 = (...numbers: number[]) => Float64Array.from(numbers)
const i64 = (...numbers: bigint[]) => BigInt64Array.from(numbers)
const bool = (...numbers: number[]) => Uint8Array.from(numbers)
const text = (...numbers: number[]) => Int32Array.from(numbers)

interface Given {
  readonly data: Elements
  readonly width?: number
  readonly type?: ElementType
}

function typeOf({ data, type }: Given): ElementType {
  if (type) return type
  return data instanceof Float32Array
    ? 'f32'
    : data instanceof Float64Array
      ? 'f64'
      : data instanceof BigInt64Array
        ? 'i64'
        : data instanceof Uint8Array
          ? 'bool'
          : 'i32'
}

/** What one step gives of these values; the first of them says how many rows there are. */
function run(step: object, ...given: readonly Given[]): unknown[] {
  const inputs = given.map((one, at): Input => ({ name: `x${at}`, type: typeOf(one), width: one.width ?? 1 }))
  const steps = [{ of: given.map((_, at) => at), ...step } as unknown as Step]
  const source = { format: 'onnx', version: '', objective: '' } as const
  const form = { version: 1, source, inputs, steps, outputs: [{ name: 'y', value: given.length, role: 'other', rank: 2 }], texts: [] } as const
  const rows = given[0]!.data.length / (given[0]!.width ?? 1)
  return [
    ...interpret(
      form,
      given.map((one) => one.data),
      rows,
    ).get('y')!,
  ]
}

test('scale subtracts and then multiplies or divides, each rounded', () => {
  const by = (divide: boolean, factor = [3]) => ({ op: 'scale', offset: [0.1], factor, divide })
  assert.deepEqual(run(by(false), { data: f32(1, 2) }), [
    Math.fround(Math.fround(1 - Math.fround(0.1)) * 3),
    Math.fround(Math.fround(2 - Math.fround(0.1)) * 3),
  ])
  assert.deepEqual(run(by(true, [3, 4]), { data: f64(1, 2), width: 2 }), [(1 - 0.1) / 3, (2 - 0.1) / 4])
})

test('arithmetic of floats is rounded, that of whole numbers wraps around', () => {
  const step = (operator: string, more: object = {}) => ({ op: 'arithmetic', operator, ...more })
  assert.deepEqual(run(step('div', { constant: [1], left: true }), { data: f32(3) }), [Math.fround(1 / 3)])
  assert.deepEqual(run(step('pow', { constant: [2] }), { data: f64(-3) }), [9])
  assert.deepEqual(run(step('min', { constant: [0] }), { data: f64(Number.NaN, 1, -1) }), [Number.NaN, 0, -1])
  assert.deepEqual(run(step('mod', { constant: [3] }), { data: f64(-7, 7) }), [-1, 1])
  assert.deepEqual(run(step('add'), { data: i64(2n ** 63n - 1n, 5n) }, { data: i64(1n, 2n) }), [-(2n ** 63n), 7n])
  assert.deepEqual(run(step('mul', { constant: [-2] }), { data: i64(3n) }), [-6n])
  assert.deepEqual(run(step('mul', { constant: [2] }), { data: text(2 ** 30), type: 'i32' }), [-(2 ** 31)])
  assert.throws(() => run(step('div', { constant: [2] }), { data: i64(3n) }), TypeError)
})

test('a value of width 1 stands for all columns', () => {
  assert.deepEqual(run({ op: 'arithmetic', operator: 'sub' }, { data: f64(1, 2, 3, 4), width: 2 }, { data: f64(1, 10) }), [0, 1, -7, -6])
  assert.deepEqual(run({ op: 'arithmetic', operator: 'sub' }, { data: f64(1, 10) }, { data: f64(1, 2, 3, 4), width: 2 }), [0, -1, 7, 6])
  assert.deepEqual(run({ op: 'arithmetic', operator: 'add', constant: [1, 2, 3] }, { data: f64(10, 20) }), [11, 12, 13, 21, 22, 23])
  assert.deepEqual(run({ op: 'where' }, { data: bool(1, 0) }, { data: f32(1, 2, 3, 4), width: 2 }, { data: f32(-1, -2) }), [1, 2, -2, -2])
})

test('comparisons give bools; NaN equals nothing', () => {
  const step = (operator: string, more: object = {}) => ({ op: 'compare', operator, ...more })
  assert.deepEqual(run(step('lt', { constant: [1] }), { data: f32(0, 1, Number.NaN) }), [1, 0, 0])
  assert.deepEqual(run(step('le', { constant: [1], left: true }), { data: f32(0, 1, 2) }), [0, 1, 1])
  assert.deepEqual(run(step('ne'), { data: f64(Number.NaN, 1) }, { data: f64(Number.NaN, 1) }), [1, 0])
  assert.deepEqual(run(step('eq', { constant: [2] }), { data: i64(2n, 3n) }), [1, 0])
  assert.deepEqual(run(step('gt', { constant: [0.1] }), { data: f32(0.1) }), [0])
  assert.deepEqual(run(step('xor'), { data: bool(0, 1, 1) }, { data: bool(1, 1, 0) }), [1, 0, 1])
  assert.throws(() => run(step('and', { constant: [1] }), { data: f32(1) }), TypeError)
})

test('functions of one element', () => {
  const of = (name: string, given: Given) => run({ op: 'unary', function: name }, given)
  assert.deepEqual(of('round', { data: f64(0.5, 1.5, -2.5, 2 ** 53 + 2, -0.2) }), [0, 2, -2, 2 ** 53 + 2, -0])
  assert.deepEqual(of('sign', { data: f64(3, -3, 0, Number.NaN) }), [1, -1, 0, Number.NaN])
  assert.deepEqual(of('relu', { data: f32(-1, 2, Number.NaN) }), [0, 2, Number.NaN])
  assert.deepEqual(of('not', { data: bool(0, 1) }), [1, 0])
  assert.deepEqual(of('isnan', { data: f32(1, Number.NaN) }), [0, 1])
  assert.deepEqual(of('abs', { data: i64(-5n, -(2n ** 63n)) }), [5n, -(2n ** 63n)])
  assert.deepEqual(of('reciprocal', { data: f32(3) }), [Math.fround(1 / 3)])
  assert.deepEqual(of('sigmoid', { data: f64(0) }), [0.5])
  assert.throws(() => of('exp', { data: i64(1n) }), TypeError)
  assert.throws(() => of('not', { data: f32(1) }), TypeError)
})

test('rows by their norm; a row of zeros stays', () => {
  const by = (norm: string) => run({ op: 'normalize', norm }, { data: f64(3, -4, 0, 0), width: 2 })
  assert.deepEqual(by('l1'), [3 / 7, -4 / 7, 0, 0])
  assert.deepEqual(by('l2'), [0.6, -0.8, 0, 0])
  assert.deepEqual(by('max'), [0.75, -1, 0, 0])
})

test('the columns of a row to one, also in groups', () => {
  const by = (name: string, more: object = {}) => run({ op: 'reduce', function: name, ...more }, { data: f64(1, -2, 3, 4), width: 4 })
  assert.deepEqual(by('sum'), [6])
  assert.deepEqual(by('sum', { groups: 2 }), [-1, 7])
  assert.deepEqual(by('mean', { groups: 2 }), [-0.5, 3.5])
  assert.deepEqual([by('min'), by('max'), by('l1'), by('prod'), by('sumsquare')], [[-2], [4], [10], [-24], [30]])
  assert.deepEqual(by('l2', { groups: 2 }), [Math.sqrt(5), 5])
  assert.deepEqual(run({ op: 'reduce', function: 'sum' }, { data: f32(2 ** 24, 1, 1), width: 3 }), [2 ** 24])
})

test('one column for each category', () => {
  const step = (categories: number[], unknown = 'zeros') => ({ op: 'onehot', categories, unknown, to: 'f32' })
  assert.deepEqual(run(step([0.1, Number.NaN]), { data: f32(0.1, Number.NaN, 3) }), [1, 0, 0, 1, 0, 0])
  assert.deepEqual(run(step([7]), { data: text(7, -1), type: 'text' }), [1, 0])
  assert.throws(() => run(step([1], 'error'), { data: i64(1n, 2n) }), /row 1: 2 is none of the categories/)
})

test('one element for another by a table', () => {
  const step = (to: string) => ({ op: 'lookup', keys: [1, Number.NaN, 1], values: [10, 20, 30], otherwise: -1, to })
  assert.deepEqual(run(step('i64'), { data: f64(1, Number.NaN, 2) }), [10n, 20n, -1n])
  assert.deepEqual(run(step('f32'), { data: i64(1n, 2n ** 60n) }), [10, -1])
  assert.deepEqual(run(step('bool'), { data: text(1, -2), type: 'text' }).length, 2)
})
