import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Signature } from '@fairlead/contract'
import type { GoldenRows, ModelVersion } from '@fairlead/contract/control'
import { modelComparison, modelTree } from '@fairlead/contract/control'
import { encodeForm } from '@fairlead/evaluator'
import { formOf, randomTrees } from '../../../evaluator/src/testing/random.ts'
import { readModel } from '../model/index.ts'
import { listing, makeOnnx } from '../model/test-support.ts'
import { coded } from '../testing/fake-inference.ts'
import { temporaryFolder } from '../testing/temporary.ts'
import { FormStore } from './form-store.ts'
import { modelInside } from './inside.ts'

const CASES = join(import.meta.dirname, '../../../../test/models/cases/xgboost')
const FILES = ['xgb-stump', 'xgb-multi-softprob'].map((name) => new Uint8Array(readFileSync(join(CASES, name, 'model.json'))))

const NOTHING: Signature = { task: 'other', inputs: [], outputs: [], columns: [], fields: [] }

/** A registry of two versions, each of one file. */
function insideOf(
  forms: FormStore,
  {
    files = FILES,
    golden = [],
    signature = NOTHING,
    format = 'xgboost',
  }: { files?: Uint8Array[]; golden?: GoldenRows[]; signature?: Signature; format?: string } = {},
) {
  const registry = {
    getVersion: async (model: string, version: number) =>
      ({
        model,
        version,
        digest: `sha256:${version}`,
        format,
        facts: {},
        signature,
        files: [{ path: 'model.json', digest: `${version}`, size: 1 }],
      }) as unknown as ModelVersion,
    entryOf: async () => 'model.json',
    goldenOf: async (_: string, version: number) => golden[version - 1],
  }
  return modelInside({ registry, blobs: { read: async (digest) => files[Number(digest) - 1]! }, forms })
}

test('a tree is told node by node, from its root on, as deep as is asked for', async () => {
  await using folder = await temporaryFolder()
  const inside = insideOf(new FormStore(folder.path))
  const tree = modelTree.parse(await inside.tree('m', 2, { tree: 4, depth: 2 }))
  const [root, ...below] = tree.nodes
  assert.deepEqual([tree.tree, root?.kind], [4, 'split'])
  assert.match(root!.test!, new RegExp(`^${root!.feature} <`))
  assert.deepEqual(
    below.slice(0, 2).map(({ id }) => id),
    [root!.yes, root!.no],
  )
  assert.ok(tree.nodes.some(({ kind, splits }) => kind === 'rest' && splits! > 0))
  for (const { kind, yes, no } of tree.nodes)
    if (kind === 'split') for (const id of [yes, no]) assert.equal(tree.nodes.filter((node) => node.id === id).length, 1)
})

test('a tree that is not there is refused, and says how many there are', async () => {
  await using folder = await temporaryFolder()
  const inside = insideOf(new FormStore(folder.path))
  await assert.rejects(inside.tree('m', 1, { tree: 100_000, depth: 2 }), coded('tree-unknown', /m:1 has no such tree: tree 100000 of \d+/))
  await assert.rejects(inside.tree('m', 1, { tree: 0, depth: 2, step: 7 }), coded('tree-unknown', /step 7/))
})

test('two versions are compared, and one with itself', async () => {
  await using folder = await temporaryFolder()
  const inside = insideOf(new FormStore(folder.path))
  assert.equal((await inside.compare('m', 2, 2)).same, true)
  const { same, changes, ensembles } = await inside.compare('m', 1, 2)
  assert.equal(same, false)
  assert.ok(changes.some(({ what }) => what === 'objective'))
  assert.equal(ensembles.length, 1)
})

test('a large model is looked into in a thread', async () => {
  const trees = randomTrees({ seed: 3, trees: 4000, features: 5, splits: 20, outputs: 1, compare: 'f32', sum: 'f32' })
  const bytes = encodeForm(formOf(trees))
  assert.ok(bytes.length > 2_000_000, `${bytes.length} bytes`)
  const inside = insideOf({ bytes: async () => bytes } as unknown as FormStore)
  assert.equal((await inside.tree('m', 1, { tree: 3999, depth: 3 })).tree, 3999)
  await assert.rejects(inside.tree('m', 1, { tree: 4000, depth: 3 }), coded('tree-unknown', /no such tree/))
  assert.equal((await inside.compare('m', 1, 1)).same, true)
})

test('two questions are worked on at a time, however many are asked', async () => {
  const bytes = encodeForm(formOf(randomTrees({ seed: 3, trees: 2, features: 5, splits: 3, outputs: 1, compare: 'f32', sum: 'f32' })))
  let [open, most] = [0, 0]
  const read = async () => {
    most = Math.max(most, ++open)
    await new Promise((resolve) => setTimeout(resolve, 5))
    open--
    return bytes
  }
  const inside = insideOf({ bytes: read } as unknown as FormStore)
  const asked = await Promise.all(Array.from({ length: 8 }, (_, at) => (at % 2 ? inside.tree('m', 1, { tree: 1, depth: 1 }) : inside.compare('m', 1, 2))))
  assert.deepEqual([asked.length, most], [8, 2])
})

test('two versions answer the rows that came with them, and the rows that differ most are told', async () => {
  await using folder = await temporaryFolder()
  const [file] = FILES
  const { signature } = await readModel(listing({ 'model.json': file! }))
  const row = (value: number) => Object.fromEntries(signature.columns.map(({ name, shape }) => [name, shape ? Array(shape[0]).fill(value) : value]))
  const rows = [row(100), row(-100), { ...row(0), x4: 'text' }]
  // the leaf of small values is another
  const other = new TextEncoder().encode(new TextDecoder().decode(file).replaceAll('2.6391163E-1', '1.5E0'))
  const compare = async (files: Uint8Array[], name: string) => {
    const inside = insideOf(new FormStore(join(folder.path, name)), { files, golden: [{ rows, predictions: rows, tolerance: 0 }], signature })
    return modelComparison.parse(await inside.compare('m', 1, 2))
  }
  const same = await compare([file!, file!], 'same')
  assert.deepEqual([same.signature, same.answers], [[], { rows: 2, leftOut: 1, equalRows: 2, labelRows: 0, largestDifference: 0, differing: [] }])
  const { answers } = await compare([file!, other], 'other')
  assert.deepEqual([answers?.rows, answers?.equalRows, answers?.labelRows, answers?.differing.length], [2, 1, 0, 1])
  const [worst] = answers!.differing
  assert.deepEqual([worst?.row, worst?.field], [row(-100), signature.fields[0]!.name])
  assert.equal(answers!.largestDifference, Math.abs(Number(worst!.after) - Number(worst!.before)))
  assert.ok(answers!.largestDifference > 0.1)
})

test('ONNX files that have no form are compared by their graphs, and others that have none are refused', async () => {
  await using folder = await temporaryFolder()
  const network = (op: string) =>
    makeOnnx({
      nodes: [
        { op: 'LayerNormalization', inputs: ['x', 'x'], outputs: ['h'] },
        { op, inputs: ['h'], outputs: ['y'] },
      ],
      inputs: [{ name: 'x', shape: ['N', 2] }],
      outputs: [{ name: 'y', shape: ['N', 2] }],
    })
  const files = [network('Relu'), network('Erf')]
  const inside = insideOf(new FormStore(folder.path), { files, format: 'onnx' })
  const { same, changes } = modelComparison.parse(await inside.compare('m', 1, 2))
  assert.equal(same, false)
  assert.deepEqual(
    changes.map(({ what }) => what),
    ['operator Relu', 'nodes, as they are connected and set', 'operator Erf'],
  )
  assert.equal((await inside.compare('m', 1, 1)).same, true)
  await assert.rejects(inside.tree('m', 1, { tree: 0, depth: 1 }), coded('model-part-unsupported', /LayerNormalization/))
})
