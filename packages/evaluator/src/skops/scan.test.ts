import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { makeZip } from '../testing/zip.ts'
import { UnreadableModel } from '../unreadable.ts'
import { scanSkops } from './scan.ts'

const scanFile = (name: string) => scanSkops(new Uint8Array(readFileSync(join(import.meta.dirname, 'testdata', `${name}.skops`))))
const scanSchema = (content: unknown) => scanSkops(makeZip([{ name: 'schema.json', data: JSON.stringify({ protocol: 2, _skops_version: '0.16.0', content }) }]))

test('lists every type of a file, known ones as known, also of models that are not read', () => {
  const scan = scanFile('refused-svc')
  assert.equal(scan.version, '0.16.0')
  assert.equal(scan.protocol, 2)
  assert.ok(scan.members.includes('schema.json'))
  assert.ok(scan.types.some(({ name, loader, verdict }) => name === 'sklearn.svm._classes.SVC' && loader === 'ObjectNode' && verdict === 'known'))
  assert.deepEqual(
    scan.types.filter(({ verdict }) => verdict !== 'known'),
    [],
  )
})

test('counts a type as often as it stands there', () => {
  const trees = scanFile('forest-classifier').types.find(({ name }) => name === 'sklearn.tree._tree.Tree')
  assert.equal(trees?.count, 7)
  assert.equal(trees?.loader, 'TreeNode')
})

test('names functions, methods and generators, and judges what no model needs', () => {
  const { types } = scanSchema([
    { __module__: 'os', __class__: 'system', __loader__: 'FunctionNode' },
    { __module__: 'builtins', __class__: 'eval', __loader__: 'TypeNode' },
    { __module__: 'mylib.models', __class__: 'Model', __loader__: 'ObjectNode' },
    { __module__: 'sklearn.pipeline', __class__: 'Pipeline', __loader__: 'MethodNode', content: { func: '__reduce__', obj: {} } },
    {
      __module__: 'numpy.random',
      __class__: 'Generator',
      __loader__: 'RandomGeneratorNode',
      content: { bit_generator: { content: { bit_generator: { content: '"seed"' } } } },
    },
  ])
  const verdicts = Object.fromEntries(types.map(({ name, verdict }) => [name, verdict]))
  assert.equal(verdicts['os.system'], 'dangerous')
  assert.equal(verdicts['builtins.eval'], 'dangerous')
  assert.equal(verdicts['mylib.models.Model'], 'unknown')
  assert.equal(verdicts['sklearn.pipeline.Pipeline.__reduce__'], 'dangerous')
  assert.equal(verdicts['numpy.random.seed'], 'known')
  assert.ok(types.find(({ name }) => name === 'os.system')?.reason)
})

test('refuses what is no skops file', () => {
  assert.throws(() => scanSkops(new Uint8Array([1, 2, 3])), UnreadableModel)
})
