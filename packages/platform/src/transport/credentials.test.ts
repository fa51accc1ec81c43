import assert from 'node:assert/strict'
import { test } from 'node:test'
import { presentedSecret } from './credentials.ts'

test('a bearer token in any case goes before X-Api-Key', () => {
  for (const authorization of ['Bearer k1', 'bearer k1', 'BEARER   k1 ']) assert.equal(presentedSecret({ authorization, 'x-api-key': 'k2' }), 'k1')
  assert.equal(presentedSecret({ 'x-api-key': 'k2' }), 'k2')
})

test('another scheme is none of ours, and a bearer without a secret is one that nobody has', () => {
  assert.equal(presentedSecret({}), undefined)
  for (const authorization of ['Basic abc', 'Bearerk1']) assert.equal(presentedSecret({ authorization }), undefined)
  for (const authorization of ['Bearer', 'Bearer ']) assert.equal(presentedSecret({ authorization, 'x-api-key': 'k2' }), '')
})
