import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seal, unseal } from './seal.ts'

const lock = { credential: 'fla_secret', purpose: 'once POST /keys' }

test('a sealed text opens with the same credential and purpose, and holds nothing in clear', () => {
  const sealed = seal('{"key":"fl_abc"}', lock)
  assert.equal(unseal(sealed, lock), '{"key":"fl_abc"}')
  assert.doesNotMatch(Buffer.from(sealed, 'base64url').toString('latin1'), /fl_abc|key/)
  assert.notEqual(sealed, seal('{"key":"fl_abc"}', lock))
})

test('another credential, another purpose or a changed text open nothing', () => {
  const sealed = seal('text', lock)
  const bytes = Buffer.from(sealed, 'base64url')
  bytes[30]! ^= 1
  assert.throws(() => unseal(sealed, { ...lock, credential: 'fla_other' }))
  assert.throws(() => unseal(sealed, { ...lock, purpose: 'once POST /sign-in-links' }))
  assert.throws(() => unseal(bytes.toString('base64url'), lock))
})
