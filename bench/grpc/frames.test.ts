import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DATA, END_STREAM, FrameCutter, frameOf, literalHeaders, WINDOW_UPDATE, windowUpdate } from './frames.ts'

test('frames are found however the bytes were cut', () => {
  const bytes = Buffer.concat([frameOf(DATA, { flags: END_STREAM, payload: Buffer.from('abc') }), windowUpdate(7), frameOf(DATA)])
  for (let step = 1; step <= bytes.length; step++) {
    const seen: [number, number, number, string][] = []
    const cutter = new FrameCutter((type, flags, stream, payload) => seen.push([type, flags, stream, payload.toString('latin1')]))
    for (let at = 0; at < bytes.length; at += step) cutter.push(bytes.subarray(at, at + step))
    assert.deepEqual(seen, [
      [DATA, END_STREAM, 0, 'abc'],
      [WINDOW_UPDATE, 0, 0, '\0\0\0\x07'],
      [DATA, 0, 0, ''],
    ])
  }
})

test('headers are literals of name and value', () => {
  assert.deepEqual([...literalHeaders({ te: 'trailers' })], [0, 2, ...Buffer.from('te'), 8, ...Buffer.from('trailers')])
  assert.throws(() => literalHeaders({ a: 'x'.repeat(127) }), RangeError)
})
