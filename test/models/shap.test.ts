import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type Explainer, explainer, type Form, interpret, readLightGBM, readXGBoost, Unexplainable } from '../../packages/evaluator/src/index.ts'
import { agree, caseTable, type ModelCase, matrix, modelBytes, modelCase, modelCases } from './load.ts'

function read(one: ModelCase): Form {
  const bytes = modelBytes(one)
  return one.library === 'xgboost' ? readXGBoost(bytes) : readLightGBM(bytes)
}

describe('exact Tree SHAP, as the library has it, and to the last bit the shap library', () => {
  const cases = modelCases().filter(({ shap }) => shap)
  assert.equal(cases.length, 5)
  for (const one of cases) {
    test(one.id, () => {
      const rows = matrix(
        caseTable(one, 'rows.parquet'),
        one.features!.map(({ name }) => name),
      )
      const { rows: count, tolerance } = one.shap!
      const explain = explainer(read(one))
      assert.equal(explain.method, 'path-dependent')
      const found = explain.explain(rows.data.subarray(0, count * rows.columns.length), count)
      const wanted = matrix(caseTable(one, 'shap.parquet'), 'phi_')
      agree(found, wanted, tolerance)
      agree(found, wanted, { abs: 1e-5, rel: 1e-5 })
    })
  }
})

/** What the contributions and biases of rows add up to. */
function sums({ columns }: Explainer, contributions: Float64Array): Float64Array {
  const line = columns.length + 1
  return Float64Array.from({ length: contributions.length / line }, (_, at) => contributions.subarray(at * line, (at + 1) * line).reduce((a, b) => a + b))
}

/** What a form gives before its link. */
function margins(form: Form, rows: Float64Array, count: number): { data: Float64Array; columns: number } {
  const margin = form.outputs.find(({ role }) => role === 'margin') ?? form.outputs[0]!
  const data = Float64Array.from(interpret(form, [rows], count, [margin.name]).get(margin.name)! as Float64Array)
  return { data, columns: data.length / count }
}

describe('contributions and bias add up to what the model gives before its link', () => {
  const texts = ['xgb-cat-frame-strings', 'lgb-categorical-frame']
  const cases = modelCases().filter(({ id, library, support }) => library !== 'onnx' && support === 'required' && !texts.includes(id))
  assert.ok(cases.length > 140)
  for (const one of cases) {
    test(one.id, () => {
      const table = caseTable(one, 'rows.parquet')
      const form = read(one)
      const { data, columns } = matrix(table, [...table.columns.keys()])
      const count = Math.min(60, table.rows)
      const rows = data.subarray(0, count * columns.length)
      const margin = margins(form, rows, count)
      const wanted = { rows: count, columns: Array.from({ length: margin.columns }, (_, at) => `margin ${at}`), data: margin.data }
      const background = { rows: data.subarray(rows.length - 20 * columns.length, rows.length), count: 20 }
      for (const options of [{}, { background }]) {
        const explain = explainer(form, options)
        agree(sums(explain, explain.explain(rows, count)), wanted, { abs: 2e-5, rel: 2e-5 })
      }
    })
  }
})

test('linear models in the leaves are refused', () => {
  assert.throws(() => explainer(read(modelCase('lgb-linear-tree'))), Unexplainable)
})
