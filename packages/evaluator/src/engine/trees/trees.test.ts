import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MISSING, TEST } from '../../form/trees.ts'
import { interpret } from '../../plain/interpret.ts'
import { ALL_RULES, formOf, type Kind, randomRows, randomTrees } from '../../testing/random.ts'
import { compile } from '../compile.ts'

const BOTH = ['f32', 'f64'] as const
const NUMERIC = [TEST.less, TEST.atMost, TEST.less | MISSING.yes, TEST.atMost | MISSING.yes]

/** Every rule that can be told from a rank or a set. */
const RANKED = ALL_RULES.filter((rule) => (rule & 3) !== TEST.equal)

/** The kernels' sums of a random ensemble are the plain interpreter's, bit for bit: for a batch, in blocks, and row by row. */
function same(kind: Kind, rows = 150): void {
  const trees = randomTrees(kind)
  const data = randomRows(trees, rows, kind.seed)
  for (const input of BOTH) {
    const form = formOf(trees, input)
    const wanted = interpret(form, [data], rows).get('sums') as Float32Array | Float64Array
    const predictor = compile(form, { block: 64 })
    assert.deepEqual(predictor.predict(data), wanted)
    const { features, outputs } = trees
    for (const few of [1, 7, 20]) {
      const found = predictor.predict(data.slice(0, few * features))
      assert.deepEqual(found, wanted.slice(0, few * outputs))
    }
  }
}

for (const compare of BOTH) {
  for (const sum of BOTH) {
    const types = { compare, sum }
    test(`every rule, rows compared as ${compare}, sums in ${sum}`, () => {
      for (const shape of ['even', 'deep', 'any'] as const) for (let seed = 1; seed <= 3; seed++) same({ ...types, seed, shape, rules: ALL_RULES })
    })
    test(`numbers alone, rows compared as ${compare}, sums in ${sum}`, () => {
      for (const shape of ['even', 'deep', 'any'] as const) for (const splits of [1, 7, 63, 300]) same({ ...types, splits, shape, rules: NUMERIC })
    })
    test(`ranks and sets, rows compared as ${compare}, sums in ${sum}`, () => {
      const kind = { ...types, rules: RANKED, infinite: false }
      for (const shape of ['even', 'deep', 'any'] as const) for (const splits of [1, 3, 6, 62, 127]) same({ ...kind, splits, shape })
      same({ ...kind, trees: 60, splits: 100, features: 3, outputs: 3, thresholds: 3000 })
      same({ ...kind, features: 400, trees: 40, splits: 60 })
      same({ ...kind, more: { leaf: 'vector' }, outputs: 3, zero: 0.1 })
    })
    test(`several outputs and vector leaves, rows compared as ${compare}, sums in ${sum}`, () => {
      same({ ...types, outputs: 3, rules: NUMERIC })
      same({ ...types, outputs: 5, rules: ALL_RULES, more: { leaf: 'vector' } })
      same({ ...types, outputs: 4, rules: NUMERIC, more: { leaf: 'vector' } })
    })
    test(`other ends, rows compared as ${compare}, sums in ${sum}`, () => {
      same({ ...types, outputs: 2, more: { baseFirst: false, divisor: 7 } })
      same({ ...types, more: { aggregate: 'min', baseFirst: false } })
      same({ ...types, outputs: 3, trees: 2, more: { aggregate: 'max', baseFirst: false, leaf: 'vector' } })
      same({ ...types, outputs: 3, trees: 2, more: { aggregate: 'max', baseFirst: false } })
      same({ ...types, trees: 0 })
    })
    test(`forests that no cache holds, rows compared as ${compare}, sums in ${sum}`, () => {
      const forest = { ...types, trees: 70, splits: 2500, shape: 'deep' } as const
      same({ ...forest, rules: NUMERIC }, 70)
      same({ ...forest, outputs: 3, rules: ALL_RULES }, 70)
      same({ ...forest, outputs: 2, rules: ALL_RULES, more: { leaf: 'vector' } }, 70)
    })
  }
}

test('many and few thresholds, many columns, zeros that are near', () => {
  same({ thresholds: 2000, splits: 200, trees: 30, features: 2, rules: NUMERIC })
  same({ thresholds: 2, rules: NUMERIC })
  same({ features: 700, splits: 100, trees: 30, rules: NUMERIC })
  same({ zero: 1.0000000180025095e-35, compare: 'f64', sum: 'f64', rules: ALL_RULES })
  same({ splits: 34_000, trees: 1 })
  same({ splits: 0 })
})

test('leaves of every value, whichever way they are stored', () => {
  for (const compare of BOTH) {
    for (const sum of BOTH) {
      const trees = randomTrees({ compare, sum, trees: 21, rules: NUMERIC })
      const odd = [Number.NEGATIVE_INFINITY, -0, 0, Number.NaN, Number.POSITIVE_INFINITY, 1.401298464324817e-45]
      for (const leaf of odd) {
        const value = Float64Array.from(trees.value, (number, node) => (trees.feature[node]! >= 0 ? number : leaf))
        same({ compare, sum, trees: 21, rules: NUMERIC, more: { value, base: Float64Array.of(-0) } })
      }
    }
  }
})

test('linear models in the leaves', () => {
  const trees = randomTrees({ compare: 'f64', sum: 'f64', trees: 10, rules: NUMERIC })
  const leaves = Array.from(trees.feature.keys()).filter((node) => trees.feature[node]! < 0)
  const yes = Int32Array.from(trees.yes)
  leaves.forEach((node, at) => {
    yes[node] = at % 3 === 0 ? -1 : at
  })
  const linear = {
    start: Int32Array.from({ length: leaves.length + 1 }, (_, at) => at * 2),
    feature: Int32Array.from({ length: leaves.length * 2 }, (_, at) => (at * 7) % trees.features),
    coefficient: Float64Array.from({ length: leaves.length * 2 }, (_, at) => Math.sin(at)),
    constant: Float64Array.from({ length: leaves.length }, (_, at) => Math.cos(at)),
  }
  same({ compare: 'f64', sum: 'f64', trees: 10, rules: NUMERIC, more: { yes, linear } })
})

test('sets with more members than any tile has columns for are walked, and take no longer for it', () => {
  const words = 1_000_000
  const trees = randomTrees({ compare: 'f64', sum: 'f64', trees: 5, splits: 60, rules: [TEST.in] })
  const value = Float64Array.from(trees.value, (number, node) => (trees.feature[node]! < 0 ? number : 0))
  const sets = { start: Int32Array.of(0, words), words: new Uint32Array(words).fill(0x55555555) }
  const form = formOf({ ...trees, value, sets }, 'f64')
  const data = Float64Array.from({ length: 100 * trees.features }, (_, at) => at * 99_991)
  const started = performance.now()
  const predictor = compile(form)
  assert.ok(performance.now() - started < 5000, `${performance.now() - started} ms`)
  assert.deepEqual(predictor.predict(data), interpret(form, [data], 100).get('sums'))
})
