import assert from 'node:assert/strict'
import { test } from 'node:test'
import { agree, caseExchanges, caseHas, caseTable, matrix, modelBytes, modelCase, modelCases } from './load.ts'

test('every case of the manifest is there, with its tables', () => {
  const all = modelCases()
  assert.equal(all.length, 322)
  assert.deepEqual(
    ['xgboost', 'lightgbm', 'onnx'].map((library) => modelCases(library as 'onnx').length),
    [90, 58, 174],
  )
  for (const one of all) {
    assert.ok(modelBytes(one).length > 0, one.id)
    if (one.row_count === undefined) continue
    assert.equal(caseTable(one, 'rows.parquet').rows, one.row_count, one.id)
    const expected = caseTable(one, 'expected.parquet')
    assert.equal(expected.rows, one.row_count, one.id)
    assert.ok(expected.columns.size > 0, one.id)
  }
})

test('numbers, texts and what is missing are told apart', () => {
  const { columns } = caseTable(modelCase('xgb-cat-frame-strings'), 'rows.parquet')
  assert.deepEqual((columns.get('x1') as string[]).slice(0, 2), ['red', 'green'])
  assert.ok((columns.get('x1') as (string | null)[]).includes(null))
  assert.ok((columns.get('x0') as Float64Array).some(Number.isNaN))
  const infinite = caseTable(modelCase('xgb-inf'), 'rows.parquet').columns.get('x0')
  assert.ok(infinite instanceof Float64Array && infinite.includes(Number.POSITIVE_INFINITY))
  const city = caseTable(modelCase('onnx-table-onehot-logistic'), 'rows.parquet').columns.get('city') as string[]
  assert.equal(city[0], '東京')
})

test('requests made by hand and SHAP values are found', () => {
  const [first] = caseExchanges(modelCase('hm-several-in-out'))
  assert.deepEqual(
    first!.inputs.map(({ name }) => name),
    ['a', 'b', 'n', 'tag'],
  )
  assert.ok(caseHas(modelCase('lgb-binary'), 'shap.parquet'))
  assert.equal(matrix(caseTable(modelCase('lgb-binary'), 'shap.parquet'), 'phi_').columns.length, 9)
})

test('the first number that is off is named', () => {
  const expected = matrix(caseTable(modelCase('xgb-multi-softprob'), 'expected.parquet'), 'pred_')
  const off = expected.data.slice()
  agree(off, expected, { abs: 0, rel: 0 })
  off[3 * 7 + 1]! += 1e-3
  assert.throws(() => agree(off, expected, { abs: 1e-6, rel: 1e-5 }), /row 7, column pred_1/)
  off.fill(Number.NaN)
  assert.throws(() => agree(off, expected, { abs: 1e9, rel: 0 }), /row 0, column pred_0: NaN/)
  assert.throws(() => agree([1, 2], expected, { abs: 1, rel: 0 }), /1000 rows of 3 columns/)
})
