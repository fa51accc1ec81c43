import assert from 'node:assert/strict'
import { once } from 'node:events'
import { constants } from 'node:http2'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fromBinary } from '@bufbuild/protobuf'
import { FairleadError } from '@fairlead/contract'
import { frame } from './framing.ts'
import { HealthCheckRequestSchema, HealthCheckResponse_ServingStatus, HealthCheckResponseSchema } from './generated/grpc/health/v1/health_pb.ts'
import { ModelInferRequestSchema } from './generated/open_inference_grpc_pb.ts'
import { begin, connectTo, encode, gather, ONE_ROW, testGrpc } from './testing/serving.ts'

const { SERVING, NOT_SERVING, SERVICE_UNKNOWN } = HealthCheckResponse_ServingStatus
const WATCH = '/grpc.health.v1.Health/Watch'
const CHECK = '/grpc.health.v1.Health/Check'
const INFER = encode(ModelInferRequestSchema, ONE_ROW)

const statusOf = (message: Buffer) => fromBinary(HealthCheckResponseSchema, message).status

test('health is told by service, now and whenever it changes', async () => {
  let draining = false
  await using port = await testGrpc({ isDraining: () => draining })
  const check = async (service: string) => {
    const answer = await port.call(CHECK, encode(HealthCheckRequestSchema, { service }))
    return answer.status === 0 ? statusOf(answer.messages[0]!) : -answer.status
  }
  assert.deepEqual([await check(''), await check('inference.GRPCInferenceService'), await check('nothing')], [SERVING, SERVING, -5])
  const told: number[] = []
  const stream = begin(port.session, WATCH, { message: encode(HealthCheckRequestSchema, {}) })
  stream.on('data', (chunk: Buffer) => told.push(statusOf(chunk.subarray(5))))
  const unknown = begin(port.session, WATCH, { message: encode(HealthCheckRequestSchema, { service: 'nothing' }) })
  const [first] = (await once(unknown, 'data')) as [Buffer]
  assert.equal(statusOf(first.subarray(5)), SERVICE_UNKNOWN)
  draining = true
  while (told.length < 2) await sleep(10)
  draining = false
  while (told.length < 3) await sleep(10)
  assert.deepEqual(told, [SERVING, NOT_SERVING, SERVING])
  stream.close(constants.NGHTTP2_CANCEL)
  assert.equal(await check(''), SERVING)
})

test('a port that closes answers what is in hand, tells watchers, and takes nothing more', async () => {
  let draining = false
  await using port = await testGrpc({ isDraining: () => draining })
  const watching = gather(begin(port.session, WATCH, { message: encode(HealthCheckRequestSchema, {}) }))
  // half of a message has come when the end begins
  const late = begin(port.session, 'ModelInfer', { pieces: [] })
  const framed = frame(INFER)
  late.write(framed.subarray(0, 20))
  const answered = gather(late)
  await port.call(CHECK, new Uint8Array())
  draining = true
  const goaway = once(port.session, 'goaway')
  const closing = port.grpc.close(5000)
  await goaway
  const ended = await watching
  assert.deepEqual([ended.messages.map(statusOf), ended.status], [[SERVING, NOT_SERVING], 14])
  late.end(framed.subarray(20))
  assert.equal((await answered).status, 0)
  await closing
  assert.equal(port.grpc.connections(), 0)
  const refused = connectTo(port.port)
  const [error] = (await once(refused, 'error')) as [NodeJS.ErrnoException]
  assert.equal(error.code, 'ECONNREFUSED')
})

test('calls that were on their way when the end began are answered, or refused as never begun', async () => {
  await using port = await testGrpc()
  const before = Array.from({ length: 5 }, () => port.call('ModelInfer', INFER))
  await sleep(5)
  const closing = port.grpc.close(5000)
  const after = await Promise.all(Array.from({ length: 5 }, () => port.call('ModelInfer', INFER)))
  for (const { status, reset } of [...(await Promise.all(before)), ...after]) {
    assert.ok(status === 0 || reset === constants.NGHTTP2_REFUSED_STREAM, `status ${status}, reset ${reset}`)
  }
  await closing
})

test('what does not end within its grace is cut', async () => {
  await using port = await testGrpc()
  const stuck = begin(port.session, 'ModelInfer', { pieces: [] })
  stuck.write(Buffer.from([0, 0]))
  const answered = gather(stuck)
  await port.call(CHECK, new Uint8Array())
  const begun = performance.now()
  await port.grpc.close(200)
  assert.ok(performance.now() - begun < 3000)
  assert.notEqual((await answered).status, 0)
})

test('a message that does not come in time is DEADLINE_EXCEEDED, and a connection that never speaks is cut', async () => {
  await using port = await testGrpc({ limits: { requestMs: 150, greetingMs: 150 } })
  const slow = begin(port.session, 'ModelInfer', { pieces: [] })
  slow.write(frame(INFER).subarray(0, 30))
  const answer = await gather(slow)
  assert.deepEqual([answer.status, answer.headers['fairlead-code']], [4, 'request-timeout'])
  // the connection goes on
  assert.equal((await port.call('ModelInfer', INFER)).status, 0)
})

test('a caller who goes away is forgotten, with the work that had not begun', async () => {
  await using port = await testGrpc({ delayMs: 1000 })
  const half = begin(port.session, 'ModelInfer', { pieces: [] })
  half.write(frame(INFER).subarray(0, 30))
  let begun = 0
  Object.defineProperty(port.world.model, 'delayMs', {
    get: () => {
      begun++
      return 1000
    },
  })
  const first = port.call('ModelInfer', INFER)
  while (begun === 0) await sleep(5)
  // the model is busy with the first one, so these wait
  const waiting = Array.from({ length: 3 }, () => begin(port.session, 'ModelInfer', { message: INFER }))
  while (port.inference.queues()[0]?.rows !== 3) await sleep(5)
  for (const stream of [half, ...waiting]) stream.close(constants.NGHTTP2_CANCEL)
  assert.equal((await first).status, 0)
  assert.equal((await port.call('ModelInfer', INFER)).status, 0)
  assert.deepEqual(port.world.model.runs, [1, 1])
  assert.deepEqual(
    port.world.failed.map(({ code }) => code),
    ['cancelled', 'cancelled', 'cancelled'],
  )
  assert.equal(port.world.predicted.length, 2)
})

test('a connection without a sign of life is asked, and closed when it does not answer', async () => {
  await using port = await testGrpc({ limits: { pingMs: 80, pingAnswerMs: 80 } })
  let pings = 0
  port.session.on('ping', () => pings++)
  await port.call(CHECK, new Uint8Array())
  await sleep(500)
  // this client answers by itself
  assert.ok(pings >= 2, `${pings} pings`)
  assert.equal(port.grpc.connections(), 1)
})

test('a long message of a caller without access is not gathered', async () => {
  await using port = await testGrpc({
    authorize: () => {
      throw new FairleadError('not-authenticated', 'no')
    },
  })
  const stream = begin(port.session, 'ModelInfer', { pieces: [] })
  stream.write(Buffer.concat([Buffer.from([0, 2, 0, 0, 0]), Buffer.alloc(10_000)]))
  const answer = await gather(stream)
  assert.deepEqual([answer.status, answer.message], [16, 'no'])
})

test('messages that are too many for the memory of a connection are refused, and nothing is left behind', async () => {
  const MIB = 1024 * 1024
  await using port = await testGrpc({ limits: { messageBytes: 4 * MIB, connectionBytes: 6 * MIB } })
  for (let round = 0; round < 3; round++) {
    const calls = Array.from({ length: 4 }, () => {
      const stream = begin(port.session, 'ModelInfer', { pieces: [] })
      stream.write(Buffer.from([0, 0, 0x30, 0, 0]))
      // what has come is never more than what is believed and twice the bytes
      stream.write(Buffer.alloc(2 * MIB))
      return stream
    })
    const first = await Promise.race(calls.map(gather))
    assert.deepEqual([first.status, first.headers['fairlead-code']], [8, 'too-many-requests'])
    for (const stream of calls) stream.close(constants.NGHTTP2_CANCEL)
    await Promise.all(calls.map((stream) => stream.closed || once(stream, 'close')))
    assert.equal((await port.call('ModelInfer', INFER)).status, 0)
  }
})
