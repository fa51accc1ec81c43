import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
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
  readOnnx,
  readSkops,
  readXGBoost,
  UnreadableModel,
} from '../../packages/evaluator/src/index.ts'
import { type ModelCase, modelBytes, modelCases } from './load.ts'

const SKOPS = join(import.meta.dirname, '../../packages/evaluator/src/skops/testdata')

interface Named {
  readonly id: string
  readonly form: Form
}

/** The forms of all files of a library that its reader takes. */
function formsOf(library: ModelCase['library'], read: (bytes: Uint8Array) => Form): Named[] {
  return modelCases(library).flatMap((one) => readable(one.id, () => read(modelBytes(one))))
}

function readable(id: string, read: () => Form): Named[] {
  try {
    return [{ id, form: read() }]
  } catch (error) {
    if (error instanceof UnreadableModel) return []
    throw error
  }
}

const libraries = {
  lightgbm: () => formsOf('lightgbm', readLightGBM),
  xgboost: () => formsOf('xgboost', readXGBoost),
  onnx: () => formsOf('onnx', readOnnx),
  skops: () =>
    readdirSync(SKOPS)
      .filter((name) => name.endsWith('.skops'))
      .flatMap((name) => readable(name, () => readSkops(new Uint8Array(readFileSync(join(SKOPS, name)))))),
}

for (const [library, forms] of Object.entries(libraries)) {
  describe(`the forms of ${library}`, () => {
    const all = forms()

    test('are sound, come back from their bytes as they were, and have digests', async () => {
      const digests = new Set<string>()
      for (const { id, form } of all) {
        checkForm(form)
        const bytes = encodeForm(form)
        const again = decodeForm(bytes)
        assert.deepEqual(again, form, id)
        assert.deepEqual(encodeForm(again), bytes, id)
        const digest = await digestForm(again)
        assert.match(digest, /^sha256:[0-9a-f]{64}$/)
        digests.add(digest)
      }
      assert.ok(digests.size > 40, `${digests.size} different digests`)
    })

    test('have facts and drawings that can be written as JSON, and are the same as themselves', () => {
      for (const { id, form } of all) {
        const facts = factsOf(form)
        assert.deepEqual(JSON.parse(JSON.stringify(facts)), facts, id)
        assert.ok(compareForms(form, form).same, id)
        if (facts.ensembles.length > 0) assert.equal(JSON.parse(JSON.stringify(drawTree(form))).trees, facts.ensembles[0]!.trees, id)
      }
    })
  })
}

test('the same model as JSON and as UBJSON has one digest', async () => {
  const [one] = modelCases('xgboost').filter(({ files }) => files.length > 1)
  const [first, second] = await Promise.all(one!.files.map(({ path }) => digestForm(readXGBoost(modelBytes(one!, path)))))
  assert.equal(first, second)
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
