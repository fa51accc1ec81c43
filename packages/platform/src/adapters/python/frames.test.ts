import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FrameReader, framed } from './frames.ts'

const bytes = (header: Record<string, unknown>, body?: Uint8Array) => Buffer.concat(framed(header, body))

test('messages come out whole, however they arrive', () => {
  const sent = [bytes({ id: 1, words: 'é' }, new Uint8Array([1, 2, 3])), bytes({ id: 2 }), bytes({ id: 3 }, new Uint8Array(100_000).fill(7))]
  const all = Buffer.concat(sent)
  for (const size of [1, 3, 1000, all.length]) {
    const reader = new FrameReader()
    const got = []
    for (let at = 0; at < all.length; at += size === 1 && at > 2000 ? 4096 : size) {
      const step = size === 1 && at > 2000 ? 4096 : size
      got.push(...reader.take(all.subarray(at, at + step)))
    }
    assert.deepEqual(
      got.map(({ header, body }) => [header.id, body.length]),
      [
        [1, 3],
        [2, 0],
        [3, 100_000],
      ],
    )
    assert.equal(got[0]!.header.words, 'é')
    assert.equal(got[2]!.body.byteOffset % 8, 0)
  }
})

test('what is no message is refused', () => {
  assert.throws(() => new FrameReader().take(Buffer.from('no frame at all, but text')), RangeError)
  const broken = bytes({ id: 1 })
  broken[8] = 0x7d
  assert.throws(() => new FrameReader().take(broken), SyntaxError)
})
