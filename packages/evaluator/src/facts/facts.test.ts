import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Form } from '../form/form.ts'
import type { Step } from '../form/steps.ts'
import type { Trees } from '../form/trees.ts'
import { readLightGBM } from '../lightgbm/index.ts'
import { file, type Parts } from '../lightgbm/testing/file.ts'
import { formOf, randomTrees } from '../testing/random.ts'
import { compareForms } from './compare.ts'
import { type DrawnSplit, drawTree } from './draw.ts'
import { factsOf } from './facts.ts'

const model = (change?: (parts: Parts) => void): Form => readLightGBM(file(change), { as: 'classifier', classes: ['bad', 'good'] })

test('facts of a model that is known in every number', () => {
  const facts = factsOf(model())
  assert.deepEqual(facts.source, { format: 'lightgbm', version: 'v4', objective: 'binary sigmoid:1' })
  assert.deepEqual(facts.inputs, [{ name: 'features', type: 'f64', columns: 3, categorical: 1 }])
  assert.deepEqual(facts.classes, ['bad', 'good'])
  assert.deepEqual(facts.outputs[0], { name: 'label', role: 'label', type: 'text', columns: 1 })
  assert.deepEqual(facts.operators.slice(0, 2), [
    { op: 'link', count: 2 },
    { op: 'argmax', count: 1 },
  ])
  const [ensemble] = facts.ensembles
  assert.deepEqual([ensemble!.trees, ensemble!.nodes, ensemble!.leaves, ensemble!.used], [2, 10, 6, 3])
  assert.deepEqual(ensemble!.depth, { min: 1, mean: 1.5, max: 2 })
  assert.deepEqual(ensemble!.leavesPerTree, { min: 2, mean: 3, max: 4 })
  // one tree of one split, and one of four leaves two splits down
  assert.equal(ensemble!.visits, 1 + 2)
  assert.ok(ensemble!.categorical && ensemble!.linearLeaves)
  assert.deepEqual(ensemble!.features, [
    { name: 'age', input: 0, column: 0, splits: 1, gain: 12.5, cover: 100, share: 12.5 / 22.75 },
    { name: 'größe', input: 0, column: 2, splits: 2, gain: 7.25, cover: 170, share: 7.25 / 22.75 },
    { name: 'colour', input: 0, column: 1, splits: 1, gain: 3, cover: 30, share: 3 / 22.75 },
  ])
  assert.equal(factsOf(model(), { features: 1 }).ensembles[0]!.features.length, 1)
  assert.deepEqual(JSON.parse(JSON.stringify(facts)), facts)
})

/** Age scaled, a one-hot purpose, then trees: as a scikit-learn pipeline has it. */
function pipeline(trees: Trees): Form {
  const steps: Step[] = [
    { op: 'scale', of: [0], offset: [40], factor: [10], divide: true },
    { op: 'onehot', of: [1], categories: [0, 1], unknown: 'zeros', to: 'f32' },
    { op: 'concat', of: [2, 3] },
    { op: 'trees', of: [4], trees },
    { op: 'affine', of: [4], outputs: 1, weights: Float64Array.of(0.5, 0, -2), bias: Float64Array.of(1), biasFirst: false, skipMissing: false },
  ]
  return {
    ...formOf(trees),
    inputs: [
      { name: 'age', type: 'f32', width: 1 },
      { name: 'purpose', type: 'text', width: 1 },
    ],
    steps,
    texts: ['car', 'education'],
    outputs: [{ name: 'y', value: 5, role: 'margin', rank: 1 }],
  }
}

test('values that are known apart are those of categories, and those that steps encode', () => {
  assert.deepEqual(factsOf(model()).known, [{ name: 'colour', input: 0, column: 1, values: factsOf(model()).known[0]!.values }])
  assert.ok(factsOf(model()).known[0]!.values.length > 1)
  assert.deepEqual(factsOf(pipeline(randomTrees({ seed: 2, features: 3, trees: 2 }))).known, [
    { name: 'purpose', input: 1, column: 0, values: ['car', 'education'] },
  ])
})

test('columns of a pipeline are named after the inputs they come from', () => {
  const facts = factsOf(pipeline(randomTrees({ seed: 2, features: 3, trees: 10 })))
  assert.deepEqual(new Set(facts.ensembles[0]!.features.map(({ name }) => name)), new Set(['scaled age', 'purpose = car', 'purpose = education']))
  assert.deepEqual(facts.linear, [
    {
      step: 4,
      columns: 3,
      outputs: 1,
      used: 2,
      features: [
        { name: 'purpose = education', coefficients: [-2] },
        { name: 'scaled age', coefficients: [0.5] },
      ],
    },
  ])
})

test('a model without trees has none, and one of single leaves has no importance', () => {
  const linear = { ...pipeline(randomTrees({ features: 3 })), steps: [{ op: 'normalize', of: [0], norm: 'l1' }] as Step[] }
  assert.deepEqual(factsOf({ ...linear, outputs: [{ name: 'y', value: 2, role: 'other', rank: 1 }] }).ensembles, [])
  const leaf = randomTrees({ features: 3, splits: 0 })
  assert.deepEqual(factsOf(formOf(leaf)).ensembles[0]!.features, [])
  assert.deepEqual(factsOf(formOf(leaf)).ensembles[0]!.depth, { min: 0, mean: 0, max: 0 })
})

test('a tree is drawn with its tests in words, down to the depth asked for', () => {
  const { root, ...rest } = drawTree(model())
  assert.deepEqual(rest, { step: 0, tree: 0, trees: 2 })
  const split = root as DrawnSplit
  assert.deepEqual([split.test, split.threshold, split.gain, split.cover], ['age ≤ 41.5', 41.50000000000001, 12.5, 100])
  assert.deepEqual([(split.yes as DrawnSplit).test, (split.no as DrawnSplit).test], ['colour in red, blue', 'größe ≤ 0 or missing'])
  assert.deepEqual((split.yes as DrawnSplit).yes, { kind: 'leaf', node: 3, values: [0.1], cover: 10 })
  assert.deepEqual(drawTree(model(), { depth: 0 }).root, { kind: 'rest', node: 0, cover: 100, splits: 3, leaves: 4 })
  const second = drawTree(model(), { tree: 1 }).root as DrawnSplit
  assert.equal(second.test, 'größe ≤ 0.5, or 0 or missing')
  assert.deepEqual(second.yes, { kind: 'leaf', node: 8, values: [1], linear: '0.5 + 0.125 · age + 2 · größe', cover: 50 })
  const oneHot = (feature: number) => ({
    ...randomTrees({ features: 3, splits: 1, trees: 1 }),
    feature: Int32Array.of(feature, -1, -1),
    value: Float64Array.of(0.5, 1, 2),
  })
  assert.equal((drawTree(pipeline(oneHot(1))).root as DrawnSplit).test, 'purpose is not car')
  assert.equal((drawTree(pipeline(oneHot(0))).root as DrawnSplit).test, 'scaled age < 0.5')
})

test('drawings of large trees are bounded, and what is not there cannot be drawn', () => {
  const deep = formOf(randomTrees({ trees: 1, splits: 15_000, features: 5, shape: 'even', seed: 4 }))
  const json = JSON.stringify(drawTree(deep, { depth: 12 }))
  assert.ok(json.length < 2_000_000, `${json.length}`)
  assert.match(json, /"kind":"rest"/)
  for (const [options, message] of [
    [{ tree: 1 }, /tree 1 of 1/],
    [{ tree: -1 }, /tree -1/],
    [{ tree: 0.5 }, /tree 0.5/],
    [{ depth: 13 }, /depth 13/],
    [{ step: 4 }, /step 4 has no trees/],
  ] as const) {
    assert.throws(() => drawTree(deep, options), { name: 'RangeError', message })
  }
})

test('a tree as deep as it has splits is walked without recursion', () => {
  const splits = 200_000
  const numbers = Array.from({ length: 2 * splits + 1 }, (_, node) => node)
  const chain = formOf({
    ...randomTrees({ trees: 1, features: 2, splits: 1 }),
    // split n has leaf 2n + 1 and split 2n + 2
    feature: Int32Array.from(numbers, (node) => (node % 2 === 0 && node < 2 * splits ? 0 : -1)),
    rule: new Uint8Array(numbers.length),
    value: new Float64Array(numbers.length),
    yes: Int32Array.from(numbers, (node) => (node % 2 === 0 && node < 2 * splits ? node + 1 : -1)),
    no: Int32Array.from(numbers, (node) => (node % 2 === 0 && node < 2 * splits ? node + 2 : -1)),
  })
  assert.equal(factsOf(chain).ensembles[0]!.depth.max, splits)
  assert.ok(compareForms(chain, chain).same)
  assert.equal((drawTree(chain, { depth: 1 }).root as DrawnSplit).no.kind, 'rest')
})

test('a model is the same as itself, whatever the order of its columns and nodes', () => {
  assert.deepEqual(compareForms(model(), model()), {
    same: true,
    changes: [],
    ensembles: [
      { before: { trees: 2, nodes: 10, depth: 2 }, after: { trees: 2, nodes: 10, depth: 2 }, same: 2, changed: 0, firstChanged: [], added: 0, removed: 0 },
    ],
    importance: [],
  })
  const turned = model((parts) => {
    parts.header.feature_names = 'colour age größe'
    parts.header.feature_infos = '-1:0:1:2 [18:99] [0:1.5]'
    parts.tail = parts.tail.replace('categorical_feature: 1', 'categorical_feature: 0')
    parts.trees[0]!.split_feature = '1 0 2'
    parts.trees[1]!.leaf_features = '1 2  '
    Object.assign(parts.trees[0]!, {
      right_child: '2 -1 -4',
      left_child: '1 -2 -3',
      leaf_value: '-0.20000000000000001 0.10000000000000001 0.5 1',
      leaf_count: '20 10 30 40',
    })
  })
  assert.ok(compareForms(model(), turned).same)
})

test('what differs between two models is told', () => {
  const changed = model((parts) => {
    parts.trees[1]!.threshold = '0.75'
    parts.trees[0]!.split_gain = '1 3 0.25'
    parts.trees.push({ ...parts.trees[0]! })
    parts.header.objective = 'binary sigmoid:2'
    parts.header.feature_names = 'age colour weight'
  })
  const comparison = compareForms(model(), changed)
  assert.equal(comparison.same, false)
  assert.deepEqual(comparison.changes, [
    { what: 'objective', before: 'binary sigmoid:1', after: 'binary sigmoid:2' },
    { what: 'column größe', before: 'number', after: null },
    { what: 'column weight', before: null, after: 'number' },
    { what: 'numbers of step 1', before: 'link', after: 'link' },
  ])
  assert.deepEqual(comparison.ensembles[0], {
    before: { trees: 2, nodes: 10, depth: 2 },
    after: { trees: 3, nodes: 17, depth: 2 },
    same: 0,
    changed: 2,
    firstChanged: [0, 1],
    added: 1,
    removed: 0,
  })
  assert.equal(comparison.importance[0]!.name, 'weight')
  assert.equal(comparison.importance.find(({ name }) => name === 'größe')!.after, 0)
  const classes = compareForms(model(), readLightGBM(file(), { as: 'classifier', classes: ['no', 'yes'] }))
  assert.deepEqual(classes.changes, [{ what: 'classes', before: 'bad, good', after: 'no, yes' }])
  const booster = compareForms(model(), readLightGBM(file()))
  assert.ok(booster.changes.some(({ what, after }) => what === 'output label' && after === null))
})
