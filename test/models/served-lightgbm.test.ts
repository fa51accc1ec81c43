import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { modelCases } from './load.ts'
import { checkTrees } from './serve-cases.ts'

const all = modelCases('lightgbm')

describe('every LightGBM model answers in the platform as in its library', () => {
  assert.equal(all.length, 58)
  for (const one of all) {
    test(one.id, async () => {
      for (const { path } of one.files) await checkTrees({ one, path, pairs: [['prediction', path === 'model_all.txt' ? 'pred_all_' : 'pred_']] })
    })
  }
})
