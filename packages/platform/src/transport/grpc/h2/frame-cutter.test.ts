import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FRAME, http2Frame } from '../testing/raw-connection.ts'
import { seededRandom } from '../testing/seeded-random.ts'
import { FrameCutter } from './frame-cutter.ts'
import { ConnectionError } from './protocol.ts'

/** What a cutter hands out for bytes that are cut into these lengths: frames, and the data of data frames joined. */
function cut(bytes: Buffer, next: () => number): unknown[] {
  const seen: unknown[] = []
  let body = ''
  const cutter = new FrameCutter({
    frame: ({ type, flags, stream, length }, payload) => {
      assert.equal(payload.length, length)
      seen.push([type, flags, stream, payload.toString('latin1')])
    },
    data: ({ type, flags, stream, length }, piece, last) => {
      body += piece.toString('latin1')
      assert.equal(last, body.length === length)
      if (!last) return
      seen.push([type, flags, stream, body])
      body = ''
    },
  })
  for (let at = 0, to = 0; at < bytes.length; at = to) {
    to = at + next()
    cutter.push(bytes.subarray(at, to))
  }
  return seen
}

test('frames come out the same, however the bytes are cut', () => {
  const random = seededRandom(5)
  const frames = Array.from({ length: 60 }, (_, i) => {
    const payload = Buffer.from(Array.from({ length: [0, 1, 8, 70, 300][random(5)]! }, () => random(256)))
    return { type: [0, 0, 1, 4, 6, 77][random(6)]!, flags: random(256), stream: random(2 ** 31), payload: i === 30 ? Buffer.alloc(65_536, 7) : payload }
  })
  const bytes = Buffer.concat(frames.map(http2Frame))
  const right = frames.map(({ type, flags, stream, payload }) => [type, flags, stream, payload.toString('latin1')])
  assert.deepEqual(
    cut(bytes, () => bytes.length),
    right,
  )
  for (const most of [1, 2, 8, 9, 10, 100, 5000]) {
    assert.deepEqual(
      cut(bytes, () => (most === 1 ? 1 : 1 + random(most))),
      right,
      `pieces up to ${most}`,
    )
  }
})

test('the highest bit of a number of a call is passed over', () => {
  const bytes = http2Frame({ type: FRAME.ping, stream: 0, payload: Buffer.alloc(8) })
  bytes[5] = 0x80
  assert.deepEqual(
    cut(bytes, () => 100),
    [[FRAME.ping, 0, 0, '\0'.repeat(8)]],
  )
})

test('a frame larger than was offered is refused at its head', () => {
  for (const type of [FRAME.data, FRAME.headers]) {
    const head = Buffer.from([1, 0, 1, type, 0, 0, 0, 0, 1])
    for (const step of [1, 9]) assert.throws(() => cut(head, () => step), new ConnectionError(6, 'a frame of 65537 bytes'))
  }
})

test('an announced length takes no memory before its bytes come, and a cutter that stops says no more', () => {
  let seen = 0
  const cutter = new FrameCutter({
    frame: () => {
      seen++
      cutter.stop()
    },
    data: () => seen++,
  })
  const before = process.memoryUsage().arrayBuffers
  const waiting = Array.from({ length: 1000 }, () => {
    const other = new FrameCutter({ frame: () => {}, data: () => {} })
    other.push(Buffer.from([1, 0, 0, FRAME.headers, 0, 0, 0, 0, 1, 5]))
    return other
  })
  assert.ok(process.memoryUsage().arrayBuffers - before < 1_000_000)
  assert.ok(waiting.every(({ partial }) => partial))
  const ping = http2Frame({ type: FRAME.ping, payload: Buffer.alloc(8) })
  cutter.push(Buffer.concat([ping, ping, http2Frame({ type: FRAME.data, stream: 1 })]))
  assert.equal(seen, 1)
})
