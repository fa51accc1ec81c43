import assert from 'node:assert/strict'
import { test } from 'node:test'
import { canonicalJson } from './canonical-json.ts'

test('the order of keys does not matter, the order of items does', () => {
  assert.equal(canonicalJson({ b: 1, a: { d: [2, 1], c: null } }), '{"a":{"c":null,"d":[2,1]},"b":1}')
  assert.equal(canonicalJson({ a: { c: null, d: [2, 1] }, b: 1 }), canonicalJson({ b: 1, a: { d: [2, 1], c: null } }))
  assert.notEqual(canonicalJson([1, 2]), canonicalJson([2, 1]))
})

test('absent and undefined are the same, null is not', () => {
  assert.equal(canonicalJson({ a: undefined }), '{}')
  assert.notEqual(canonicalJson({ a: null }), '{}')
})

test('text and keys are escaped as JSON has it', () => {
  assert.equal(canonicalJson({ 'a"\n': 'é\u0001' }), '{"a\\"\\n":"é\\u0001"}')
})

test('what JSON cannot hold is refused instead of becoming null', () => {
  for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, 1n, undefined, [undefined], { f: () => 1 }]) {
    assert.throws(() => canonicalJson(bad), TypeError)
  }
})
