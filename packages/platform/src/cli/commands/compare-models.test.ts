import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ModelComparison } from '@fairlead/contract/control'
import { fakePlatform, runFairlead } from '../testing/fake-platform.ts'

const COMPARISON: ModelComparison = {
  same: false,
  changes: [{ what: 'objective', before: 'a', after: 'b' }],
  ensembles: [
    { before: { trees: 2, nodes: 6, depth: 1 }, after: { trees: 3, nodes: 9, depth: 1 }, same: 1, changed: 1, firstChanged: [1], added: 1, removed: 0 },
  ],
  importance: [{ name: 'age', before: 0.5, after: 0.25, shift: -0.25 }],
  signature: [{ path: 'columns.age', breaking: true, detail: 'removed' }],
  answers: {
    rows: 2,
    leftOut: 1,
    equalRows: 1,
    labelRows: 1,
    largestDifference: 0.125,
    differing: [{ row: { age: 3 }, field: 'label', before: 'bad', after: 'good' }],
  },
}

test('signature, structure and answers are told, and differences have an exit code of their own', async () => {
  await using platform = await fakePlatform({ 'GET /models/m/versions/1/comparison/2': () => ({ json: COMPARISON }) })
  const at = ['--url', platform.url, '--token', 'secret']
  const { code, stdout } = await runFairlead(['models', 'compare', 'm', '1', '2', ...at])
  assert.equal(code, 10)
  for (const line of [
    /breaks +columns\.age: removed/,
    /objective: a → b/,
    /trees: 2 → 3; 1 the same, 1 changed, 1 added, 0 removed/,
    /importance of age: 50 % → 25 %/,
    /answers +2 rows asked, 1 more that one of them does not take: 1 the same, 1 with another label, numbers at most 0\.125 apart/,
    /label +bad +good +\{"age":3\}/,
  ])
    assert.match(stdout, line)
  assert.deepEqual(JSON.parse((await runFairlead(['models', 'compare', 'm', '1', '2', '--json', ...at])).stdout), COMPARISON)
})

test('versions that are the same are done; what is no version is wrong usage', async () => {
  const same: ModelComparison = { same: true, changes: [], ensembles: [], importance: [], signature: [] }
  await using platform = await fakePlatform({ 'GET /models/m/versions/1/comparison/1': () => ({ json: same }) })
  const { code, stdout } = await runFairlead(['models', 'compare', 'm', '1', '1', '--url', platform.url])
  assert.equal(code, 0)
  assert.match(stdout, /structure +the same[\s\S]*not compared: no rows came with either/)
  assert.equal((await runFairlead(['models', 'compare', 'm', 'one', '2', '--url', platform.url])).code, 2)
})
