import assert from 'node:assert/strict'
import { test } from 'node:test'
import { WrongInput } from '../engine/index.ts'
import { type Form, NO_TEXT } from '../form/form.ts'
import type { Step } from '../form/steps.ts'
import { kernelBytes, wasm } from '../kernels/index.ts'
import { formOf, randomTrees } from '../testing/random.ts'
import { chain, withCover } from '../testing/shapley.ts'
import { explainer } from './explainer.ts'
import { explainBytes } from './kernels/index.ts'
import { Unexplainable } from './unexplainable.ts'

/** A model of three columns (two numbers, one text of two categories encoded), as a converter writes it. */
function pipeline(between: readonly Step[] = []): Form {
  const trees = withCover(randomTrees({ features: 4, trees: 3, splits: 9, compare: 'f32' }))
  const steps: Step[] = [
    { op: 'scale', of: [0], offset: [1, 2], factor: [2, 4], divide: true },
    { op: 'onehot', of: [1], categories: [0, 1], unknown: 'zeros', to: 'f32' },
    { op: 'concat', of: [2, 3] },
    ...between,
  ]
  const model = steps.length + 2
  return {
    version: 1,
    source: { format: 'onnx', version: '', objective: '' },
    inputs: [
      { name: 'numbers', type: 'f32', width: 2 },
      { name: 'purpose', type: 'text', width: 1 },
    ],
    steps: [
      ...steps,
      { op: 'trees', of: [model - 1], trees },
      { op: 'link', of: [model], function: 'sigmoid', scale: 1 },
      { op: 'link', of: [model + 1], function: 'complement', scale: 1 },
      { op: 'concat', of: [model + 2, model + 1] },
    ],
    outputs: [{ name: 'p', value: model + 3, role: 'probabilities', rank: 2, classes: ['bad', 'good'] }],
    texts: ['car', 'boat'],
  }
}

const ROWS = { numbers: Float32Array.of(5, 1, 0.5, 2), purpose: ['boat', 'plane'] }

test('contributions of derived columns are summed up for the columns of the inputs', () => {
  const form = pipeline()
  const found = explainer(form)
  assert.deepEqual([found.columns, found.classes, found.outputs], [['numbers[0]', 'numbers[1]', 'purpose'], ['good'], 1])
  const trees = form.steps[3] as Extract<Step, { op: 'trees' }>
  const own = explainer(formOf(trees.trees, 'f32')).explain(Float64Array.of(2, -0.25, 0, 1, -0.25, 0, 0, 0), 2)
  const wanted = [own[0]!, own[1]!, own[2]! + own[3]!, own[4]!, own[5]!, own[6]!, own[7]! + own[8]!, own[9]!]
  assert.deepEqual([...found.explain(ROWS, 2)], wanted)
})

test('a text that is missing is explained as such, not as one that is unknown', () => {
  const form = pipeline()
  const onehot = { ...form.steps[1]!, categories: [0, NO_TEXT] } as Step
  const found = explainer({ ...form, steps: form.steps.with(1, onehot) })
  const explained = (purpose: (string | null)[]) => [...found.explain({ numbers: Float32Array.of(5, 1), purpose }, 1)]
  const trees = form.steps[3] as Extract<Step, { op: 'trees' }>
  const own = explainer(formOf(trees.trees, 'f32')).explain(Float64Array.of(2, -0.25, 0, 1), 1)
  assert.deepEqual(explained([null]), [own[0]!, own[1]!, own[2]! + own[3]!, own[4]!])
  assert.notDeepEqual(explained([null]), explained(['plane']))
})

test('behind a step that mixes columns, the columns of the model are explained', () => {
  const found = explainer(pipeline([{ op: 'normalize', of: [4], norm: 'l2' }]))
  assert.deepEqual(found.columns, ['normalize[0]', 'normalize[1]', 'normalize[2]', 'normalize[3]'])
  assert.equal(found.explain(ROWS, 2).length, 10)
  const some: Step[] = [
    { op: 'normalize', of: [4], norm: 'l2' },
    { op: 'columns', of: [0], indices: [1] },
    { op: 'columns', of: [5], indices: [0, 1, 2] },
    { op: 'concat', of: [6, 7] },
  ]
  assert.deepEqual(explainer(pipeline(some)).columns, ['numbers[1]', 'concat[1]', 'concat[2]', 'concat[3]'])
})

test('compiled modules can be given', () => {
  const modules = { explain: new wasm.Module(explainBytes()), kernels: new wasm.Module(kernelBytes()) }
  assert.deepEqual(explainer(pipeline(), { modules }).explain(ROWS, 2), explainer(pipeline()).explain(ROWS, 2))
})

test('rows are rounded to the type of their input before they are compared', () => {
  const tree = { ...withCover(chain(1, 1)), value: Float64Array.of(Math.fround(0.1), 1, 2) }
  const explain = (rows: Float32Array | Float64Array) => explainer(formOf(tree, 'f32')).explain(rows, 1)
  assert.deepEqual(explain(Float64Array.of(0.1 - 1e-12)), explain(Float32Array.of(0.1)))
})

test('rows of another shape are refused with the name of their input', () => {
  const explain = explainer(pipeline())
  assert.throws(() => explain.explain(Float64Array.of(1), 1), WrongInput)
  assert.throws(() => explain.explain({ numbers: ROWS.numbers }, 2), /input purpose: is missing/)
  const single = explainer(formOf(withCover(chain(1, 2))))
  assert.throws(() => single.explain(Float64Array.of(1), 1), /input x: 1 elements for 1 rows of 2/)
  assert.throws(() => single.explain({ x: ['a', 'b'] }, 1), /input x: takes elements of f64/)
  assert.throws(() => single.explain({}, 1), /input x: is missing/)
})

test('forms without a model, or with several, are refused', () => {
  const refused = (form: Form, reason: string, words: RegExp): void => {
    assert.throws(
      () => explainer(form),
      (error) => error instanceof Unexplainable && error.reason === reason && words.test(error.message),
    )
  }
  const { steps, ...rest } = formOf({ ...withCover(chain(1, 1)), sum: 'f64' })
  const linear: Step = { op: 'affine', of: [0], outputs: 1, weights: Float64Array.of(1), bias: Float64Array.of(0), biasFirst: true, skipMissing: false }
  const mean: Step = { op: 'arithmetic', of: [1, 2], operator: 'add' }
  const output = (value: number, role: 'margin' | 'other' = 'margin') => ({ name: role, value, role, rank: 1 }) as const
  refused({ ...rest, steps: [{ op: 'link', of: [0], function: 'exp', scale: 1 }], outputs: [output(1)] }, 'no-model', /input x takes part/)
  refused({ ...rest, steps: [...steps, linear, mean], outputs: [output(3)] }, 'several-models', /from 2 models/)
  refused({ ...rest, steps: [...steps, { ...mean, of: [0, 1] }], outputs: [output(2)] }, 'no-model', /input x takes part/)
  assert.equal(explainer({ ...rest, steps: [...steps, linear], outputs: [output(2), output(1, 'other')] }).method, 'linear')
})
