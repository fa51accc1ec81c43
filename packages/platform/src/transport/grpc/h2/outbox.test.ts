import assert from 'node:assert/strict'
import type { Socket } from 'node:net'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { FRAME, http2Frame } from '../testing/raw-connection.ts'
import { Outbox } from './outbox.ts'

/** A socket that keeps what is written; it holds on to it when it is slow. */
function fakeSocket({ slow = false } = {}) {
  const written: Buffer[] = []
  const socket = {
    writableLength: 0,
    cork: () => {},
    uncork: () => {},
    write(bytes: Buffer) {
      written.push(slow ? bytes : Buffer.from(bytes))
      if (slow) this.writableLength += bytes.length
      return !slow
    },
  }
  return { socket: socket as unknown as Socket, written }
}

test('what is said in one turn leaves in one write, in its order', async () => {
  const { socket, written } = fakeSocket()
  let flushed = 0
  const out = new Outbox(socket, () => flushed++)
  out.headers(1, Buffer.from('head'), false)
  out.data(1, Buffer.from('message'))
  void Promise.resolve().then(() => out.headers(1, Buffer.from('tail'), true))
  out.number(FRAME.windowUpdate, 3, 2 ** 31 - 1)
  assert.equal(written.length, 0)
  await turn()
  assert.equal(written.length, 1)
  assert.equal(flushed, 1)
  const right = [
    http2Frame({ type: FRAME.headers, flags: 4, stream: 1, payload: Buffer.from('head') }),
    http2Frame({ type: FRAME.data, stream: 1, payload: Buffer.from('message') }),
    http2Frame({ type: FRAME.windowUpdate, stream: 3, payload: Buffer.from([0x7f, 0xff, 0xff, 0xff]) }),
    http2Frame({ type: FRAME.headers, flags: 5, stream: 1, payload: Buffer.from('tail') }),
  ]
  assert.deepEqual(written[0], Buffer.concat(right))
  await turn()
  assert.equal(flushed, 1)
})

test('much, and large parts among it, arrives whole, and what a slow socket holds is not written over', async () => {
  const { socket, written } = fakeSocket({ slow: true })
  const out = new Outbox(socket, () => {})
  const right: Buffer[] = []
  for (let round = 0; round < 20; round++) {
    for (let i = 0; i < 40; i++) {
      const payload = Buffer.alloc([3, 1000, 8192, 8193, 16_384][(round + i) % 5]!, round * 40 + i)
      out.data(round, payload)
      right.push(http2Frame({ type: FRAME.data, stream: round, payload }))
    }
    await turn()
  }
  assert.ok(Buffer.concat(written).equals(Buffer.concat(right)))
})

test('a long block of fields is cut into frames that everybody takes', async () => {
  const { socket, written } = fakeSocket()
  const out = new Outbox(socket, () => {})
  const block = Buffer.alloc(40_000, 'x')
  out.headers(5, block, true)
  await turn()
  const right = [
    http2Frame({ type: FRAME.headers, flags: 1, stream: 5, payload: block.subarray(0, 16_384) }),
    http2Frame({ type: FRAME.continuation, stream: 5, payload: block.subarray(16_384, 32_768) }),
    http2Frame({ type: FRAME.continuation, flags: 4, stream: 5, payload: block.subarray(32_768) }),
  ]
  assert.ok(Buffer.concat(written).equals(Buffer.concat(right)))
})

test('a closed outbox says nothing', async () => {
  const { socket, written } = fakeSocket()
  const out = new Outbox(socket, () => {})
  out.data(1, Buffer.from('a'))
  out.close()
  out.data(1, Buffer.alloc(10_000))
  out.data(1, Buffer.from('b'))
  await turn()
  assert.deepEqual(written, [])
})
