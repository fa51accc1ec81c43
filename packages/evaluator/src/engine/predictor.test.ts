import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Form } from '../form/form.ts'
import { interpret } from '../plain/interpret.ts'
import { formOf, randomRows, randomTrees } from '../testing/random.ts'
import { WrongInput } from './cannot-run.ts'
import { compile } from './compile.ts'

const TREES = randomTrees({ trees: 30, outputs: 3, rules: [0, 4] })
const SUMS: Form = {
  ...formOf(TREES, 'f32'),
  steps: [
    { op: 'trees', of: [0], trees: TREES },
    { op: 'link', of: [1], function: 'softmax', scale: 1 },
    { op: 'argmax', of: [1], last: false },
    { op: 'choose', of: [3], labels: [2, 0, 1], to: 'text' },
  ],
  outputs: [
    { name: 'probabilities', value: 2, role: 'probabilities', rank: 2 },
    { name: 'label', value: 4, role: 'label', rank: 1 },
    { name: 'margin', value: 1, role: 'margin', rank: 2 },
    { name: 'rows', value: 0, role: 'other', rank: 2 },
  ],
  texts: ['b', 'c', 'a'],
}
const ROWS = 500
const DATA = Float32Array.from(randomRows(TREES, ROWS))
const PLAIN = interpret(SUMS, [DATA], ROWS)

/** A table of a text column, a column of named categories and a number, each given back. */
function tableForm(unseen: 'refuse' | 'missing'): Form {
  return {
    version: 1,
    source: { format: 'onnx', version: '', objective: '' },
    inputs: [
      { name: 'city', type: 'text', width: 1 },
      { name: 'x', type: 'f64', width: 2, columns: [{ name: 'colour', categories: { values: ['red', 'blue'], unseen } }, { name: 'age' }] },
      { name: 'count', type: 'i64', width: 1 },
    ],
    steps: [],
    outputs: ['city', 'x', 'count'].map((name, value) => ({ name, value, role: 'other', rank: 2 })),
    texts: ['Bern', 'Basel'],
  }
}

test('predict gives the first output, of one row and of many, into an array that is given too', () => {
  const predictor = compile(SUMS, { block: 128 })
  const wanted = PLAIN.get('probabilities') as Float32Array
  assert.deepEqual(predictor.predict(DATA), wanted)
  assert.deepEqual(predictor.predict(Float64Array.from(DATA)), wanted)
  const out = new Float32Array(3)
  assert.equal(predictor.predict(DATA.subarray(0, TREES.features), out), out)
  assert.deepEqual(out, wanted.slice(0, 3))
  assert.deepEqual(predictor.predict(new Float32Array(0)), new Float32Array(0))
})

test('rows written into the memory are predicted where they lie, in blocks, and more of them after fewer', () => {
  const predictor = compile(SUMS, { block: 64 })
  const wanted = PLAIN.get('probabilities') as Float32Array
  for (const rows of [3, ROWS, 100]) {
    const view = predictor.input(rows) as Float32Array
    view.set(DATA.subarray(0, rows * TREES.features))
    assert.deepEqual(Float32Array.from(predictor.evaluate(rows) as Float32Array), wanted.slice(0, rows * 3))
  }
  assert.throws(() => compile(SUMS).evaluate(2), /input x: no view of 2 rows was asked for/)
})

test('a block is of any whole number of rows from 1, and of no other', () => {
  const wanted = compile(SUMS).predict(DATA)
  for (const block of [1, 3, 65]) assert.deepEqual(compile(SUMS, { block }).predict(DATA), wanted)
  for (const block of [0, -1, 1.5, Number.NaN]) assert.throws(() => compile(SUMS, { block }), RangeError)
})

test('a block of the default size does for any number of rows', () => {
  const many = new Float32Array(20_000 * TREES.features)
  for (let at = 0; at < many.length; at += DATA.length) many.set(DATA.subarray(0, Math.min(DATA.length, many.length - at)), at)
  const predictor = compile(SUMS)
  const before = predictor.memory
  const found = predictor.predict(many) as Float32Array
  assert.deepEqual(found.slice(0, ROWS * 3), PLAIN.get('probabilities'))
  assert.deepEqual(found.slice(19_500 * 3), PLAIN.get('probabilities'))
  assert.ok(predictor.memory - before < 2 ** 20, 'memory does not grow with the rows')
})

test('run gives outputs by name, texts as texts, and an input that is an output too', () => {
  const predictor = compile(SUMS, { block: 64 })
  const found = predictor.run({ x: DATA }, ROWS)
  assert.deepEqual(Object.keys(found), ['probabilities', 'label', 'margin', 'rows'])
  assert.deepEqual(found.margin, PLAIN.get('margin'))
  assert.deepEqual(found.rows, DATA)
  const places = PLAIN.get('label') as Int32Array
  assert.deepEqual(
    found.label,
    Array.from(places, (place) => SUMS.texts[place]),
  )
  assert.deepEqual(Object.keys(predictor.run({ x: DATA }, ROWS, ['label'])), ['label'])
})

test('only what the wanted outputs need is made ready', () => {
  assert.ok(compile(SUMS, { outputs: ['rows'] }).memory < compile(SUMS).memory, 'no trees for an output without')
  assert.deepEqual(compile(SUMS, { outputs: ['margin'] }).predict(DATA), PLAIN.get('margin'))
  assert.throws(() => compile(SUMS, { outputs: ['nothing'] }), /no output "nothing": there are probabilities, label, margin, rows/)
  assert.throws(() => compile(SUMS, { outputs: ['label'] }).run({ x: DATA }, ROWS, ['margin']), /no output "margin": there are label/)
})

test('input that is not what the model takes is refused by name', () => {
  const predictor = compile(SUMS)
  const refused = (run: () => unknown, words: RegExp): void => assert.throws(run, (error) => error instanceof WrongInput && words.test(error.message))
  refused(() => predictor.predict(new Float32Array(7)), /input x: 7 numbers are no whole rows of 6/)
  refused(() => predictor.predict(DATA, new Float32Array(5)), /answers are 1500 elements; out has 5/)
  refused(() => predictor.predict(DATA, new BigInt64Array(1500)), /answers are of f32/)
  refused(() => predictor.run({}, 1), /input x: is missing/)
  refused(() => predictor.run({ x: new Float32Array(5) }, 1), /5 elements for 1 rows of 6/)
  refused(() => predictor.run({ x: ['a', 'b', 'c', 'd', 'e', 'f'] }, 1), /takes elements of f32/)
  refused(() => predictor.input(1, 'y'), /input y: the model has no such input/)
  assert.throws(() => compile(tableForm('missing')).predict(DATA), /predict takes a form with one input; use run/)
})

test('tables: texts, numbers and categories by the names of their columns', () => {
  const table = { city: ['Basel', 'Zug', null], colour: ['blue', null, 'red'], age: [4, null, 6.5], count: [1, 2n, true] }
  const found = compile(tableForm('refuse')).runTable(table)
  assert.deepEqual(found, { city: ['Basel', '', ''], x: Float64Array.of(1, 4, Number.NaN, Number.NaN, 0, 6.5), count: BigInt64Array.of(1n, 2n, 1n) })
})

test('what a table has and the model does not know is refused with its row and column, or missing', () => {
  const table = { city: ['Basel'], colour: ['green'], age: [4], count: [1] }
  const predictor = compile(tableForm('refuse'))
  assert.throws(() => predictor.runTable(table), /input x, row 0, column colour: "green" is none of the values that the model knows/)
  assert.deepEqual(compile(tableForm('missing')).runTable(table, ['x']), { x: Float64Array.of(Number.NaN, 4) })
  assert.throws(() => predictor.runTable({ ...table, colour: ['red'], age: ['old'] }), /row 0, column age: takes a number, not "old"/)
  assert.throws(() => predictor.runTable({ ...table, colour: ['red'], count: [null] }), /input count, row 0, column count: a value is missing/)
  assert.throws(() => predictor.runTable({ ...table, colour: ['red'], count: [1.5] }), /column count: takes a number, not "1.5"/)
  assert.throws(() => predictor.runTable({ ...table, city: [5] }), /column city: takes a text/)
  assert.throws(() => predictor.runTable({ city: ['a'], age: [1], count: [1] }), /column colour: the table has no such column/)
  assert.throws(() => predictor.runTable({ ...table, colour: ['red'], age: [1, 2] }), /column age: 2 rows where others have 1/)
})

test('what an input requires must be there: the row is named among all, the column too', () => {
  const form: Form = { ...formOf(TREES, 'f32') }
  const needy: Form = { ...form, inputs: [{ ...form.inputs[0]!, required: [1, 4] }] }
  const rows = new Float32Array(ROWS * TREES.features)
  rows[3] = Number.NaN
  const predictor = compile(needy, { block: 64 })
  assert.equal(predictor.predict(rows).length, ROWS * 3)
  rows[200 * TREES.features + 4] = Number.NaN
  assert.throws(() => predictor.predict(rows), /input x, row 200, column 4: the model needs a value here/)
  const texts: Form = { ...tableForm('refuse'), inputs: tableForm('refuse').inputs.map((input) => ({ ...input, required: [0] })) }
  const run = (city: (string | null)[]) => compile(texts).run({ city }, 2, ['city'])
  assert.deepEqual(run(['Bern', 'x']), { city: ['Bern', ''] })
  assert.throws(() => run(['Bern', null]), /input city, row 1, column 0: the model needs a value here/)
})

const ONES: Form = {
  version: 1,
  source: { format: 'onnx', version: '', objective: '' },
  inputs: [
    { name: 'a', type: 'f64', width: 100 },
    { name: 'b', type: 'f64', width: 100 },
  ],
  steps: [{ op: 'arithmetic', of: [0, 1], operator: 'add' }],
  outputs: [{ name: 'y', value: 2, role: 'other', rank: 2 }],
  texts: [],
}

test('views stay good while as many rows are predicted, in whatever way', () => {
  const predictor = compile(ONES)
  const [a, b] = [predictor.input(3000, 'a'), predictor.input(3000, 'b')] as [Float64Array, Float64Array]
  for (const number of [1, 2]) {
    a.fill(number)
    b.fill(number)
    assert.equal(predictor.evaluate(3000).at(-1), 2 * number)
    predictor.run({ a: new Float64Array(400_000), b: new Float64Array(400_000) }, 4000)
  }
  assert.equal(a.length, 300_000)
})

test('after a row that was refused, the next rows are worked out in their own room', () => {
  const categories = Array.from({ length: 300 }, (_, at) => at)
  const step = { op: 'onehot', of: [0], categories, unknown: 'error', to: 'f64' } as const
  const form: Form = { ...ONES, inputs: [{ name: 'c', type: 'f64', width: 1 }], steps: [step], outputs: [{ ...ONES.outputs[0]!, value: 1 }] }
  const predictor = compile(form, { block: 64 })
  const rows = predictor.input(65) as Float64Array
  rows.fill(0)
  rows[64] = 300
  assert.throws(() => predictor.evaluate(65), /row 64: is none of the categories/)
  const answers = predictor.predict(new Float64Array(64).fill(299))
  assert.equal(answers.at(-1), 1)
  rows.fill(7)
  assert.equal(predictor.evaluate(65)[7], 1)
})
