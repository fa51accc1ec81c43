import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ModelTree, TreeNode } from '@fairlead/contract/control'
import { treeDrawing, treeLines } from './tree-drawing.ts'

const split = (id: number, test: string, [yes, no]: [number, number]): TreeNode => ({ id, kind: 'split', feature: test.split(' ')[0] ?? '', test, yes, no })
const treeOf = (...nodes: TreeNode[]): ModelTree => ({ step: 0, tree: 3, trees: 9, nodes })

const SMALL = treeOf(
  { ...split(40, 'age < 41.5 or missing', [41, 42]), cover: 200 },
  { ...split(41, 'purpose in car, other', [43, 44]), cover: 150 },
  { id: 42, kind: 'leaf', values: [-0.123456], cover: 50 },
  { id: 43, kind: 'leaf', values: [0.25], cover: 148 },
  { id: 44, kind: 'rest', splits: 1, leaves: 2, cover: 1 },
)

test('every node is a box, and a split leads to its branches, yes before no', () => {
  const { boxes, edges } = treeDrawing(SMALL)
  assert.deepEqual(
    boxes.map(({ kind, detail }) => [kind, detail]),
    [
      ['split', '100 % of rows'],
      ['split', '75 % of rows'],
      ['output', '25 % of rows'],
      ['output', '74 % of rows'],
      ['block', '0.5 % of rows'],
    ],
  )
  assert.deepEqual(
    edges.map(({ from, to, label }) => `${from} ${label} ${to}`),
    ['40 yes 41', '40 no 42', '41 yes 43', '41 no 44'],
  )
  assert.deepEqual([boxes[2]?.label, boxes[4]?.label], ['-0.1235', '1\u00a0split below'])
})

test('a long column is shortened and the limit it is held against stays; all of it is there to be shown', () => {
  const long = `${'installment_rate_'.repeat(4)} ≤ 3.25`
  const [box] = treeDrawing(treeOf(split(0, long, [1, 2]), { id: 1, kind: 'leaf', values: [1] }, { id: 2, kind: 'leaf', values: [2] })).boxes
  assert.match(box?.label ?? '', /^\u2068installment.*…\u2069 ≤ 3\.25$/)
  assert.equal(box?.full, long)
})

test('leaves of many outputs, of a linear model, and without a number', () => {
  const words = (leaf: Partial<TreeNode>) => treeDrawing(treeOf({ id: 0, kind: 'leaf', ...leaf })).boxes[0]?.label
  assert.equal(words({ values: [1, 2, 3, 4] }), '1, 2, 3 …')
  assert.equal(words({ values: [null] }), 'not finite')
  assert.equal(words({ values: [], linear: '0.5 + 2 × age' }), '0.5 + 2 × age')
})

test('a share is told only where the file has what came to the root', () => {
  assert.equal(treeDrawing(treeOf({ id: 0, kind: 'leaf', values: [1] })).boxes[0]?.detail, undefined)
  assert.equal(treeDrawing(treeOf({ id: 0, kind: 'leaf', values: [1], cover: 0 })).boxes[0]?.detail, undefined)
})

test('in words the branches stand under their split, yes first', () => {
  assert.deepEqual(
    treeLines(SMALL).map(({ depth, text }) => `${'  '.repeat(depth)}${text}`),
    ['age < 41.5 or missing?', '  yes: purpose in car, other?', '    yes: adds 0.25', '    no: 1\u00a0split and 2\u00a0leaves below', '  no: adds -0.1235'],
  )
})

test('a branch that the answer lacks does not stop the words', () => {
  assert.deepEqual(
    treeLines(treeOf(split(0, 'age < 3', [1, 2]), { id: 2, kind: 'leaf', values: [1] })).map(({ text }) => text),
    ['age < 3?', 'no: adds 1'],
  )
})
