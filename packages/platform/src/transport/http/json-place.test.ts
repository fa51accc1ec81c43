import assert from 'node:assert/strict'
import { test } from 'node:test'
import { wrongByte, wrongPlace } from './json-place.ts'

test('the place is that of the first thing that cannot stand where it does', () => {
  // the mark stands in front of it
  const marked = [
    '{"a": ^NaN}',
    '[1, ^Infinity]',
    '[^undefined]',
    "{^'a': 1}",
    '{"a": 1,^}',
    '[1,^]',
    '[1 ^2]',
    '{"a" ^1}',
    '{"a": 1 ^"b": 2}',
    '{^1: 2}',
    '[^01]',
    '[^1.]',
    '[^1x]',
    '[^truely]',
    '[1^}',
    '{"a": [{}, [], {"b": [[1e3, -0.5E+2, true, null, "\\"]"]]}], "c": ^.5}',
    '1 ^2',
    '[1]^]',
    '["a^',
    '["a",  ^',
    '^',
    '  ^]',
  ]
  for (const text of marked) {
    const bare = text.replace('^', '')
    // the end of a text that was cut within a string is where the string began
    const place = text === '["a^' ? 1 : text.indexOf('^')
    assert.equal(wrongPlace(bare), place, text)
    assert.throws(() => JSON.parse(bare))
  }
  assert.equal(wrongPlace(`${'['.repeat(100_000)}x`), 100_000)
})

test('the byte is the first that belongs to no character', () => {
  const good = Buffer.from('aé€😀'.repeat(50))
  for (let cut = 0; cut <= good.length; cut++) {
    const start = Buffer.from(new TextDecoder().decode(good.subarray(0, cut)).replace(/\ufffd+$/, ''))
    for (const wrong of [[0xff], [0xc3], [0xe2, 0x82], [0xf0, 0x9f, 0x98], [0x80], [0xed, 0xa0, 0x80], [0xc0, 0xaf]]) {
      assert.equal(wrongByte(Buffer.concat([start, Buffer.from(wrong)])), start.length)
      assert.equal(wrongByte(Buffer.concat([start, Buffer.from(wrong), Buffer.from('x'.repeat(300))])), start.length)
    }
  }
})
