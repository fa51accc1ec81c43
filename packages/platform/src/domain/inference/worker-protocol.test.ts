import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Tensors } from './types.ts'
import { detached, transferable } from './worker-protocol.ts'

const piece = new ArrayBuffer(64)
const tensors = (): Tensors => ({
  own: { type: 'float32', shape: [2], data: new Float32Array([1, 2]) },
  part: { type: 'float32', shape: [2], data: new Float32Array(piece, 8, 2) },
  text: { type: 'string', shape: [1], data: ['a'] },
})

test('values go to a worker as copies, so that the caller keeps them', () => {
  const mine = tensors()
  const copies = detached(mine)
  assert.deepEqual({ ...copies }, mine)
  assert.ok(Object.keys(mine).every((name) => copies[name]!.data !== mine[name]!.data))
  assert.equal(transferable(copies).length, 2)
  assert.ok(!transferable(copies).includes(piece))
})

test('values that are given go as they are, unless others have a part of their memory', () => {
  const mine = tensors()
  const sent = detached(mine, true)
  assert.equal(sent.own!.data, mine.own!.data)
  assert.notEqual(sent.part!.data, mine.part!.data)
  const moved = structuredClone(sent, { transfer: transferable(sent) })
  assert.deepEqual(moved, tensors())
  assert.equal(mine.own!.data.length, 0, 'it was handed over and not copied')
  assert.equal(mine.part!.data.length, 2)
})
