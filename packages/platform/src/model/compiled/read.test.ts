import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { modelFacts, modelGraph } from '@fairlead/contract/control'
import { type ReadOptions, readModel } from '../index.ts'
import { fails, listing } from '../test-support.ts'

const CASES = new URL('../../../../../test/models/cases/', import.meta.url)
const PMML = new URL('../../../../evaluator/src/pmml/testdata/tree-classifier.pmml', import.meta.url)
const fileOf = (url: URL) => new Uint8Array(readFileSync(url))
const bytesOf = (path: string) => fileOf(new URL(path, CASES))
const read = (path: string, options: ReadOptions = {}) => readModel(listing({ model: bytesOf(path) }), options)

test('a model of trees is known by its bytes, and tells what it is made of', async () => {
  const model = await read('xgboost/xgb-binary-logistic/model.ubj', { reading: { as: 'classifier', classes: ['no', 'yes'] } })
  assert.deepEqual([model.format, model.entry, model.signature.task], ['xgboost', 'model', 'classification'])
  assert.deepEqual(modelFacts.parse(model.facts), model.facts)
  assert.deepEqual(modelGraph.parse(model.graph), model.graph)
  assert.deepEqual(model.facts.trees, { trees: 20, nodes: 568, leaves: 294, depth: 4, outputs: 1 })
  assert.deepEqual([model.facts.importance?.by, model.facts.importance?.columns[0]?.name], ['gain', 'x4'])
  assert.deepEqual(model.facts.reading, { as: 'classifier', classes: ['no', 'yes'] })
  assert.deepEqual(
    model.signature.fields.map(({ name, classes }) => [name, classes]),
    [
      ['label', undefined],
      ['probabilities', ['no', 'yes']],
    ],
  )
})

test('what a file leaves open changes what it answers', async () => {
  const rank = async (options: ReadOptions) => (await read('lightgbm/lgb-binary/model.txt', options)).signature.outputs.map(({ name, shape }) => [name, shape])
  assert.deepEqual(await rank({}), [['prediction', [-1]]])
  assert.deepEqual(await rank({ reading: { as: 'classifier' } }), [
    ['label', [-1]],
    ['probabilities', [-1, 2]],
  ])
  const rounds = async (iterations: 'best' | 'all') => (await read('xgboost/xgb-early-stopping/model.json', { reading: { iterations } })).facts.trees!.trees
  assert.ok((await rounds('best')) < (await rounds('all')))
})

test('PMML is read beside them', async () => {
  const model = await readModel(listing({ 'model.xml': fileOf(PMML) }))
  assert.deepEqual([model.format, model.signature.task], ['pmml', 'classification'])
})

test('what is stated and does not fit is refused by name', async () => {
  const path = 'xgboost/xgb-binary-logistic/model.json'
  const classes = ['a', 'b', 'c']
  await assert.rejects(read(path, { reading: { as: 'classifier', classes } }), fails('model-option-invalid', /class/))
  await assert.rejects(read(path, { reading: { iterations: 5 } }), fails('model-option-invalid', /best or all/))
  await assert.rejects(
    read('xgboost/xgb-squarederror/model.json', { reading: { as: 'classifier' } }),
    fails('model-option-invalid', /reg:squarederror has no classes/),
  )
  await assert.rejects(
    read('lightgbm/lgb-binary/model.txt', { reading: { missing: -1 } }),
    fails(
      'model-option-invalid',
      /"missing" says nothing of a LightGBM text model: what can be stated about it is as, categorical, classes, iterations/,
      ([item]) => item?.path === 'reading.missing',
    ),
  )
  await assert.rejects(read('onnx/onnx-adaboost/model.onnx', { reading: { as: 'classifier' } }), fails('model-option-invalid', /nothing can be stated/))
})

test('broken files and files with parts that are not understood are refused, naming the place', async () => {
  const whole = bytesOf('xgboost/xgb-binary-logistic/model.json')
  await assert.rejects(readModel(listing({ 'm.json': whole.slice(0, -100) })), fails('model-file-invalid', /^m\.json is not readable: /))
  const text = new TextDecoder().decode(whole)
  await assert.rejects(
    readModel(listing({ 'm.json': text.replaceAll('binary:logistic', 'binary:mystery') })),
    fails('model-part-unsupported', /binary:mystery/),
  )
  const lightgbm = new TextDecoder().decode(bytesOf('lightgbm/lgb-binary/model.txt'))
  await assert.rejects(readModel(listing({ 'm.txt': lightgbm.replace(/left_child=\S+/, 'left_child=99') })), fails('model-file-invalid', /Tree=0|left_child/))
})

test('a small file that speaks of more columns than forms have is refused by its name', async () => {
  const text = new TextDecoder().decode(bytesOf('xgboost/xgb-stump/model.json'))
  const wide = text.replaceAll(/"num_feature":"\d+"/g, '"num_feature":"16000000"').replaceAll(/"feature_(names|types)":\[[^\]]*\]/g, '"feature_$1":[]')
  assert.notEqual(wide, text)
  const model = new TextEncoder().encode(wide)
  await assert.rejects(readModel(listing({ model })), fails('model-file-invalid', /16000000 columns/))
})
