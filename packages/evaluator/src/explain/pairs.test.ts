import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MISSING, TEST } from '../form/trees.ts'
import { ALL_RULES, formOf, type Kind, randomRows, randomTrees } from '../testing/random.ts'
import { apart, backgroundGame, chain, margin, rowsOf, shapley } from '../testing/shapley.ts'
import { explainer } from './explainer.ts'
import { Unexplainable } from './unexplainable.ts'

const KINDS: Record<string, Kind> = {
  'small and even': { trees: 5, splits: 7, shape: 'even' },
  'columns that come again and again': { seed: 2, trees: 4, features: 2, splits: 12, shape: 'deep' },
  'every rule': { seed: 3, trees: 6, features: 5, splits: 15, rules: ALL_RULES, compare: 'f64', sum: 'f64' },
  'every rule in f32': { seed: 4, trees: 6, features: 5, splits: 15, rules: ALL_RULES, zero: 1e-35 },
  'many outputs': { seed: 5, trees: 7, outputs: 3, splits: 9, rules: [TEST.atMost | MISSING.yes] },
  'vectors in the leaves': { seed: 6, trees: 3, outputs: 2, splits: 9, more: { leaf: 'vector' } },
  'a mean, the base last': { seed: 7, trees: 4, splits: 9, more: { divisor: 4, baseFirst: false } },
  'single leaves': { seed: 8, trees: 3, splits: 0 },
}

for (const [name, kind] of Object.entries(KINDS)) {
  test(`interventional values are Shapley's by definition: ${name}`, () => {
    const trees = randomTrees(kind)
    const data = randomRows(trees, 9)
    const background = randomRows(trees, 12, 8)
    const found = explainer(formOf(trees), { background: { rows: background, count: 12 } }).explain(data, 9)
    const others = rowsOf(background, trees.features)
    const wanted = rowsOf(data, trees.features).flatMap((row) => [...shapley(backgroundGame(trees, row, others), trees.features)])
    assert.ok(apart(found, wanted) < 1e-12, `${apart(found, wanted)} apart`)
  })
}

test('many rows against many: contributions and bias add up to the margin, whatever rows come together', () => {
  const trees = randomTrees({ trees: 15, features: 12, splits: 60, sum: 'f64', rules: ALL_RULES })
  const data = randomRows(trees, 2100)
  const explain = explainer(formOf(trees), { background: { rows: randomRows(trees, 70, 9), count: 70 } })
  const found = explain.explain(data, 2100)
  for (const [at, row] of rowsOf(data, 12).entries()) {
    const sum = found.subarray(at * 13, (at + 1) * 13).reduce((a, b) => a + b)
    assert.ok(apart([sum], margin(trees, row)) < 1e-10)
  }
  assert.ok(apart(explain.explain(data.subarray(12, 24), 1), found.subarray(13, 26)) < 1e-12)
})

test('a background without rows, and paths of too many columns, are refused', () => {
  const trees = randomTrees({ trees: 1, features: 3, splits: 3 })
  assert.throws(() => explainer(formOf(trees), { background: { rows: new Float64Array(), count: 0 } }), /background has no rows/)
  assert.throws(() => explainer(formOf(trees), { background: { rows: new Float64Array(5), count: 2 } }), /5 elements for 2 rows of 3/)
  const background = { rows: new Float64Array(400), count: 1 }
  const found = explainer(formOf(chain(64, 400)), { background }).explain(new Float64Array(400).fill(1000), 1)
  assert.equal(found[400], 3)
  assert.ok(apart([found.reduce((a, b) => a + b)], [128]) < 1e-12)
  assert.throws(
    () => explainer(formOf(chain(65, 400)), { background }),
    (error) => error instanceof Unexplainable && error.reason === 'too-large',
  )
})
