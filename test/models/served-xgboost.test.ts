import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { fails } from '../../packages/platform/src/model/test-support.ts'
import { type ModelCase, modelCases } from './load.ts'
import { checkTrees, serveCase } from './serve-cases.ts'

const all = modelCases('xgboost')

/** Why the platform refuses what must be refused. */
const REFUSED = {
  'xgb-cat-frame-unicode': ['model-part-unsupported', /ASCII/],
  'xgb17-binary-format': ['model-format-unknown', /old binary format; load it with an XGBoost older than 3\.1/],
} as const

function stated({ missing }: ModelCase) {
  return typeof missing === 'number' ? { missing } : {}
}

describe('every XGBoost model answers in the platform as in its library', () => {
  assert.equal(all.length, 90)
  for (const one of all.filter(({ support }) => support === 'required')) {
    test(one.id, async () => {
      const { wrapper = '' } = one
      for (const { path } of one.files) {
        if (wrapper.endsWith('Classifier')) {
          const pairs = [['label', 'pred_'] as const, ['probabilities', 'proba_'] as const]
          await checkTrees({ one, path, reading: { ...stated(one), as: 'classifier' }, pairs })
          continue
        }
        const reading = wrapper === '' ? stated(one) : { ...stated(one), as: 'regressor' as const }
        await checkTrees({ one, path, reading, pairs: [['prediction', 'pred_']] })
        if (one.best_iteration !== undefined && wrapper === '')
          await checkTrees({ one, path, reading: { ...reading, iterations: 'best' }, pairs: [['prediction', 'pred_best_']] })
      }
    })
  }
})

describe('XGBoost models that must be refused are, with what to do', () => {
  const refused = all.filter(({ support }) => support === 'refuse')
  assert.deepEqual(refused.map(({ id }) => id).sort(), Object.keys(REFUSED).sort())
  for (const one of refused) {
    test(one.id, async () => {
      const [code, words] = REFUSED[one.id as keyof typeof REFUSED]
      for (const { path } of one.files) await assert.rejects(serveCase(one, { path }), fails(code, words))
    })
  }
})
