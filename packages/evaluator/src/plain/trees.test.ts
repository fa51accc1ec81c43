import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MISSING, TEST, type Trees } from '../form/trees.ts'
import { trees } from './trees.ts'

const NAN = Number.NaN
const INF = Number.POSITIVE_INFINITY

/** One stump: 1 where the test holds, 0 where it does not. */
function stump(rule: number, value: number, more: Partial<Trees> = {}): Trees {
  return {
    features: 1,
    outputs: 1,
    compare: 'f64',
    sum: 'f64',
    zero: 0,
    roots: Int32Array.of(0),
    target: Int32Array.of(0),
    feature: Int32Array.of(0, -1, -1),
    rule: Uint8Array.of(rule, 0, 0),
    value: Float64Array.of(value, 1, 0),
    yes: Int32Array.of(1, -1, -1),
    no: Int32Array.of(2, -1, -1),
    leaf: 'scalar',
    vectors: new Float64Array(),
    sets: { start: Int32Array.of(0), words: new Uint32Array() },
    base: Float64Array.of(0),
    baseFirst: true,
    aggregate: 'sum',
    divisor: 1,
    ...more,
  }
}

function run(model: Trees, rows: readonly (readonly number[])[]): number[] {
  const value = { type: 'f64' as const, width: model.features, data: Float64Array.from(rows.flat()) }
  return Array.from(trees({ op: 'trees', of: [0], trees: model }, [value], rows.length).data, Number)
}
const column = (...numbers: number[]) => numbers.map((x) => [x])

test('each test of a split', () => {
  assert.deepEqual(run(stump(TEST.less, 1), column(0.9, 1, 1.1, -INF, INF)), [1, 0, 0, 1, 0])
  assert.deepEqual(run(stump(TEST.atMost, 1), column(0.9, 1, 1.1)), [1, 1, 0])
  assert.deepEqual(run(stump(TEST.equal, 0), column(-0, 0, 1)), [1, 1, 0])
  const sets = { start: Int32Array.of(0, 1, 3), words: Uint32Array.of(0xffffffff, 0b101, 1 << 31) }
  assert.deepEqual(run(stump(TEST.in, 1, { sets }), column(0, 1, 2, 2.9, 63, 62, 64, -1, 2 ** 40, INF, -INF)), [1, 0, 1, 1, 1, 0, 0, 0, 0, 0, 0])
  assert.deepEqual(run(stump(TEST.in, 1, { sets }), column(-0, -0.5, -1)), [1, 0, 0])
  assert.deepEqual(run(stump(TEST.in | MISSING.cutFirst, 1, { sets }), column(-0, -0.5, -0.99, -1, -INF)), [1, 1, 1, 0, 0])
})

test('a missing value goes where the node says', () => {
  assert.deepEqual(run(stump(TEST.less, 1), column(NAN, 0)), [0, 1])
  assert.deepEqual(run(stump(TEST.less | MISSING.yes, -1), column(NAN, 0)), [1, 0])
  assert.deepEqual(run(stump(TEST.less | MISSING.yes | MISSING.zeroToo, -1), column(NAN, 0, -0, 5)), [1, 1, 1, 0])
  assert.deepEqual(run(stump(TEST.atMost | MISSING.none, 0), column(NAN, 0, 1)), [1, 1, 0])
  assert.deepEqual(run(stump(TEST.atMost, 0, { zero: 1e-35 }), column(1e-36, -1e-36, 1e-34)), [1, 1, 0])
})

test('rows are rounded before they are compared, sums as the form says', () => {
  const below = Math.fround(0.1) - 1e-12
  assert.deepEqual(run(stump(TEST.less, Math.fround(0.1)), column(below)), [1])
  assert.deepEqual(run(stump(TEST.less, Math.fround(0.1), { compare: 'f32' }), column(below)), [0])
  const twice = { roots: Int32Array.of(1, 2), target: Int32Array.of(0, 0), value: Float64Array.of(0, 2 ** -24, 2 ** -24), base: Float64Array.of(1) }
  assert.deepEqual(run(stump(0, 0, { ...twice, sum: 'f32' }), column(0)), [1])
  assert.deepEqual(run(stump(0, 0, { ...twice }), column(0)), [1 + 2 ** -23])
  assert.deepEqual(run(stump(0, 0, { ...twice, sum: 'f32', baseFirst: false }), column(0)), [1 + 2 ** -23])
})

test('targets, vectors, smallest, largest and average', () => {
  const two = { outputs: 2, roots: Int32Array.of(0, 0, 1), target: Int32Array.of(0, 1, 1), base: Float64Array.of(0, 10) }
  assert.deepEqual(run(stump(TEST.less, 1, two), column(0, 2)), [1, 12, 0, 11])
  const vectors = { outputs: 2, leaf: 'vector' as const, vectors: Float64Array.of(1, 2, 3, 4), yes: Int32Array.of(1, 1, 0), base: Float64Array.of(0, 0) }
  assert.deepEqual(run(stump(TEST.less, 1, vectors), column(0, 2)), [3, 4, 1, 2])
  const three = { roots: Int32Array.of(0, 1, 2), target: Int32Array.of(0, 0, 0), baseFirst: false, base: Float64Array.of(5) }
  assert.deepEqual(run(stump(TEST.less, 1, { ...three, aggregate: 'min' }), column(0)), [5])
  assert.deepEqual(run(stump(TEST.less, 1, { ...three, aggregate: 'max' }), column(2)), [6])
  assert.deepEqual(run(stump(TEST.less, 1, { ...three, divisor: 4 }), column(0)), [5.5])
})

test('linear models in leaves, and their value where a feature is missing', () => {
  const linear = { start: Int32Array.of(0, 1), feature: Int32Array.of(1), coefficient: Float64Array.of(2), constant: Float64Array.of(100) }
  const model = stump(TEST.less, 1, { features: 2, linear, yes: Int32Array.of(1, 0, -1) })
  assert.deepEqual(
    run(model, [
      [0, 3],
      [0, NAN],
      [2, 3],
    ]),
    [106, 1, 0],
  )
})
