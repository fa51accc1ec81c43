import assert from 'node:assert/strict'
import { test } from 'node:test'
import { randomTrees } from '../../testing/random.ts'
import { UnreadableModel } from '../../unreadable.ts'
import type { ElementType } from '../element.ts'
import type { Form } from '../form.ts'
import type { Step } from '../steps.ts'
import type { Trees } from '../trees.ts'
import { checkForm } from './index.ts'

const base = randomTrees({ seed: 3, trees: 3, features: 4, splits: 5 })

function formOf(steps: readonly Step[], { type = 'f32', width = 4 }: { type?: ElementType; width?: number } = {}): Form {
  return {
    version: 1,
    source: { format: 'onnx', version: '', objective: '' },
    inputs: [{ name: 'x', type, width }],
    steps,
    outputs: [{ name: 'y', value: steps.length, role: 'other', rank: 2 }],
    texts: ['a', 'b'],
  }
}

const good = formOf([{ op: 'trees', of: [0], trees: base }])

function refusal(form: unknown): string {
  try {
    checkForm(form as Form)
  } catch (error) {
    assert.ok(error instanceof UnreadableModel, String(error))
    return error.message
  }
  return assert.fail('it passed')
}

const withTrees = (change: Partial<Trees>) => refusal(formOf([{ op: 'trees', of: [0], trees: { ...base, ...change } }]))
const step = (change: object, kind: { type?: ElementType; width?: number } = {}) => refusal(formOf([change as Step], kind))

/** The array with one element changed. */
function put<T extends Int32Array | Float64Array | Uint8Array>(array: T, at: number, value: number): T {
  const changed = array.slice() as T
  changed[at] = value
  return changed
}

test('a sound form passes', () => {
  checkForm(good)
  checkForm(
    formOf([
      { op: 'argmax', of: [0], last: false },
      { op: 'choose', of: [1], labels: [0, 1, -1, -2], to: 'text' },
    ]),
  )
  checkForm(
    formOf([
      { op: 'arithmetic', of: [0], operator: 'div', constant: [2] },
      { op: 'concat', of: [0, 1, 1] },
      { op: 'reduce', of: [2], function: 'sum', groups: 3 },
    ]),
  )
})

test('fields of another kind, fields that are missing and fields that are not known are refused by name', () => {
  assert.match(refusal(null), /is not an object/)
  assert.match(refusal({ ...good, version: 2 }), /^version: is not one of 1/)
  assert.match(refusal({ ...good, texts: [1] }), /^texts: is not a list of texts/)
  assert.match(refusal({ ...good, extra: 1 }), /has no field "extra"/)
  assert.match(refusal({ ...good, source: { ...good.source, format: 'pickle' } }), /^source.format/)
  assert.match(refusal({ ...good, inputs: [] }), /^inputs: are none/)
  assert.match(refusal({ ...good, outputs: [] }), /^outputs: are none/)
  assert.match(refusal({ ...good, inputs: [{ ...good.inputs[0], width: 0 }] }), /^inputs\[0\].width/)
  assert.match(refusal({ ...good, inputs: [{ ...good.inputs[0], columns: [{ name: 'a' }] }] }), /^inputs\[0\].columns: are 1, not 4/)
  assert.match(refusal({ ...good, inputs: [{ ...good.inputs[0], required: [4] }] }), /^inputs\[0\].required/)
  assert.match(refusal({ ...good, outputs: [{ ...good.outputs[0], value: 2 }] }), /^outputs\[0\].value: is 2; there are 2/)
  assert.match(refusal({ ...good, outputs: [{ ...good.outputs[0], value: 0, rank: 1 }] }), /^outputs\[0\].rank/)
  assert.match(refusal({ ...good, outputs: [{ ...good.outputs[0], classes: ['a', 'b'] }] }), /^outputs\[0\].classes/)
  assert.match(refusal({ ...good, outputs: [good.outputs[0], good.outputs[0]] }), /^outputs\[1\]: "y" stands twice/)
  assert.match(refusal({ ...good, texts: ['a', 'a'] }), /^texts\[1\]/)
  assert.match(step({ op: 'pickle', of: [0] }), /^steps\[0\]: is no step: "pickle"/)
  assert.match(step({ op: 'normalize', of: [0], norm: 'l3' }), /^steps\[0\].norm: is not one of l1/)
  assert.match(step({ op: 'normalize', of: [0], norm: 'l1', more: 1 }), /^steps\[0\]: has no field "more"/)
  const columns = [{ name: 'a', categories: { values: ['x', 'x'], unseen: 'missing' } }]
  assert.match(refusal({ ...good, inputs: [{ name: 'x', type: 'f32', width: 1, columns }] }), /categories.values: has a value twice/)
})

test('steps that read what is not there, or do not fit what they read, are refused', () => {
  assert.match(step({ op: 'normalize', of: [1], norm: 'l1' }), /^steps\[0\].of: reads value 1/)
  assert.match(step({ op: 'normalize', of: [0, 0], norm: 'l1' }), /^steps\[0\].of: has 2 values/)
  assert.match(step({ op: 'normalize', of: [0], norm: 'l1' }, { type: 'i64' }), /is of i64, not of f32 or f64/)
  assert.match(step({ op: 'cast', of: [0], to: 'f32' }, { type: 'text' }), /is of text/)
  assert.match(step({ op: 'columns', of: [0], indices: [4] }), /indices\[0\]: is 4 of 4/)
  assert.match(step({ op: 'columns', of: [0], indices: [] }), /has 0 columns/)
  assert.match(step({ op: 'scale', of: [0], offset: [1, 2], factor: [1], divide: false }), /offset: has 2 numbers for 4 columns/)
  assert.match(step({ op: 'onehot', of: [0], categories: [1], unknown: 'zeros', to: 'f32' }), /is of 4 columns, not 1/)
  assert.match(step({ op: 'onehot', of: [0], categories: [2], unknown: 'zeros', to: 'f32' }, { type: 'text', width: 1 }), /categories\[0\]: is text 2 of 2/)
  assert.match(step({ op: 'lookup', of: [0], keys: [1], values: [], otherwise: 0, to: 'f32' }), /values: has 0 elements/)
  assert.match(step({ op: 'arithmetic', of: [0], operator: 'add' }), /is not of two values, or of one and constants/)
  assert.match(step({ op: 'arithmetic', of: [0], operator: 'add', constant: [1, 2] }), /is of 2 and 4 columns/)
  assert.match(step({ op: 'compare', of: [0, 0], operator: 'and' }), /is of f32, not of bool/)
  assert.match(step({ op: 'where', of: [0, 0, 0] }), /is of f32, not of bool/)
  assert.match(step({ op: 'reduce', of: [0], function: 'sum', groups: 3 }), /3 do not divide 4 columns/)
  const affine = { op: 'affine', of: [0], outputs: 2, weights: new Float64Array(8), bias: new Float64Array(2), biasFirst: true, skipMissing: false }
  assert.match(step({ ...affine, weights: new Float64Array(7) }), /weights: has 7 numbers/)
  assert.match(step({ ...affine, bias: [0, 0] }), /bias: is not a Float64Array/)
  assert.match(
    refusal(
      formOf([
        { op: 'argmax', of: [0], last: false },
        { op: 'choose', of: [1], labels: [1, 2, 3], to: 'i64' },
      ]),
    ),
    /labels: has 3 for 4 positions/,
  )
  assert.match(
    refusal(
      formOf([
        { op: 'argmax', of: [0], last: false },
        { op: 'choose', of: [1], labels: [1, 2, 3, 0.5], to: 'i64' },
      ]),
    ),
    /are not whole numbers/,
  )
  const doubling = Array.from({ length: 30 }, (_, at): Step => ({ op: 'concat', of: [at, at] }))
  assert.match(refusal(formOf(doubling)), /columns, not from 1 to/)
})

test('constants that are no whole numbers are refused where whole numbers are', () => {
  const long = { type: 'i64' } as const
  assert.match(step({ op: 'arithmetic', of: [0], operator: 'add', constant: [Number.NaN] }, long), /constant: are not whole numbers/)
  assert.match(step({ op: 'compare', of: [0], operator: 'lt', constant: [0.5] }, long), /constant: are not whole numbers/)
  assert.match(step({ op: 'replace', of: [0], what: 1, with: [Number.POSITIVE_INFINITY] }, long), /with: are not whole numbers/)
  assert.match(step({ op: 'lookup', of: [0], keys: [1], values: [0.5], otherwise: 0, to: 'i64' }), /values: are not whole numbers/)
})

test('trees whose arrays do not go together are refused', () => {
  assert.match(withTrees({ features: 5 }), /trees.features: is 5, and the rows have 4/)
  assert.match(withTrees({ value: base.value.subarray(1) }), /trees.value: has \d+ elements, not \d+/)
  assert.match(withTrees({ base: new Float64Array(2) }), /trees.base: has 2 elements, not 1/)
  assert.match(withTrees({ cover: new Float64Array(1) }), /trees.cover/)
  assert.match(withTrees({ vectors: new Float64Array(1) }), /trees.vectors: is not empty/)
  assert.match(withTrees({ divisor: 0 }), /trees.divisor/)
  assert.match(withTrees({ zero: Number.NaN }), /trees.zero/)
  assert.match(withTrees({ sets: { start: Int32Array.of(1), words: new Uint32Array() } }), /sets.start: does not begin at 0/)
  assert.match(withTrees({ sets: { start: Int32Array.of(0, 2, 1), words: new Uint32Array(1) } }), /sets.start\[2\]: goes down/)
  assert.match(withTrees({ sets: { start: Int32Array.of(0, 1), words: new Uint32Array(2) } }), /ends at 1, not at 2/)
  const linear = { start: Int32Array.of(0, 1), feature: Int32Array.of(4), coefficient: Float64Array.of(1), constant: Float64Array.of(1) }
  assert.match(withTrees({ linear }), /linear.feature\[0\]: is 4 of 4/)
  assert.match(withTrees({ linear: { ...linear, constant: new Float64Array(2) } }), /linear.start: has 2 elements/)
})

test('nodes that point nowhere, and trees that are none, are refused', () => {
  const split = base.feature.findIndex((column) => column >= 0)
  const leaf = base.feature.indexOf(-1)
  assert.match(withTrees({ feature: put(base.feature, split, 4) }), /trees.feature\[\d+\]: is 4 of 4/)
  assert.match(withTrees({ yes: put(base.yes, split, 1_000) }), /trees.yes\[\d+\]: is 1000/)
  assert.match(withTrees({ no: put(base.no, split, -1) }), /trees.no\[\d+\]: is -1/)
  assert.match(withTrees({ yes: put(base.yes, split, base.no[split]!) }), /which another leads to/)
  assert.match(withTrees({ rule: put(base.rule, split, 64) }), /trees.rule\[\d+\]: is 64/)
  assert.match(withTrees({ rule: put(base.rule, leaf, 1) }), /trees.rule\[\d+\]: is 1 at a leaf/)
  assert.match(withTrees({ yes: put(base.yes, leaf, 0) }), /at a leaf/)
  assert.match(withTrees({ rule: put(base.rule, split, 3), value: put(base.value, split, 10) }), /is set 10 of 10/)
  assert.match(withTrees({ value: put(base.value, split, 0.1) }), /0.1 is no f32/)
  assert.match(withTrees({ roots: put(base.roots, 1, base.roots[0]!) }), /roots\[1\]: leads to node/)
  assert.match(withTrees({ target: put(base.target, 0, 1) }), /target\[0\]: is 1 of 1/)
  assert.match(withTrees({ roots: base.roots.subarray(1), target: base.target.subarray(1) }), /hangs on nothing/)
})

test('nodes that go round in a circle beside the trees are refused', () => {
  const circle = {
    ...base,
    roots: Int32Array.of(0),
    target: Int32Array.of(0),
    feature: Int32Array.of(-1, 0, 0, -1, -1),
    rule: new Uint8Array(5),
    value: new Float64Array(5),
    yes: Int32Array.of(-1, 2, 1, -1, -1),
    no: Int32Array.of(-1, 3, 4, -1, -1),
  }
  assert.match(withTrees(circle), /4 nodes hang on no root: they go round in a circle/)
})
