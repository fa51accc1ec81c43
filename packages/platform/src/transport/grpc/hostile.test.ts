import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { frame } from './framing.ts'
import { ModelInferRequestSchema } from './generated/open_inference_grpc_pb.ts'
import { CALL_HEAD, END_HEADERS, END_STREAM, FRAME, headerBlock, http2Frame, rawConnection } from './testing/raw-connection.ts'
import { seededRandom } from './testing/seeded-random.ts'
import { connectTo, encode, ONE_ROW, testGrpc } from './testing/serving.ts'

const INFER = encode(ModelInferRequestSchema, ONE_ROW)
const HEAD = headerBlock(CALL_HEAD)

type Port = Awaited<ReturnType<typeof testGrpc>>

/** What a hostile connection did must not be felt by another. */
async function stillGood(port: Port): Promise<void> {
  assert.equal((await port.call('ModelInfer', INFER)).status, 0)
  assert.deepEqual(port.errors, [])
}

async function within(ms: number, settled: Promise<unknown>, what: string): Promise<void> {
  const late = Symbol('late')
  assert.notEqual(await Promise.race([settled, sleep(ms, late, { ref: false })]), late, what)
}

test('a call whose bytes are cut anywhere is answered', async () => {
  await using port = await testGrpc()
  const message = frame(INFER)
  const bytes = Buffer.concat([
    http2Frame({ type: FRAME.headers, flags: END_HEADERS, stream: 1, payload: HEAD }),
    ...[message.subarray(0, 3), message.subarray(3, 4), message.subarray(4, 40), message.subarray(40)].map((payload) =>
      http2Frame({ type: FRAME.data, stream: 1, payload }),
    ),
    http2Frame({ type: FRAME.data, flags: END_STREAM, stream: 1 }),
  ])
  const random = seededRandom(3)
  for (let round = 0; round < 5; round++) {
    using raw = await rawConnection(port.port)
    raw.greet()
    for (let at = 0, next = 0; at < bytes.length; at = next) {
      next = at + 1 + random(60)
      raw.socket.write(bytes.subarray(at, next))
      await sleep(0)
    }
    const ended = () => raw.frames.some(({ type, flags, stream }) => type === FRAME.headers && stream === 1 && (flags & END_STREAM) !== 0)
    for (let i = 0; i < 200 && !ended(); i++) await sleep(5)
    assert.ok(ended(), `round ${round}`)
  }
  assert.equal(port.world.predicted.length, 5)
})

test('bytes that are no HTTP/2, and silence, end the connection', async () => {
  await using port = await testGrpc({ limits: { greetingMs: 150 } })
  using web = await rawConnection(port.port)
  web.socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
  using silent = await rawConnection(port.port)
  using half = await rawConnection(port.port)
  half.socket.write('PRI * HTTP/2.0\r\n')
  for (const [what, raw] of Object.entries({ web, silent, half })) await within(3000, raw.closed, what)
  await stillGood(port)
})

test('floods of pings, settings and resets end the connection', async () => {
  await using port = await testGrpc({ limits: { controlFrames: 200 } })
  const reset = (stream: number) => [
    http2Frame({ type: FRAME.headers, flags: END_HEADERS, stream, payload: HEAD }),
    http2Frame({ type: FRAME.reset, stream, payload: Buffer.from([0, 0, 0, 8]) }),
  ]
  const floods: Record<string, (round: number) => Buffer[]> = {
    pings: () => [http2Frame({ type: FRAME.ping, payload: Buffer.alloc(8) })],
    settings: () => [http2Frame({ type: FRAME.settings })],
    resets: (round) => reset(2 * round + 1),
  }
  for (const [what, flood] of Object.entries(floods)) {
    using raw = await rawConnection(port.port)
    raw.greet()
    for (let round = 0; round < 3000 && !raw.socket.destroyed; round += 100) {
      raw.socket.write(Buffer.concat(Array.from({ length: 100 }, (_, i) => flood(round + i)).flat()))
      await sleep(1)
    }
    await within(3000, raw.closed, what)
  }
  await stillGood(port)
})

test('frames that carry nothing cost others nothing and no memory, and a body that drips is given up', async () => {
  await using port = await testGrpc({ limits: { requestMs: 400 } })
  const priority = Buffer.alloc(5)
  const update = Buffer.from([0, 0, 0, 1])
  const floods: Record<string, Buffer> = {
    'empty data': http2Frame({ type: FRAME.data, stream: 1 }),
    'window updates': http2Frame({ type: FRAME.windowUpdate, stream: 1, payload: update }),
    priorities: http2Frame({ type: 2, stream: 3, payload: priority }),
    'bytes one by one': http2Frame({ type: FRAME.data, stream: 1, payload: Buffer.alloc(1) }),
  }
  for (const [what, flood] of Object.entries(floods)) {
    using raw = await rawConnection(port.port)
    raw.greet()
    raw.send({ type: FRAME.headers, flags: END_HEADERS, stream: 1, payload: HEAD })
    const before = process.memoryUsage().heapUsed
    const ended = () => raw.socket.destroyed || raw.frames.some(({ type, stream }) => type === FRAME.headers && stream === 1)
    for (let round = 0; round < 200 && !ended(); round++) {
      if (!raw.socket.writableNeedDrain) raw.socket.write(Buffer.concat(Array.from({ length: 200 }, () => flood)))
      await sleep(2)
      if (round === 20) await stillGood(port)
    }
    for (let i = 0; i < 300 && !ended(); i++) await sleep(10)
    assert.ok(ended(), what)
    assert.ok(process.memoryUsage().heapUsed - before < 100e6, what)
  }
  await stillGood(port)
})

test('headers without end, or too many, are refused', async () => {
  await using port = await testGrpc({ limits: { headerBytes: 4096 } })
  using endless = await rawConnection(port.port)
  endless.greet()
  endless.send({ type: FRAME.headers, stream: 1, payload: HEAD })
  for (let i = 0; i < 500 && !endless.socket.destroyed; i++) {
    endless.send({ type: FRAME.continuation, stream: 1, payload: headerBlock({ [`x-${i}`]: 'v'.repeat(1000) }) })
    if (i % 20 === 0) await sleep(1)
  }
  await within(3000, endless.closed, 'continuations')
  using large = await rawConnection(port.port)
  large.greet()
  large.send({ type: FRAME.headers, flags: END_HEADERS | END_STREAM, stream: 1, payload: Buffer.concat([HEAD, headerBlock({ 'x-long': 'v'.repeat(10_000) })]) })
  for (let i = 0; i < 100 && !large.frames.some(({ type }) => type === FRAME.reset); i++) await sleep(10)
  assert.ok(large.frames.some(({ type, stream }) => type === FRAME.reset && stream === 1))
  await stillGood(port)
})

test('no more calls at a time than are allowed', async () => {
  await using port = await testGrpc({ limits: { streams: 10 } })
  using raw = await rawConnection(port.port)
  raw.greet()
  await sleep(30)
  raw.send({ type: FRAME.settings, flags: 1 })
  for (let i = 0; i < 30; i++) raw.send({ type: FRAME.headers, flags: END_HEADERS, stream: 2 * i + 1, payload: HEAD })
  const refused = () => raw.frames.filter(({ type, payload }) => type === FRAME.reset && payload.readUInt32BE(0) === 7).length
  for (let i = 0; i < 100 && refused() < 20 && !raw.socket.destroyed; i++) await sleep(10)
  assert.ok(refused() >= 20 || raw.goaway() !== undefined, `${refused()} refused`)
  await stillGood(port)
})

test('a connection too many is refused, and taken when there is room again', async () => {
  await using port = await testGrpc({ limits: { connections: 2 } })
  await stillGood(port)
  const second = connectTo(port.port)
  await new Promise((resolve) => second.once('remoteSettings', resolve))
  const third = connectTo(port.port)
  await within(5000, new Promise((resolve) => third.once('close', resolve)), 'the third is ended')
  assert.deepEqual([port.grpc.connections(), port.grpc.refused()], [2, 1])
  await stillGood(port)
  second.destroy()
  for (let tries = 0; port.grpc.connections() > 1 && tries < 1000; tries++) await sleep(5)
  const fourth = connectTo(port.port)
  await within(5000, new Promise((resolve) => fourth.once('remoteSettings', resolve)), 'there is room')
  fourth.destroy()
})

test('a reader who takes nothing is cut, and the others are served meanwhile', async () => {
  await using port = await testGrpc({ limits: { answerMs: 200 } })
  using raw = await rawConnection(port.port)
  // a window of nothing: answers may not be sent
  raw.socket.write(
    Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), http2Frame({ type: FRAME.settings, payload: Buffer.from([0, 4, 0, 0, 0, 0]) })]),
  )
  raw.send({ type: FRAME.headers, flags: END_HEADERS, stream: 1, payload: HEAD })
  raw.send({ type: FRAME.data, flags: END_STREAM, stream: 1, payload: frame(INFER) })
  await stillGood(port)
  for (let i = 0; i < 200 && !raw.frames.some(({ type }) => type === FRAME.reset); i++) await sleep(10)
  assert.ok(raw.frames.some(({ type, stream, payload }) => type === FRAME.reset && stream === 1 && payload.readUInt32BE(0) === 8))
})

test('random bytes on a connection and in a message do no harm', async () => {
  await using port = await testGrpc()
  const random = seededRandom(11)
  for (let round = 0; round < 20; round++) {
    using raw = await rawConnection(port.port)
    if (round % 2 === 0) raw.greet()
    const noise = Buffer.from(Array.from({ length: 500 }, () => random(256)))
    raw.socket.write(noise)
    await sleep(2)
  }
  const message = Buffer.from(INFER)
  for (let round = 0; round < 200; round++) {
    const changed = Buffer.from(message)
    for (let k = random(4); k >= 0; k--) changed[random(changed.length)] = random(256)
    const answer = await port.call('ModelInfer', changed.subarray(0, random(5) === 0 ? random(changed.length) : changed.length))
    assert.ok([0, 3, 5].includes(answer.status), `round ${round}: ${answer.status} ${answer.message}`)
  }
  await stillGood(port)
})

test('the message of a method that asks for no prediction is short, unpacked too', async () => {
  await using port = await testGrpc()
  // fields that nobody knows
  const long = Buffer.alloc(300 * 1024, Buffer.from([0x78, 1]))
  for (const method of ['ModelReady', 'ModelConfig', 'RepositoryIndex', 'RepositoryModelLoad', '/grpc.health.v1.Health/Check']) {
    const plain = await port.call(method, long)
    assert.deepEqual([plain.status, plain.headers['fairlead-code']], [8, 'body-too-large'], method)
    const packed = gzipSync(long)
    const prefix = Buffer.alloc(5)
    prefix[0] = 1
    prefix.writeUInt32BE(packed.length, 1)
    const unpacked = await port.call(method, undefined, { headers: { 'grpc-encoding': 'gzip' }, pieces: [Buffer.concat([prefix, packed])] })
    assert.equal(unpacked.status, 8, method)
    assert.match(unpacked.message, /307200 bytes when it is unpacked, at most 262144/)
  }
  assert.equal((await port.call('ModelReady', Buffer.alloc(200 * 1024, Buffer.from([0x78, 1])))).headers['fairlead-code'], 'deployment-unknown')
  await stillGood(port)
})
