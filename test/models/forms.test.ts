import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  checkForm,
  compareForms,
  decodeForm,
  digestForm,
  drawTree,
  encodeForm,
  type Form,
  factsOf,
  readLightGBM,
  readXGBoost,
} from '../../packages/evaluator/src/index.ts'
import { type ModelCase, modelBytes, modelCases } from './load.ts'

const readers: { readonly [L in ModelCase['library']]?: (bytes: Uint8Array) => Form } = { lightgbm: readLightGBM, xgboost: readXGBoost }

for (const [library, read] of Object.entries(readers)) {
  test(`the form of every ${library} model is sound, and comes back from its bytes as it was`, async () => {
    const digests = new Set<string>()
    for (const one of modelCases(library as ModelCase['library']).filter(({ support }) => support === 'required')) {
      const form = read(modelBytes(one))
      checkForm(form)
      const bytes = encodeForm(form)
      const again = decodeForm(bytes)
      assert.deepEqual(again, form, one.id)
      assert.deepEqual(encodeForm(again), bytes, one.id)
      const digest = await digestForm(again)
      assert.match(digest, /^sha256:[0-9a-f]{64}$/)
      digests.add(digest)
    }
    assert.ok(digests.size > 40, `${digests.size} different digests`)
  })
}

test('the same model as JSON and as UBJSON has one digest', async () => {
  const [one] = modelCases('xgboost').filter(({ files }) => files.length > 1)
  const [first, second] = await Promise.all(one!.files.map(({ path }) => digestForm(readXGBoost(modelBytes(one!, path)))))
  assert.equal(first, second)
})

test('facts and drawings of every model can be written as JSON, and a model is the same as itself', () => {
  for (const [library, read] of Object.entries(readers)) {
    for (const one of modelCases(library as ModelCase['library']).filter(({ support }) => support === 'required')) {
      const form = read(modelBytes(one))
      const facts = factsOf(form)
      assert.deepEqual(JSON.parse(JSON.stringify(facts)), facts, one.id)
      assert.deepEqual(compareForms(form, form).same, true, one.id)
      if (facts.ensembles.length > 0) assert.equal(JSON.parse(JSON.stringify(drawTree(form))).trees, facts.ensembles[0]!.trees, one.id)
    }
  }
})

test('splits are counted as LightGBM counts them in its own file', () => {
  for (const one of modelCases('lightgbm')) {
    const bytes = modelBytes(one)
    const told = /feature_importances:\n((?:[^\n]+=\d+\n)*)/
      .exec(new TextDecoder().decode(bytes))![1]!
      .split('\n')
      .filter((line) => line !== '')
    const [ensemble] = factsOf(readLightGBM(bytes)).ensembles
    const counted = ensemble!.features.filter(({ gain }) => gain! > 0).map(({ name, splits }) => `${name}=${splits}`)
    assert.deepEqual(new Set(counted), new Set(told), one.id)
  }
})
