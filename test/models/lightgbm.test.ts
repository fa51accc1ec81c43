import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compile, type Elements, type Form, interpret, type LightGBMOptions, readLightGBM } from '../../packages/evaluator/src/index.ts'
import { agree, type Cells, caseTable, type Matrix, type ModelCase, matrix, modelBytes, modelCase, modelCases } from './load.ts'

/** The rows as the form wants them: texts and numbers of a column with categories as positions in its list. */
function inputOf({ inputs }: Form, rows: ReadonlyMap<string, Cells>): Float64Array {
  const columns = inputs[0]!.columns!
  const count = rows.values().next().value!.length
  const data = new Float64Array(count * columns.length)
  for (const [at, { name, categories }] of columns.entries()) {
    const cells = rows.get(name)
    assert.ok(cells, `the rows have no column ${name}`)
    const positions = new Map<unknown, number>(categories?.values.map((value, position) => [String(value), position]))
    for (let row = 0; row < count; row++) {
      const cell = cells[row]
      data[row * columns.length + at] = categories ? (positions.get(String(cell)) ?? Number.NaN) : Number(cell ?? Number.NaN)
    }
  }
  return data
}

function answer(one: ModelCase, options: LightGBMOptions = {}, path?: string): { form: Form; outputs: ReturnType<typeof interpret> } {
  const form = readLightGBM(modelBytes(one, path), options)
  const table = caseTable(one, 'rows.parquet')
  const features = inputOf(form, table.columns)
  const outputs = interpret(form, [features], table.rows)
  const compiled = compile(form).run({ features }, table.rows)
  for (const [name, elements] of outputs) assert.deepEqual(compiled[name], said(form, name, elements), `${name}, compiled`)
  return { form, outputs }
}

/** As the compiled form gives it: a label that is a text as the text. */
function said({ texts, outputs, steps }: Form, name: string, elements: Elements): Elements | string[] {
  const step = steps[outputs.find((output) => output.name === name)!.value - 1]
  return step?.op === 'choose' && step.to === 'text' ? Array.from(elements as Int32Array, (position) => texts[Number(position)]!) : elements
}

for (const one of modelCases('lightgbm')) {
  test(`${one.id}: the library's predictions and raw scores on all rows`, () => {
    const expected = caseTable(one, 'expected.parquet')
    for (const { path } of one.files) {
      const all = path === 'model_all.txt' ? 'all_' : ''
      const { outputs } = answer(one, {}, path)
      agree(outputs.get('prediction') as Float64Array, some(expected, `pred_${all}`), one.tolerance!)
      agree(outputs.get('margin') as Float64Array, some(expected, `raw_${all}`), one.tolerance!)
    }
  })
}

/** Columns of this name and a number: `pred_0`, and not `pred_all_0`. */
function some(expected: ReturnType<typeof caseTable>, prefix: string): Matrix {
  return matrix(
    expected,
    [...expected.columns.keys()].filter((name) => name.startsWith(prefix) && /^\d+$/.test(name.slice(prefix.length))),
  )
}

test('a classifier of two classes gives both probabilities and the label of the larger', () => {
  const one = modelCase('lgb-binary')
  const { form, outputs } = answer(one, { as: 'classifier', classes: ['bad', 'good'] })
  const expected = some(caseTable(one, 'expected.parquet'), 'pred_').data
  const probabilities = outputs.get('probabilities') as Float64Array
  const label = outputs.get('label') as Int32Array
  assert.deepEqual(form.texts, ['bad', 'good'])
  assert.deepEqual(
    form.outputs.map(({ name }) => name),
    ['label', 'probabilities', 'margin'],
  )
  for (let row = 0; row < expected.length; row++) {
    assert.ok(Math.abs(probabilities[2 * row + 1]! - expected[row]!) < 1e-12)
    assert.equal(probabilities[2 * row], 1 - probabilities[2 * row + 1]!)
    assert.equal(label[row], expected[row]! > 0.5 ? 1 : 0)
  }
})

test('a classifier of several classes labels a row with the class of its largest probability', () => {
  for (const id of ['lgb-multiclass', 'lgb-multiclassova', 'lgb-rf-multiclass']) {
    const one = modelCase(id)
    const expected = some(caseTable(one, 'expected.parquet'), 'pred_')
    const width = expected.columns.length
    const classes = Array.from({ length: width }, (_, index) => 10 * index)
    const { outputs } = answer(one, { as: 'classifier', classes })
    agree(outputs.get('probabilities') as Float64Array, expected, one.tolerance!)
    const labels = outputs.get('label') as BigInt64Array
    for (let row = 0; row < expected.rows; row++) {
      const values = expected.data.subarray(row * width, (row + 1) * width)
      assert.equal(labels[row], BigInt(10 * values.indexOf(Math.max(...values))))
    }
  }
})

test('the first rounds alone are the first trees of the whole', () => {
  const bytes = modelBytes(modelCase('lgb-multiclass'))
  const [whole, cut] = [readLightGBM(bytes), readLightGBM(bytes, { iterations: 5 })].map(({ steps: [step] }) =>
    step?.op === 'trees' ? step.trees : assert.fail(),
  )
  assert.deepEqual([whole!.roots.length, cut!.roots.length], [80, 20])
  assert.deepEqual(cut!.value, whole!.value.subarray(0, cut!.value.length))
  assert.equal(cut!.value.length, whole!.roots[20])
  assert.deepEqual(readLightGBM(bytes, { iterations: 1000 }), readLightGBM(bytes))
})
