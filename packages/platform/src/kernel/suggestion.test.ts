import assert from 'node:assert/strict'
import { test } from 'node:test'
import { didYouMean, nearestWord } from './suggestion.ts'

const known = ['deploy', 'deployments', 'predict', 'models', 'logs', 'keys']

test('a mistyped word finds the nearest', () => {
  assert.equal(nearestWord('deplyo', known), 'deploy')
  assert.equal(nearestWord('predcit', known), 'predict')
  assert.equal(nearestWord('MODEL', known), 'models')
  assert.equal(nearestWord('log', known), 'logs')
  assert.equal(nearestWord('deployment', known), 'deployments')
})

test('a word that is near to nothing finds nothing', () => {
  assert.equal(nearestWord('xyzzy', known), undefined)
  assert.equal(nearestWord('', known), undefined)
  assert.equal(nearestWord('k', known), undefined)
  assert.equal(nearestWord('deploy', []), undefined)
  assert.equal(nearestWord('d'.repeat(100_000), known), undefined)
})

test('the sentence is ready to be put behind another', () => {
  assert.equal(didYouMean('agee', ['age', 'purpose']), ' Did you mean "age"?')
  assert.equal(didYouMean('zzzzzz', ['age', 'purpose']), '')
})
