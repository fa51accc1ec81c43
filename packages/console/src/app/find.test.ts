import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Model } from '@fairlead/contract/control'
import { find, findable } from './find.ts'

const model = (name: string, description = ''): Model => ({
  name,
  description,
  tags: {},
  versions: 2,
  newest: 2,
  aliases: {},
  deployments: [],
  createdAt: '2026-05-01T12:00:00.000Z',
  updatedAt: '2026-05-01T12:00:00.000Z',
})
const all = findable([], [model('my-credit'), model('credit-risk'), model('other', 'for credit')])

test('names that begin with the query come first, mentions last', () => {
  assert.deepEqual(
    find(all, 'credit').map((one) => one.label),
    ['credit-risk', 'my-credit', 'other'],
  )
})

test('pages and commands are found by their words', () => {
  assert.equal(find(all, 'dark')[0]?.act, 'dark')
  assert.equal(find(all, 'api keys')[0]?.to, '/system')
  assert.deepEqual(find(all, 'zzz'), [])
  assert.ok(find(all, '').length > 0)
})
