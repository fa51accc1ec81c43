import assert from 'node:assert/strict'
import { test } from 'node:test'
import { comparedVersions, deploymentSearch, listSearch, modelSearch, signInSearch, toggleCompared } from './search.ts'

test('the address of a deployment page is read, and nonsense in it is dropped', () => {
  assert.deepEqual(deploymentSearch({ tab: 'try', range: '6h', release: '3', where: 'age > 30' }), { tab: 'try', range: '6h', release: 3, where: 'age > 30' })
  assert.deepEqual(deploymentSearch({ tab: 'jobs', range: '2y', release: -1, view: 'pie', where: '' }), {})
  assert.deepEqual(deploymentSearch({ where: 5 }), { where: '5' })
  assert.deepEqual(listSearch({ q: 'x', health: 'purple' }), { q: 'x' })
})

test('after signing in one never lands on another site', () => {
  assert.deepEqual(signInSearch({ next: '/models?x=1' }), { next: '/models?x=1' })
  for (const next of ['https://evil.example', '//evil.example', '/\\evil.example', 'javascript:alert(1)', '/sign-in'])
    assert.deepEqual(signInSearch({ next }), {})
})

test('a pair of versions is chosen by toggling', () => {
  assert.equal(toggleCompared(undefined, 3), '3')
  assert.equal(toggleCompared('3', 5), '3-5')
  assert.equal(toggleCompared('3-5', 7), '5-7')
  assert.equal(toggleCompared('3-5', 3), '5')
  assert.equal(toggleCompared('3', 3), undefined)
  assert.deepEqual(comparedVersions('3-5'), [3, 5])
  assert.deepEqual(modelSearch({ compare: 3 }), { compare: '3' })
  assert.deepEqual(modelSearch({ compare: '3;drop' }), {})
})
