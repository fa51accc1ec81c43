import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MISSING, TEST } from '../form/trees.ts'
import { ALL_RULES, formOf, type Kind, randomRows, randomTrees } from '../testing/random.ts'
import { apart, chain, coverGame, margin, rowsOf, shapley, withCover } from '../testing/shapley.ts'
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
  test(`path-dependent values are Shapley's by definition: ${name}`, () => {
    const trees = withCover(randomTrees(kind))
    const data = randomRows(trees, 11)
    const found = explainer(formOf(trees)).explain(data, 11)
    const wanted = rowsOf(data, trees.features).flatMap((row) => [...shapley(coverGame(trees, row), trees.features)])
    assert.ok(apart(found, wanted) < 1e-12, `${apart(found, wanted)} apart`)
  })
}

test('large ensembles, of which some trees at a time are in memory: contributions and bias add up to the margin', () => {
  const trees = withCover(randomTrees({ trees: 80, features: 70, splits: 450, shape: 'deep', sum: 'f64' }))
  const data = randomRows(trees, 3)
  const explain = explainer(formOf(trees))
  for (const found of [explain.explain(data, 3), explain.explain(data, 3)]) {
    for (const [at, row] of rowsOf(data, 70).entries()) {
      const sum = found.subarray(at * 71, (at + 1) * 71).reduce((a, b) => a + b)
      assert.ok(apart([sum], margin(trees, row)) < 1e-10)
    }
  }
})

test('rows in any number and one by one give the same bits', () => {
  const trees = withCover(randomTrees({ trees: 20, features: 9, splits: 40, rules: ALL_RULES }))
  const data = randomRows(trees, 1000)
  const explain = explainer(formOf(trees))
  const together = explain.explain(data, 1000)
  for (const row of [0, 7, 8, 500, 999])
    assert.deepEqual(explain.explain(data.subarray(row * 9, (row + 1) * 9), 1), together.subarray(row * 10, (row + 1) * 10))
  assert.deepEqual(explain.explain(new Float64Array(), 0), new Float64Array())
})

test('what cannot be explained is refused with the reason', () => {
  const trees = withCover(randomTrees({ trees: 2, features: 2, splits: 3 }))
  const refused = (more: object, reason: string, words: RegExp): void => {
    assert.throws(
      () => explainer(formOf({ ...trees, ...more })),
      (error) => error instanceof Unexplainable && error.reason === reason && words.test(error.message),
    )
  }
  const { cover, ...bare } = trees
  assert.throws(
    () => explainer(formOf(bare)),
    (error) => error instanceof Unexplainable && error.reason === 'no-cover',
  )
  refused({ aggregate: 'min' }, 'form', /smallest/)
  refused(
    { linear: { start: Int32Array.of(0), feature: new Int32Array(), coefficient: new Float64Array(), constant: new Float64Array() } },
    'form',
    /linear models/,
  )
  refused({ cover: cover!.map(() => -1).fill(1, 0, 1) }, 'form', /cover of node/)
  refused({ cover: cover!.map(() => Number.NaN) }, 'form', /cover of node/)
  assert.throws(
    () => explainer(formOf(withCover(chain(513, 2)))),
    (error) => error instanceof Unexplainable && error.reason === 'too-large',
  )
})
