import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BodyBuffer } from './body-buffer.ts'

test('parts become the body, however large it is and however it is cut', () => {
  for (const length of [0, 1, 5000, 1024 * 1024, 3_000_001]) {
    const whole = Buffer.from(Array.from({ length }, (_, i) => i % 251))
    for (const step of [length, 700_000, 999]) {
      if (step === 0) continue
      const body = new BodyBuffer(length)
      for (let at = 0; at < length; at += step) body.push(whole.subarray(at, at + step))
      assert.ok(body.bytes.equals(whole), `${length} in steps of ${step}`)
    }
  }
})

test('a large body that has only been promised takes little room', () => {
  assert.ok(new BodyBuffer(2 ** 33).bytes.buffer.byteLength <= 1024 * 1024)
})
