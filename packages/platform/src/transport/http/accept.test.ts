import assert from 'node:assert/strict'
import { test } from 'node:test'
import { coded } from '../../testing/fake-inference.ts'
import { checkAccept } from './accept.ts'

test('whoever takes JSON, also among others, is answered', () => {
  const taken = [
    undefined,
    '*/*',
    'application/json',
    'Application/JSON; charset=utf-8',
    'text/html,application/*;q=0.1',
    'text/csv, */*;q=0.5',
    'text/plain , application/json',
  ]
  for (const accept of taken) checkAccept(accept)
})

test('whoever takes no JSON is told what there is', () => {
  for (const accept of ['text/csv', 'application/json;q=0', 'text/*', '*/*; q=0.0', 'application/jsonl'])
    assert.throws(() => checkAccept(accept), coded('not-acceptable', /written as application\/json/), accept)
})
