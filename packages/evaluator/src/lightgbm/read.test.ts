import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Form } from '../form/form.ts'
import { MISSING, TEST, type Trees } from '../form/trees.ts'
import { interpret } from '../plain/interpret.ts'
import { type LightGBMOptions, readLightGBM } from './read.ts'
import { file, type Parts, parts, text } from './testing/file.ts'

function treesOf(form: Form): Trees {
  const [step] = form.steps
  assert.ok(step?.op === 'trees')
  return step.trees
}

function answers(form: Form, rows: readonly (readonly number[])[], output = 'margin'): number[] {
  return Array.from(interpret(form, [Float64Array.from(rows.flat())], rows.length).get(output)!, Number)
}

const objective =
  (line: string, outputs = 1) =>
  (made: Parts) => {
    made.header.objective = line
    made.header.num_tree_per_iteration = String(outputs)
  }

test('nodes, categories, linear leaves, covers and gains of the file', () => {
  const form = readLightGBM(file())
  const trees = treesOf(form)
  assert.deepEqual([...trees.roots], [0, 7])
  assert.deepEqual([...trees.feature], [0, 1, 2, -1, -1, -1, -1, 2, -1, -1])
  assert.deepEqual([...trees.yes], [1, 3, 5, -1, -1, -1, -1, 8, 0, 1])
  assert.deepEqual([...trees.no], [2, 4, 6, -1, -1, -1, -1, 9, -1, -1])
  assert.deepEqual([...trees.rule.subarray(0, 3)], [TEST.atMost | MISSING.none, TEST.in | MISSING.cutFirst, TEST.atMost | MISSING.yes])
  assert.equal(trees.rule[7], TEST.atMost | MISSING.yes | MISSING.zeroToo)
  assert.deepEqual([...trees.value], [41.50000000000001, 0, 1.0000000180025095e-35, 0.1, -0.2, 0.5, 1, 0.5, 1, 2])
  assert.deepEqual([...trees.cover!], [100, 30, 70, 10, 20, 30, 40, 100, 50, 50])
  assert.deepEqual([...trees.gain!], [12.5, 3, 0.25, 0, 0, 0, 0, 7, 0, 0])
  assert.deepEqual(form.inputs[0]!.columns, [
    { name: 'age' },
    { name: 'colour', categories: { values: ['red', 'grün', 'blue'], unseen: 'missing' } },
    { name: 'größe' },
  ])
  assert.deepEqual(form.source, { format: 'lightgbm', version: 'v4', objective: 'binary sigmoid:1' })
  assert.deepEqual(
    answers(form, [
      [30, 2, 1],
      [30, 1, 1],
      [50, 0, Number.NaN],
    ]),
    [0.1 + 0.25, -0.2 + 0.25, 0.5 + 1],
  )
})

test('lines may end in carriage returns, and sizes of trees be missing', () => {
  const plain = readLightGBM(file())
  assert.deepEqual(readLightGBM(new TextEncoder().encode(text(parts()).replaceAll('\n', '\r\n'))), plain)
  assert.deepEqual(readLightGBM(file((made) => Object.assign(made, { sizes: false }))), plain)
})

test('a forest that is averaged divides its prediction and not its raw score', () => {
  const form = readLightGBM(file((made) => Object.assign(made.header, { average_output: 'BARE', objective: 'regression' })))
  const rows = [[30, 2, 1]]
  assert.equal(answers(form, rows)[0], 0.35)
  assert.equal(answers(form, rows, 'prediction')[0], 0.35 / 2)
  const first = readLightGBM(
    file((made) => Object.assign(made.header, { average_output: 'BARE', objective: 'regression' })),
    { iterations: 1 },
  )
  assert.equal(answers(first, rows, 'prediction')[0], 0.1)
})

test('what the objective makes of the sums', () => {
  const link = (line: string, options?: LightGBMOptions) =>
    readLightGBM(file(objective(line)), options)
      .steps.slice(1)
      .map((step) => (step.op === 'link' ? [step.function, step.scale] : step.op))
  assert.deepEqual(link('binary sigmoid:0.6'), [['sigmoid', 0.6]])
  assert.deepEqual(link('cross_entropy_lambda'), [['log1pexp', 1]])
  assert.deepEqual(link('quantile sqrt'), [['signed-square', 1]])
  for (const raw of ['regression', 'huber', 'lambdarank', 'custom', '']) assert.deepEqual(link(raw), [])
  assert.deepEqual(link('binary sigmoid:1', { as: 'classifier' }), [['sigmoid', 1], ['complement', 1], 'concat', 'argmax', 'choose'])
})

test('an objective that is not known, or does not fit, is refused by name', () => {
  const refused = (line: string, outputs: number, message: RegExp, options?: LightGBMOptions) => {
    assert.throws(() => readLightGBM(file(objective(line, outputs)), options), { name: 'UnreadableModel', message })
  }
  refused('focal gamma:2', 1, /^objective: the objective "focal" is not known/)
  refused('poisson sqrt', 1, /poisson with "sqrt" is not known/)
  refused('binary sigmoid:-1', 1, /sigmoid:-1/)
  refused('multiclass', 2, /num_class: is not/)
  refused('multiclass num_class:3', 1, /num_tree_per_iteration: is 1; the objective multiclass has 3/)
  refused('binary sigmoid:1', 2, /num_tree_per_iteration: is 2/)
  refused('regression', 1, /the objective regression makes no classifier/, { as: 'classifier' })
  refused('custom', 1, /custom makes no classifier/, { as: 'classifier' })
})

test('options that do not fit are refused', () => {
  assert.throws(() => readLightGBM(file(), { as: 'classifier', classes: ['a', 'b', 'c'] }), /classes has 3 labels; the model has 2/)
  assert.throws(() => readLightGBM(file(), { as: 'classifier', classes: ['a', 1] }), /neither all texts nor all numbers/)
  for (const iterations of [0, -1, 1.5, Number.NaN]) assert.throws(() => readLightGBM(file(), { iterations }), /iterations is/)
})

test('lists of categories go to the columns that were declared, or those named', () => {
  const columns = (change: (made: Parts) => void, options: LightGBMOptions = {}) =>
    readLightGBM(file(change), options).inputs[0]!.columns!.map(({ categories }) => categories?.values)
  const tail =
    (lists: string, declared = '') =>
    (made: Parts) => {
      made.tail = `\nparameters:\n[categorical_feature: ${declared}]\n\nend of parameters\n\npandas_categorical:${lists}\n`
    }
  assert.deepEqual(columns(tail('[[1, 2, 2.5]]')), [undefined, [1, 2, 2.5], undefined])
  assert.deepEqual(columns(tail('[[false, true, 7]]')), [undefined, [0, 1, 7], undefined])
  assert.deepEqual(columns(tail('null')), [undefined, undefined, undefined])
  assert.deepEqual(columns(tail('[]')), [undefined, undefined, undefined])
  assert.deepEqual(columns(tail('[["x"], ["a", "b", "c"]]', '0,1')), [['x'], ['a', 'b', 'c'], undefined])
  assert.deepEqual(columns(tail('[["a", "b", "c"], ["x"]]'), { categorical: ['colour', 'größe'] }), [undefined, ['a', 'b', 'c'], ['x']])
  assert.throws(() => columns(tail('[["a", "b", "c"], ["x"]]')), /2 lists of categories for 1 columns; name the columns/)
  assert.throws(() => columns(tail('[["a"]]')), /"colour" was trained with category 2, and its list has 1/)
  assert.throws(() => columns(tail('[["a", "b", "c"]]'), { categorical: ['hue'] }), /no feature is called "hue"/)
  assert.throws(() => columns(tail('[["a", "a", "c"]]')), /pandas_categorical\[0\]: a category stands twice/)
  assert.throws(() => columns(tail('[["a", 2, "c"]]')), /neither all texts nor all numbers/)
  assert.throws(() => columns(tail('[[9007199254740993, 2, 3]]')), /beyond 2\^53/)
  for (const broken of ['', '[', '[["a"', '{}', '[[[1]]]', '[1]', '"x"']) assert.throws(() => columns(tail(broken)), { name: 'UnreadableModel' }, broken)
})
