import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isRequestId, requestId } from './request-id.ts'

test('an id of up to 128 visible characters is taken over', () => {
  for (const sent of ['a', 'order-17/2024:x+y=z', '{curly}', 'x'.repeat(128)]) {
    assert.equal(requestId(sent), sent)
    assert.equal(isRequestId(sent), true)
  }
})

test('anything else gets an id of our own', () => {
  for (const sent of [undefined, '', 'with space', 'quo"te', 'back\\slash', 'ü', 'x'.repeat(129), ['a', 'b']]) {
    assert.match(requestId(sent), /^[0-9a-f]{8}-[0-9a-f]{4}-7/, String(sent))
    assert.equal(isRequestId(sent), false)
  }
})
