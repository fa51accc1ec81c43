import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ShortTexts } from './short-texts.ts'

test('short texts are found as they are, however many share a slot', () => {
  const texts = new ShortTexts()
  const utf8 = new TextEncoder()
  const names = Array.from({ length: 5_000 }, (_, at) => `name ${at}`)
  for (let round = 0; round < 2; round++) {
    for (const name of names) assert.equal(texts.find(utf8.encode(`"${name}"`), 1, name.length + 1), name)
  }
  assert.equal(texts.find(utf8.encode('x'), 0, 0), '')
})

test('what is long, escaped or of other letters is left to a decoder', () => {
  const texts = new ShortTexts()
  for (const text of ['größe', 'a\\u0041', 'x'.repeat(65), 'tab\t']) {
    const bytes = new TextEncoder().encode(text)
    assert.equal(texts.find(bytes, 0, bytes.length), undefined)
  }
})
