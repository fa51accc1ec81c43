import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { checkForm } from '../form/check/index.ts'
import { MISSING, TEST, type Trees } from '../form/trees.ts'
import { interpret } from '../plain/interpret.ts'
import { UnreadableModel, type UnreadableReason } from '../unreadable.ts'
import { readXGBoost } from './read.ts'
import { type Json, json, smallModel, ubjson } from './testing/files.ts'

const ENCODINGS = { json, ubjson }
type Model = ReturnType<typeof smallModel>

/** Refused in both encodings for this reason, with these words, and no matter how the form is asked for. */
function refused(change: (model: Model) => void, { reason = 'malformed', message }: { reason?: UnreadableReason; message: RegExp }): void {
  for (const encode of Object.values(ENCODINGS)) {
    const model = smallModel()
    change(model)
    assert.throws(
      () => readXGBoost(encode(model as unknown as Json)),
      (error) => {
        assert.ok(error instanceof UnreadableModel, `${encode.name}: ${error}`)
        assert.equal(error.reason, reason, `${encode.name}: ${error.message}`)
        assert.match(error.message, message)
        return true
      },
    )
  }
}

const booster = (model: Model) => model.learner.gradient_booster
const inner = (model: Model) => booster(model).model as Record<string, Json>
const trees = (model: Model) => inner(model).trees as Record<string, Json>[]
const setNumber = (model: Model, key: string, { at, to }: { at: number; to: number }) => {
  ;(trees(model)[0]![key] as number[])[at] = to
}

describe('a small model', () => {
  for (const [name, encode] of Object.entries(ENCODINGS)) {
    test(`is read from ${name}`, () => {
      const form = readXGBoost(encode(smallModel() as unknown as Json))
      checkForm(form)
      assert.deepEqual(form.source, { format: 'xgboost', version: '3.2.0', objective: 'reg:squarederror' })
      assert.deepEqual(form.inputs[0]!.columns, [
        { name: 'age' },
        { name: 'colour', categories: { values: ['red', 'green'], unseen: 'refuse' } },
        { name: 'height' },
      ])
      const { roots, rule, yes, cover, gain, sets } = (form.steps[0] as { trees: Trees }).trees
      assert.deepEqual([...roots], [0, 5])
      assert.deepEqual([...rule.subarray(0, 2)], [TEST.less | MISSING.yes, TEST.in | MISSING.yes])
      assert.deepEqual([...yes.subarray(0, 2)], [1, 4])
      assert.deepEqual([...cover!], new Array(8).fill(2))
      assert.deepEqual([...gain!], [7.5, 7.5, 0, 0, 0, 7.5, 0, 0])
      assert.deepEqual([...sets.words], [2])
      const rows = Float32Array.of(0, 0, -2, 0, 1, -1.25, 0.5, 0, Number.NaN, Number.NaN, Number.NaN, 5)
      assert.deepEqual([...interpret(form, [rows], 4).get('prediction')!], [0.5 + 2 + 20, 0.5 + 3 + 10, 0.5 + 1 + 20, 0.5 + 3 + 10])
    })

    test(`of ${name} cut off anywhere is refused, and says where`, () => {
      const whole = encode(smallModel() as unknown as Json)
      for (let length = 0; length < whole.length; length++) {
        assert.throws(
          () => readXGBoost(whole.subarray(0, length)),
          (error) => error instanceof UnreadableModel && error.reason === 'malformed' && /byte \d+/.test(error.where),
          `${length} bytes`,
        )
      }
    })

    test(`of ${name} with another kind of value in any place is refused or means the same`, () => {
      for (const other of [null, true, -3, 1.5, 'x', '7', [], [0.5], {}, { x: 1 }] as Json[]) {
        for (let place = 0; ; place++) {
          const model = smallModel() as unknown as Json
          const path = replaceAt(model, place, other)
          if (path === undefined) break
          try {
            checkForm(readXGBoost(encode(model)))
          } catch (error) {
            assert.ok(error instanceof UnreadableModel, `${path} = ${JSON.stringify(other)}: ${error}`)
          }
        }
      }
    })
  }

  test('with all iterations or the best, and its labels', () => {
    const bytes = json({ ...smallModel() } as unknown as Json)
    const roots = (options: Parameters<typeof readXGBoost>[1]) => (readXGBoost(bytes, options).steps[0] as { trees: Trees }).trees
    assert.deepEqual([roots({}).roots.length, roots({ iterations: 'best' }).roots.length, roots({ as: 'regressor' }).roots.length], [2, 1, 1])
    assert.equal(roots({ iterations: 'best' }).feature.length, 5)
    assert.equal(roots({ as: 'regressor', iterations: 'all' }).roots.length, 2)
    assert.throws(() => readXGBoost(bytes, { as: 'classifier' }), { name: 'TypeError', message: /reg:squarederror has no classes/ })
    assert.equal(readXGBoost(bytes, { unseen: 'missing' }).inputs[0]!.columns![1]!.categories!.unseen, 'missing')
  })

  test('of a classifier gives the labels it is told', () => {
    const model = smallModel()
    model.learner.objective = { name: 'binary:logistic' }
    const bytes = json(model as unknown as Json)
    const form = readXGBoost(bytes, { as: 'classifier', classes: ['bad', 'good'] })
    checkForm(form)
    const answers = interpret(form, [Float32Array.of(0, 0, 0)], 1)
    assert.deepEqual(
      [...answers.get('label')!].map((at) => form.texts[Number(at)]),
      ['good'],
    )
    assert.deepEqual(form.outputs.find(({ name }) => name === 'probabilities')!.classes, ['bad', 'good'])
    assert.deepEqual([...interpret(readXGBoost(bytes, { as: 'classifier', classes: [-7, 3] }), [Float32Array.of(0, 0, 0)], 1).get('label')!], [3n])
    for (const classes of [['one'], ['same', 'same'], ['text', 1]]) assert.throws(() => readXGBoost(bytes, { as: 'classifier', classes }), TypeError)
  })
})

/** Puts a value in the n-th place of a value, counted through the whole tree; says which place it is. */
function replaceAt(root: Json, place: number, other: Json): string | undefined {
  let left = place
  const walk = (value: Json, path: string): string | undefined => {
    if (value === null || typeof value !== 'object') return undefined
    for (const [key, member] of Object.entries(value)) {
      if (left-- === 0) {
        ;(value as Record<string, Json>)[key] = other
        return `${path}.${key}`
      }
      const found = walk(member, `${path}.${key}`)
      if (found !== undefined) return found
    }
    return undefined
  }
  return walk(root, '')
}

describe('what a file may not say', () => {
  const faults: readonly (readonly [string, (model: Model) => void, RegExp, UnreadableReason?])[] = [
    ['a child out of range', (model) => setNumber(model, 'left_children', { at: 0, to: 5 }), /trees\[0\].*left_children\[0\] is 5, and the tree has 5 nodes/],
    ['a child before the first', (model) => setNumber(model, 'right_children', { at: 1, to: -2 }), /right_children\[1\] is -2/],
    ['a circle', (model) => setNumber(model, 'left_children', { at: 1, to: 0 }), /left_children\[1\] is 0, a node that was reached before/],
    ['a node with two parents', (model) => setNumber(model, 'right_children', { at: 1, to: 2 }), /right_children\[1\] is 2, a node that was reached before/],
    ['a feature that is not there', (model) => setNumber(model, 'split_indices', { at: 0, to: 3 }), /split_indices\[0\] is 3, and there are 3 features/],
    ['another default', (model) => setNumber(model, 'default_left', { at: 0, to: 2 }), /default_left\[0\] is 2/],
    ['another type of split', (model) => setNumber(model, 'split_type', { at: 0, to: 2 }), /split_type/],
    ['a split by categories without any', (model) => setNumber(model, 'split_type', { at: 0, to: 1 }), /categories_nodes lacks node 0/],
    ['categories of no node', (model) => setNumber(model, 'categories_nodes', { at: 0, to: 5 }), /categories_nodes\[0\] is 5/],
    ['categories beyond the list', (model) => setNumber(model, 'categories_sizes', { at: 0, to: 2 }), /categories_segments\[0\]/],
    ['a negative category', (model) => setNumber(model, 'categories', { at: 0, to: -1 }), /categories has -1/],
    ['a category of 2^24', (model) => setNumber(model, 'categories', { at: 0, to: 1 << 24 }), /categories has 16777216/],
    ['arrays of other lengths', (model) => (trees(model)[0]!.split_indices as number[]).push(0), /split_indices has 6 numbers, and left_children 5/],
    ['fewer nodes than announced', (model) => (trees(model)[0]!.tree_param = { num_nodes: '6' }), /num_nodes is 6, and left_children has 5/],
    [
      'a tree without nodes',
      (model) => trees(model).push(Object.fromEntries(Object.keys(trees(model)[0]!).map((key) => [key, key === 'tree_param' ? {} : []]))),
      /trees\[2\].*a tree without nodes/,
    ],
    ['a tree without thresholds', (model) => delete trees(model)[1]!.split_conditions, /trees\[1\].*split_conditions is missing/],
    ['an output that is not there', (model) => (inner(model).tree_info = [0, 1]), /tree_info: names output 1 of 1/],
    ['outputs for other trees', (model) => (inner(model).tree_info = [0]), /tree_info has 1 numbers for 2 trees/],
    ['rounds that go back', (model) => (inner(model).iteration_indptr = [0, 2, 1, 2]), /iteration_indptr: does not go from 0 to 2/],
    ['names for other columns', (model) => (model.learner.feature_names = ['a']), /1 feature_names for 3 features/],
    ['a name twice', (model) => (model.learner.feature_names = ['a', 'b', 'a']), /feature_names has a name twice/],
    [
      'more features than any table',
      (model) => (model.learner.learner_model_param.num_feature = '4294967295'),
      /num_feature.*4294967295 is more than/,
      'too-large',
    ],
    ['more classes than any model', (model) => (model.learner.learner_model_param.num_class = '99999999'), /num_class.*99999999 is more than/, 'too-large'],
    ['base scores for other outputs', (model) => (model.learner.learner_model_param.base_score = '[1E0,2E0]'), /base_score has 2 numbers for 1 outputs/],
    ['a base score that is none', (model) => (model.learner.learner_model_param.base_score = '[NaN]'), /base_score "NaN" is no number/],
    ['no base score', (model) => delete model.learner.learner_model_param.base_score, /base_score is missing/],
    ['an unknown objective', (model) => (model.learner.objective = { name: 'rank:unheard' }), /objective\.name: "rank:unheard" is not known/, 'unsupported'],
    ['an unknown booster', (model) => (booster(model).name = 'gbforest'), /booster "gbforest" is not known/, 'unsupported'],
    ['no trees', (model) => Object.assign(inner(model), { trees: [], tree_info: [], iteration_indptr: [0] }), /there are no trees/, 'unsupported'],
    [
      'weights for other trees',
      (model) => Object.assign(booster(model), { name: 'dart', gbtree: { model: inner(model) }, weight_drop: [1] }),
      /weight_drop has 1 numbers for 2 trees/,
    ],
    [
      'weights for other features',
      (model) => Object.assign(booster(model), { name: 'gblinear', model: { weights: [1, 2] } }),
      /weights: 2 numbers for 3 features and 1 outputs/,
    ],
    ['offsets of categories out of order', (model) => (inner(model).cats = { enc: [{ offsets: [0, 3, 2], values: [97, 98] }] }), /enc\[0\].*out of order/],
    ['a category twice', (model) => (inner(model).cats = { enc: [{ type: 15, values: [4, 4] }] }), /enc\[0\].*listed twice/],
    ['categories of other columns', (model) => (inner(model).cats = { enc: [{ type: 15, values: [4, 5] }] }), /cats\.enc: has 1 columns for 3 features/],
    ['the memory image of a Booster', (model) => Object.assign(model, { Config: {} }), /write it with save_model/, 'unsupported'],
    ['a part of a tree that is not known', (model) => (trees(model)[1]!.split_weights = [1]), /trees\[1\]\.split_weights.*not known/, 'unsupported'],
    ['no learner', (model) => delete (model as Partial<Model>).learner, /learner is missing/],
  ]
  for (const [name, change, message, reason = 'malformed'] of faults) test(name, () => refused(change, { reason, message }))

  test('sets that would take far more than the file', () => {
    const model = smallModel()
    const many = Array.from({ length: 60 }, () => structuredClone(trees(model)[0]!))
    for (const tree of many) tree.categories = [(1 << 24) - 1]
    Object.assign(inner(model), { trees: many, tree_info: many.map(() => 0), iteration_indptr: [0, many.length] })
    assert.throws(() => readXGBoost(json(model as unknown as Json)), { reason: 'too-large', message: /trees\[\d+\].*sets of categories take more than/ })
  })

  test('more categories and names than are kept', () => {
    const long = smallModel()
    const bytes = Array.from({ length: 200_000 }, () => 97)
    inner(long).cats = {
      enc: [
        { offsets: [0, bytes.length], values: bytes },
        { offsets: [], values: [] },
        { offsets: [], values: [] },
      ],
    }
    assert.deepEqual(readXGBoost(json(long as unknown as Json)).inputs[0]!.columns![0]!.categories!.values, ['a'.repeat(bytes.length)])
    const text = JSON.stringify(smallModel()).replace('["age"', `[${'"",'.repeat(1 << 20)}"age"`)
    assert.throws(() => readXGBoost(new TextEncoder().encode(text)), { reason: 'too-large', message: /more than 1048576 texts/ })
    const numbers = JSON.stringify(smallModel())
      .replace('"values":[114,', `"values":[${'0,'.repeat(1 << 20)}`)
      .replace('"offsets":[0,3,8],', '')
    assert.throws(() => readXGBoost(new TextEncoder().encode(numbers)), { reason: 'too-large', message: /categories of one column/ })
  })

  test('a best round that is not there', () => {
    const model = smallModel()
    model.learner.attributes = { best_iteration: '2' }
    assert.throws(() => readXGBoost(json(model as unknown as Json), { iterations: 'best' }), /best_iteration: is 2, and there are not so many rounds/)
  })

  test('a base score outside the range of its objective', () => {
    const model = smallModel()
    model.learner.objective = { name: 'count:poisson' }
    model.learner.learner_model_param.base_score = '[-1E0]'
    assert.throws(() => readXGBoost(json(model as unknown as Json)), /base_score: -1 is out of the range/)
  })

  test('other files', () => {
    assert.throws(() => readXGBoost(new Uint8Array()), /the file is empty/)
    assert.throws(() => readXGBoost(new TextEncoder().encode('tree\nversion=v4')), /neither JSON nor UBJSON.*save it as JSON/)
    assert.throws(() => readXGBoost(new TextEncoder().encode('bs64AAAA')), { reason: 'unsupported' })
    assert.throws(() => readXGBoost(new TextEncoder().encode(`${JSON.stringify(smallModel())} {}`)), /something follows/)
  })
})
