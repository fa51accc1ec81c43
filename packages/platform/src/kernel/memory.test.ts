import assert from 'node:assert/strict'
import { test } from 'node:test'
import { freeMemory, LARGE_BYTES } from './memory.ts'

test('memory that is given back leaves empty arrays, and may be given back twice', () => {
  const values = new Float32Array(LARGE_BYTES)
  const view = values.subarray(10)
  freeMemory(values.buffer)
  freeMemory(values.buffer)
  assert.deepEqual([values.length, view.length, values.buffer.byteLength], [0, 0, 0])
  const shared = new SharedArrayBuffer(8)
  freeMemory(shared)
  assert.equal(shared.byteLength, 8)
})

test('the garbage collector does not see memory that is given back', () => {
  const before = process.memoryUsage().arrayBuffers
  for (let i = 0; i < 2000; i++) freeMemory(new Uint8Array(1 << 20).fill(1).buffer)
  assert.ok(process.memoryUsage().arrayBuffers - before < 100 << 20)
})
