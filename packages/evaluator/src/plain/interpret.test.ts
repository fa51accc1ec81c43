import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Elements, ElementType } from '../form/element.ts'
import type { Form } from '../form/form.ts'
import type { Step } from '../form/steps.ts'
import { interpret } from './interpret.ts'

function form(steps: readonly Step[], { type = 'f32', width = 1 }: { type?: ElementType; width?: number } = {}): Form {
  const source = { format: 'onnx', version: '', objective: '' } as const
  return { version: 1, source, inputs: [{ name: 'x', type, width }], steps, outputs: [{ name: 'y', value: steps.length, role: 'other', rank: 2 }], texts: [] }
}

function run(steps: readonly Step[], numbers: Elements, ask: { type?: ElementType; width?: number } = {}): unknown[] {
  return [...interpret(form(steps, ask), [numbers], numbers.length / (ask.width ?? 1)).get('y')!]
}

const link = (name: string, scale = 1) => [{ op: 'link', of: [0], function: name, scale } as Step]
const f32 = (...numbers: number[]) => Float32Array.from(numbers)
const f64 = (...numbers: number[]) => Float64Array.from(numbers)

test('links, each operation rounded to the type of the sums', () => {
  assert.deepEqual(run(link('sigmoid'), f32(0, 100, -200)), [0.5, 1, 0])
  assert.deepEqual(run(link('sigmoid'), f32(0.3)), [Math.fround(1 / Math.fround(1 + Math.fround(Math.exp(-Math.fround(0.3)))))])
  assert.deepEqual(run(link('sigmoid', 2), f64(0.3), { type: 'f64' }), [1 / (1 + Math.exp(-0.6))])
  assert.deepEqual(run(link('exp'), f64(2), { type: 'f64' }), [Math.exp(2)])
  assert.deepEqual(run(link('log1pexp'), f64(0), { type: 'f64' }), [Math.LN2])
  assert.deepEqual(run(link('signed-square'), f64(-3, 2), { type: 'f64' }), [-9, 4])
  assert.deepEqual(run(link('step'), f32(-1, 0, 1e-30, Number.NaN)), [0, 0, 1, 0])
  assert.deepEqual(run(link('complement'), f32(0.25)), [0.75])
  assert.deepEqual(run(link('softmax'), f64(1000, 1000), { type: 'f64', width: 2 }), [0.5, 0.5])
  assert.deepEqual(run(link('softmax-zero'), f64(0, 1, 1), { type: 'f64', width: 3 }), [0, 0.5, 0.5])
  assert.deepEqual(run(link('probit'), f32(0.5)), [0])
  assert.ok(Math.abs((run(link('probit'), f32(0.975))[0] as number) - 1.96) < 0.01)
})

test('arithmetic with constants, on either side, and with another value', () => {
  const by = (operator: 'add' | 'sub' | 'mul' | 'div', more: object) => [{ op: 'arithmetic', of: [0], operator, ...more } as Step]
  assert.deepEqual(run(by('div', { constant: [3] }), f32(1, 2), { width: 2 }), [Math.fround(1 / 3), Math.fround(2 / 3)])
  assert.deepEqual(run(by('sub', { constant: [1, 2], left: true }), f64(1, 1), { type: 'f64', width: 2 }), [0, 1])
  assert.deepEqual(run([...by('mul', { constant: [2] }), { op: 'arithmetic', of: [1, 0], operator: 'add' }], f64(1, 5), { type: 'f64', width: 2 }), [3, 15])
})

test('the largest column, the first or the last among equals, and its label', () => {
  const best = (last: boolean): Step => ({ op: 'argmax', of: [0], last })
  assert.deepEqual(run([best(false)], f32(1, 3, 3, 7, 7, 0), { width: 3 }), [1, 0])
  assert.deepEqual(run([best(true)], f32(1, 3, 3, 7, 7, 0), { width: 3 }), [2, 1])
  assert.deepEqual(run([best(false), { op: 'choose', of: [1], labels: [10, -20], to: 'i64' }], f32(0, 1, 1, 0), { width: 2 }), [-20n, 10n])
})

test('casts cut toward zero and round once', () => {
  const cast = (to: ElementType) => [{ op: 'cast', of: [0], to } as Step]
  assert.deepEqual(run(cast('i64'), f64(1.9, -1.9, 2 ** 60), { type: 'f64' }), [1n, -1n, 2n ** 60n])
  assert.deepEqual(run(cast('i32'), f64(-2.5, Number.NaN, 3e9), { type: 'f64' }), [-2, -(2 ** 31), -(2 ** 31)])
  assert.deepEqual(run(cast('bool'), f64(0, -0, 0.1, Number.NaN), { type: 'f64' }), [0, 0, 1, 1])
  assert.deepEqual(run(cast('f32'), BigInt64Array.of(16777217n, -1n), { type: 'i64' }), [16777216, -1])
})

test('whole numbers beyond 2^53 are rounded once to a float', () => {
  const numbers = BigInt64Array.of(2n ** 60n + 2n ** 36n + 1n, 2n ** 60n + 2n ** 36n, -(2n ** 60n) - 2n ** 36n - 1n, 2n ** 53n)
  const found = run([{ op: 'cast', of: [0], to: 'f32' }], numbers, { type: 'i64' })
  assert.deepEqual(found, [2 ** 60 + 2 ** 37, 2 ** 60, -(2 ** 60) - 2 ** 37, 2 ** 53])
})

test('columns are picked, joined and replaced', () => {
  const steps: Step[] = [
    { op: 'columns', of: [0], indices: [2, 0] },
    { op: 'concat', of: [1, 0] },
    { op: 'replace', of: [2], what: Number.NaN, with: [9] },
  ]
  assert.deepEqual(run(steps, f32(1, 2, Number.NaN, 4, 5, 6), { width: 3 }), [9, 1, 1, 2, 9, 6, 4, 4, 5, 6])
  assert.deepEqual(run([{ op: 'replace', of: [0], what: 0.1, with: [7, 8] }], f32(0.1, 0.1), { width: 2 }), [7, 8])
})

test('linear models pass over missing values where they are told to', () => {
  const affine = { op: 'affine', of: [0], outputs: 2, weights: f64(1, 10, 2, 20), bias: f64(100, 200), biasFirst: true } as const
  assert.deepEqual(run([{ ...affine, skipMissing: true }], f64(1, Number.NaN), { type: 'f64', width: 2 }), [101, 210])
  assert.deepEqual(run([{ ...affine, skipMissing: false }], f64(1, 3), { type: 'f64', width: 2 }), [107, 270])
  assert.deepEqual(run([{ ...affine, biasFirst: false, skipMissing: false }], f64(1, 3), { type: 'f64', width: 2 }), [107, 270])
})

test('what does not fit is refused by name', () => {
  assert.throws(() => interpret(form(link('exp')), [f32(1, 2)], 3), /input x: 2 numbers for 3 rows of 1/)
  assert.throws(() => interpret(form(link('exp')), [f32(1)], 1, ['z']), /no output z/)
  assert.throws(() => run(link('exp'), Int32Array.of(1), { type: 'i32' }), /i32 where f32 or f64/)
})
