import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findModelFile } from './find.ts'
import { fails, listing } from './test-support.ts'

const TREE = 'tree\nversion=v4\n'

test('a model file is found by its bytes among others', async () => {
  assert.equal(await findModelFile(listing({ 'any.name': 'whatever' })), 'any.name')
  assert.equal(await findModelFile(listing({ 'a/model.txt': TREE, 'README.txt': 'about it', 'config.json': '{"a":1}' })), 'a/model.txt')
  assert.equal(await findModelFile(listing({ 'model.json': '{"learner":{}}', 'rows.csv': 'a,b' })), 'model.json')
  assert.equal(await findModelFile(listing({ 'model.onnx': 'x', 'model.txt': TREE })), 'model.onnx')
})

test('none and several are refused, with what was found', async () => {
  await assert.rejects(findModelFile(listing({})), fails('model-format-unknown', /no files/))
  await assert.rejects(findModelFile(listing({ 'a.onnx': '', 'b.onnx': '' })), fails('model-format-unknown', /several ONNX files: a\.onnx, b\.onnx/))
  await assert.rejects(
    findModelFile(listing({ 'a.txt': TREE, 'b.ubj': '{i\x07learner{' })),
    fails('model-format-unknown', /several model files: a\.txt, b\.ubj/),
  )
  await assert.rejects(
    findModelFile(listing({ 'a.json': '[]', 'b.csv': 'x' })),
    fails('model-format-unknown', /among a\.json, b\.csv \(a\.json: it is JSON text\)/),
  )
})
