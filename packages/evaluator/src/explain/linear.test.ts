import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Form } from '../form/form.ts'
import type { Affine } from '../form/steps.ts'
import { explainer } from './explainer.ts'

const MODEL: Affine = {
  op: 'affine',
  of: [0],
  outputs: 2,
  weights: Float64Array.of(1, 10, 2, 20),
  bias: Float64Array.of(100, 200),
  biasFirst: true,
  skipMissing: true,
}

function form(model: Affine): Form {
  return {
    version: 1,
    source: { format: 'xgboost', version: '', objective: '' },
    inputs: [{ name: 'x', type: 'f64', width: 2, columns: [{ name: 'age' }, { name: 'debt' }] }],
    steps: [model],
    outputs: [{ name: 'y', value: 1, role: 'margin', rank: 2, classes: ['no', 'yes'] }],
    texts: [],
  }
}

test('without a background a column contributes weight · value, a missing one nothing', () => {
  const explain = explainer(form(MODEL))
  assert.deepEqual(
    { ...explain, explain: undefined },
    { outputs: 2, classes: ['no', 'yes'], columns: ['age', 'debt'], derived: false, method: 'linear', explain: undefined },
  )
  assert.deepEqual([...explain.explain(Float64Array.of(3, 5, Number.NaN, -1), 2)], [3, 10, 100, 30, 100, 200, 0, -2, 100, 0, -20, 200])
})

test('with one, its weight times the distance from the mean', () => {
  const background = { rows: Float64Array.of(1, 2, 3, Number.NaN), count: 2 }
  assert.deepEqual([...explainer(form(MODEL), { background }).explain(Float64Array.of(3, 5), 1)], [1, 8, 104, 10, 80, 240])
})

test('a missing value that the model does not leave out makes its contribution missing', () => {
  const found = explainer(form({ ...MODEL, skipMissing: false })).explain(Float64Array.of(Number.NaN, 1), 1)
  assert.deepEqual([...found], [Number.NaN, 2, 100, Number.NaN, 20, 200])
})
