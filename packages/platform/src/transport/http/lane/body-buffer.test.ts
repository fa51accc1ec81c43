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

test('the byte that is told lies at a multiple of eight, in a body of any length', () => {
  for (const length of [9, 5000, 3_000_001]) {
    for (let aligned = 0; aligned < 9; aligned++) {
      const body = new BodyBuffer(length, aligned)
      for (let at = 0; at < length; at += 65_536) body.push(new Uint8Array(Math.min(65_536, length - at)).fill(7))
      assert.equal((body.bytes.byteOffset + aligned) % 8, 0)
      assert.ok(body.bytes.length === length && body.bytes.every((byte) => byte === 7))
    }
  }
})

test('a large body that has only been promised takes little room', () => {
  assert.ok(new BodyBuffer(2 ** 33).bytes.buffer.byteLength <= 1024 * 1024)
})
