import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { FRAME, http2Frame } from '../testing/raw-connection.ts'
import type { Http2Stream } from './index.ts'
import { encodeHeaders } from './index.ts'
import { echoPort } from './testing/echo.ts'
import { settings, speech, until } from './testing/speech.ts'

const KIB = 1024
const MIB = 1024 * KIB
const WINDOW = 4
const FRAME_BYTES = 5
const HEAD = encodeHeaders([[':status', '200']])
const TRAILERS = encodeHeaders([['x-said', 'all']])

/** Answers every call with these bytes. */
function saying(bytes: Buffer) {
  return (stream: Http2Stream) => {
    stream.respond(HEAD)
    stream.write(bytes)
    stream.end(TRAILERS)
  }
}

const some = (bytes: number) => Buffer.from(Array.from({ length: bytes }, (_, i) => i % 251))

test('a window of one byte is kept, byte by byte, and the trailers wait for the last', async () => {
  const bytes = some(20)
  await using port = await echoPort({ begin: saying(bytes) })
  using client = await speech(port.port, settings([WINDOW, 1]))
  client.begin(1, { end: true })
  for (let sent = 1; sent <= bytes.length; sent++) {
    await until(() => client.body(1).length === sent, `byte ${sent}`)
    assert.equal(client.ended(1), sent === bytes.length)
    if (sent < bytes.length) client.update(1, 1)
  }
  assert.deepEqual(client.body(1), bytes)
})

test('the window of the connection is shared, and every call gets its turn', async () => {
  await using port = await echoPort({ begin: saying(some(60_000)) })
  using client = await speech(port.port)
  client.begin(1, { end: true })
  client.begin(3, { end: true })
  client.begin(5, { end: true })
  const sum = () => [1, 3, 5].reduce((all, stream) => all + client.body(stream).length, 0)
  await until(() => sum() === 65_535, 'the first window')
  await sleep(20)
  assert.deepEqual([client.body(1).length, client.body(3).length, client.body(5).length], [60_000, 5535, 0])
  client.update(0, 55_000)
  await until(() => sum() === 120_535, 'the second')
  // a tiny one goes to who has waited longest
  client.update(0, 10)
  client.update(0, 10)
  await until(() => sum() === 120_555, 'ten bytes twice')
  client.update(0, 100_000)
  for (const stream of [1, 3, 5]) await until(() => client.ended(stream), `the end of ${stream}`)
  for (const stream of [1, 3, 5]) assert.ok(client.body(stream).equals(some(60_000)))
})

test('settings change the windows of calls that are open, below nothing too', async () => {
  const bytes = some(5000)
  await using port = await echoPort({ begin: saying(bytes) })
  using client = await speech(port.port, settings([WINDOW, 1000]))
  client.begin(1, { end: true })
  await until(() => client.body(1).length === 1000, 'the first window')
  client.send({ type: FRAME.settings, payload: settings([WINDOW, 400]) })
  // the window is less than nothing by 600 now
  client.update(1, 600)
  await sleep(20)
  assert.equal(client.body(1).length, 1000)
  client.update(1, 1)
  await until(() => client.body(1).length === 1001, 'one byte')
  client.send({ type: FRAME.settings, payload: settings([WINDOW, 0], [WINDOW, 3000]) })
  await until(() => client.body(1).length === 3601, 'the larger window')
  client.send({ type: FRAME.settings, payload: settings([WINDOW, 2 ** 31 - 1]) })
  await until(() => client.ended(1), 'the end')
  assert.deepEqual(client.body(1), bytes)
  // a client counts by its old settings until it hears that the new ones are known
  const acknowledged = client.frames.findLastIndex(({ type, flags }) => type === FRAME.settings && flags === 1)
  const sentBefore = client.frames.slice(0, acknowledged).reduce((sum, { type, payload }) => sum + (type === FRAME.data ? payload.length : 0), 0)
  assert.equal(sentBefore, 3601)
  await using echo = await echoPort()
  using other = await speech(echo.port)
  other.begin(1)
  other.update(1, 1000)
  other.send({ type: FRAME.settings, payload: settings([WINDOW, 2 ** 31 - 1]) })
  await until(() => other.goaway() === 3, 'a window beyond 31 bits')
})

test('frames are no larger than the client takes', async () => {
  const bytes = some(60_000)
  await using port = await echoPort({ begin: saying(bytes) })
  for (const most of [undefined, 20_000, 2 ** 24 - 1]) {
    using client = await speech(port.port, most === undefined ? undefined : settings([FRAME_BYTES, most]))
    client.begin(1, { end: true })
    await until(() => client.ended(1), 'the answer')
    const lengths = client.frames.filter(({ type }) => type === FRAME.data).map(({ payload }) => payload.length)
    assert.ok(Math.max(...lengths) <= (most ?? 16_384), `${lengths}`)
    assert.ok(client.body(1).equals(bytes))
  }
})

test('a client may send on and on as long as what comes is taken, and is told so in time', async () => {
  let received = 0
  await using port = await echoPort({
    begin: (stream) => {
      stream.handler = {
        received: (bytes) => {
          received += bytes.length
        },
        ended: () => stream.respond(HEAD, true),
        closed: () => {},
      }
    },
  })
  using client = await speech(port.port)
  client.begin(1)
  const windows: Record<number, number> = { 0: 16 * MIB, 1: MIB }
  let seen = 0
  const room = () => {
    for (const { type, stream, payload } of client.frames.slice(seen)) if (type === FRAME.windowUpdate) windows[stream]! += payload.readUInt32BE(0)
    seen = client.frames.length
    return Math.min(windows[0]!, windows[1]!)
  }
  // that of the connection grew to 16 MiB at its beginning
  await until(() => client.frames.some(({ type }) => type === FRAME.windowUpdate), 'the first window')
  seen = client.frames.length
  const padded = http2Frame({ type: FRAME.data, flags: 8, stream: 1, payload: Buffer.concat([Buffer.from([255]), Buffer.alloc(1000 + 255)]) })
  for (let sent = 0; sent < 40 * MIB; sent += 32 * KIB) {
    await until(() => room() >= 40 * KIB, `room at ${sent}`)
    client.data(1, Buffer.alloc(32 * KIB))
    client.socket.write(padded)
    for (const stream of [0, 1]) windows[stream]! -= 32 * KIB + padded.length - 9
  }
  client.data(1, '', true)
  await until(() => client.ended(1), 'the end')
  assert.equal(received, 40 * MIB + 1280 * 1000)
})

test('who sends more than its window is broken off, and a call that is not read holds no more than its window', async () => {
  const paused: Http2Stream[] = []
  await using port = await echoPort({
    begin: (stream) => {
      stream.pause()
      paused.push(stream)
    },
  })
  using client = await speech(port.port)
  client.begin(1)
  for (let i = 0; i < 16; i++) client.data(1, Buffer.alloc(64 * KIB))
  await sleep(20)
  assert.equal(client.reset(1), undefined)
  client.data(1, 'x')
  await until(() => client.reset(1) === 3, 'the reset')
  // the bytes of a call that is over are given back to the connection: else there would be no room for these
  for (let call = 3; call <= 41; call += 2) {
    client.begin(call)
    for (let i = 0; i < 16; i++) client.data(call, Buffer.alloc(64 * KIB))
    client.send({ type: FRAME.reset, stream: call, payload: Buffer.from([0, 0, 0, 8]) })
  }
  client.begin(101, { end: true })
  await until(() => paused.length === 22, 'the last call')
  assert.equal(client.goaway(), undefined)
  // seventeen calls at a time are more than the connection's
  for (let call = 201; call <= 233; call += 2) {
    client.begin(call)
    for (let i = 0; i < 16; i++) client.data(call, Buffer.alloc(64 * KIB))
  }
  await until(() => client.goaway() === 3, 'the end of the connection')
})

test('bytes one by one on a call that is not read take little more room than together, and come out whole', async () => {
  const open: Http2Stream[] = []
  await using port = await echoPort({
    begin: (stream) => {
      stream.pause()
      open.push(stream)
    },
  })
  using client = await speech(port.port)
  client.begin(1)
  const bytes = some(200_000)
  const before = process.memoryUsage()
  for (let at = 0; at < bytes.length; at += 10_000) {
    const frames = Array.from(bytes.subarray(at, at + 10_000), (byte) => http2Frame({ type: FRAME.data, stream: 1, payload: Buffer.of(byte) }))
    client.socket.write(Buffer.concat(frames))
    await sleep(1)
  }
  client.data(1, bytes.subarray(0, 9000), true)
  await sleep(50)
  const { heapUsed } = process.memoryUsage()
  assert.ok(heapUsed - before.heapUsed < 50e6, `${heapUsed - before.heapUsed}`)
  const parts: Buffer[] = []
  let ended = false
  open[0]!.handler = { received: (part) => void parts.push(part), ended: () => (ended = true), closed: () => {} }
  await until(() => {
    open[0]!.resume()
    return ended
  }, 'all of it')
  assert.ok(Buffer.concat(parts).equals(Buffer.concat([bytes, bytes.subarray(0, 9000)])))
  assert.ok(parts.length < 100)
})

test('a client that asks and does not read is read no further, keeps little memory busy, and is cut', async () => {
  await using port = await echoPort({ limits: { answerMs: 300 }, begin: saying(Buffer.alloc(MIB)) })
  using client = await speech(port.port, settings([WINDOW, 2 ** 31 - 1]))
  client.update(0, 2 ** 30)
  client.socket.pause()
  let stream = 1
  for (let i = 0; i < 200 && !client.socket.destroyed; i++, stream += 2) {
    if (!client.socket.writableNeedDrain) client.begin(stream, { end: true })
    await sleep(2)
  }
  assert.ok(port.state.begun < 100, `${port.state.begun} calls were taken`)
  await until(() => port.connections.size === 0, 'the cut')
})
