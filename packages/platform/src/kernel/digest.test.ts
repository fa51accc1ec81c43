import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hexOf, Sha256, sha256 } from './digest.ts'

// NIST FIPS 180-4 example: SHA-256("abc")
const ABC = 'sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'

test('the digest of text and of bytes is the published one', () => {
  assert.equal(sha256('abc'), ABC)
  assert.equal(sha256(new Uint8Array([0x61, 0x62, 0x63])), ABC)
})

test('pieces give the digest of the whole and count bytes', () => {
  const hash = new Sha256()
  hash.update(Buffer.from('a'))
  hash.update(Buffer.from('bc'))
  assert.equal(hash.size, 3)
  assert.equal(hash.digest(), ABC)
})

test('only a whole lower-case digest has hex digits', () => {
  assert.equal(hexOf(ABC), ABC.slice(7))
  for (const bad of ['', 'sha256:', ABC.toUpperCase(), `${ABC}0`, `sha256:../${ABC.slice(10)}`, `x${ABC}`]) assert.equal(hexOf(bad), undefined)
})
