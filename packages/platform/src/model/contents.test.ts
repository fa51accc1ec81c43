import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { contentsCheck } from './contents.ts'
import { readModel } from './index.ts'
import { listing, mlflowFiles, onnxFile } from './test-support.ts'

const SKOPS = new Uint8Array(readFileSync(new URL('../../../evaluator/src/skops/testdata/forest-classifier.skops', import.meta.url)))
/** `os.system('x')` as a pickle of protocol 0. */
const HOSTILE = "cos\nsystem\n(S'x'\ntR."
const HARMLESS = 'ccollections\nOrderedDict\n)R.'

test('the types that a skops file names are counted', async () => {
  const { facts } = await readModel(listing({ 'model.skops': SKOPS }))
  const [check, ...others] = facts.checks!
  assert.deepEqual([check?.name, check?.ok, others], ['contents', true, []])
  assert.match(check!.detail, /^the skops file names \d+ known types and no other\.$/)
  assert.equal((await readModel(listing({ 'model.onnx': onnxFile('credit_v1') }))).facts.checks, undefined)
})

test('pickles and programs of an MLflow directory are told, with what they would import', async () => {
  const checkOf = async (more: Record<string, string>) => (await readModel(listing({ ...mlflowFiles('v3-onnx-tensor'), ...more }))).facts.checks?.[0]
  const clean = await checkOf({})
  assert.equal(clean?.ok, true)
  assert.match(clean.detail, /^\d+ files, no pickle and no program among them\.$/)
  const hostile = await checkOf({ 'python_model.pkl': HOSTILE, 'code/own.py': 'import os' })
  assert.equal(hostile?.ok, false)
  assert.equal(
    hostile.detail,
    'python_model.pkl is a pickle, which is not loaded and would import os.system (dangerous); programs that are not run: code/own.py.',
  )
  assert.match((await checkOf({ 'x.pkl': HARMLESS }))!.detail, /^x\.pkl is a pickle, which is not loaded and names 1 known type\.$/)
  assert.match((await checkOf({ 'x.joblib': 'no pickle' }))!.detail, /^x\.joblib is a pickle, which is not loaded and names 0 known types; \S/)
})

test('many names are counted', async () => {
  const many = Object.fromEntries(Array.from({ length: 14 }, (_, at) => [`a${at}.py`, '']))
  const check = await contentsCheck(listing({ ...many, ...Object.fromEntries(Array.from({ length: 12 }, (_, at) => [`${at}.pkl`, HARMLESS])) }), {
    skops: undefined,
    folder: true,
  })
  assert.match(check!.detail, /; 2 more pickles; programs that are not run: a0\.py, .* and 4 more\.$/)
})
