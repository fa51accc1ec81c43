import assert from 'node:assert/strict'
import { once } from 'node:events'
import { constants } from 'node:http2'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { fromBinary } from '@bufbuild/protobuf'
import { fakeRelease } from '../../testing/fake-model.ts'
import { frame } from './framing.ts'
import { ModelInferRequestSchema, ModelStreamInferResponseSchema } from './generated/open_inference_grpc_pb.ts'
import { begin, encode, gather, ONE_ROW, testGrpc } from './testing/serving.ts'

const asked = (id: string, more: object = {}) => frame(encode(ModelInferRequestSchema, { ...ONE_ROW, id, ...more }))
const read = (message: Buffer) => fromBinary(ModelStreamInferResponseSchema, message)

test('every message of a stream is answered with its id, and the stream ends well', async () => {
  await using port = await testGrpc()
  const ids = Array.from({ length: 100 }, (_, i) => `order-${i}`)
  const answer = await gather(begin(port.session, 'ModelStreamInfer', { pieces: ids.map((id) => asked(id)) }))
  assert.equal(answer.status, 0)
  const answers = answer.messages.map(read)
  assert.deepEqual(answers.map(({ inferResponse }) => inferResponse!.id).toSorted(), ids.toSorted())
  assert.ok(answers.every(({ errorMessage, inferResponse }) => errorMessage === '' && inferResponse!.rawOutputContents.length === 2))
  const logged = port.world.logged.map(({ request }) => request)
  assert.equal(new Set(logged.map(({ id }) => id)).size, 100, 'every prediction has a name of its own')
  assert.ok(port.world.model.runs.length < 100, 'they share runs')
})

test('many messages in one frame wait in their order', async () => {
  await using port = await testGrpc({ delayMs: 2 })
  const ids = Array.from({ length: 90 }, (_, i) => String(i))
  const answer = await gather(begin(port.session, 'ModelStreamInfer', { pieces: [Buffer.concat(ids.map((id) => asked(id)))] }))
  assert.deepEqual(answer.messages.map((message) => read(message).inferResponse!.id).toSorted(), ids.toSorted())
  assert.equal(answer.status, 0)
})

test('a message that is wrong is answered with its error and id, and the stream goes on', async () => {
  await using port = await testGrpc()
  const pieces = [asked('a', { modelName: 'nobody' }), frame(Buffer.from([0x0a, 0xff])), asked('b', { inputs: [] }), asked('c')]
  const answer = await gather(begin(port.session, 'ModelStreamInfer', { pieces }))
  const said = Object.fromEntries(answer.messages.map(read).map(({ errorMessage, inferResponse }) => [inferResponse!.id, errorMessage]))
  assert.equal(answer.status, 0)
  assert.match(said.a!, /there is no deployment "nobody"/)
  assert.match(said['']!, /malformed at byte/)
  assert.match(said.b!, /missing/)
  assert.equal(said.c, '')
})

test('messages may be compressed; one that is not what it says ends the call', async () => {
  await using port = await testGrpc()
  const packed = frame(gzipSync(encode(ModelInferRequestSchema, { ...ONE_ROW, id: 'packed' })))
  packed[0] = 1
  const good = await gather(begin(port.session, 'ModelStreamInfer', { headers: { 'grpc-encoding': 'gzip' }, pieces: [packed, asked('plain')] }))
  assert.deepEqual([good.status, good.messages.map((message) => read(message).inferResponse!.id).toSorted()], [0, ['packed', 'plain']])
  const odd = frame(Buffer.from('no gzip at all'))
  odd[0] = 1
  assert.equal((await gather(begin(port.session, 'ModelStreamInfer', { headers: { 'grpc-encoding': 'gzip' }, pieces: [odd] }))).status, 3)
  const cut = await gather(begin(port.session, 'ModelStreamInfer', { pieces: [asked('x').subarray(0, 30)] }))
  assert.deepEqual([cut.status, cut.message], [3, 'the last message is cut off'])
})

test('a stream may rest as long as it likes, and a message on its way may not', async () => {
  await using port = await testGrpc({ limits: { requestMs: 150 } })
  const stream = begin(port.session, 'ModelStreamInfer', { pieces: [] })
  const all = gather(stream)
  stream.write(asked('first'))
  await sleep(500)
  stream.write(asked('second'))
  await sleep(50)
  stream.write(asked('third').subarray(0, 30))
  const answer = await all
  assert.deepEqual(
    answer.messages.map((message) => read(message).inferResponse!.id),
    ['first', 'second'],
  )
  assert.equal(answer.status, 4)
  assert.match(answer.message, /did not arrive within 150 ms/)
})

test('a port that closes answers what is in hand, and ends the stream as one to be tried elsewhere', async () => {
  await using port = await testGrpc({ delayMs: 100 })
  const stream = begin(port.session, 'ModelStreamInfer', { pieces: [] })
  const all = gather(stream)
  stream.write(asked('in hand'))
  while (port.inference.queues().every(({ rows }) => rows === 0) && port.world.model.runs.length === 0) await sleep(2)
  const closing = port.grpc.close(5000)
  const answer = await all
  assert.deepEqual([answer.messages.map((message) => read(message).inferResponse!.id), answer.status], [['in hand'], 14])
  await closing
})

test('who does not take the answers is read no further, and is cut', async () => {
  await using port = await testGrpc({ limits: { answerMs: 300 }, releases: [fakeRelease({ settings: { maxRows: 100_000 } })] })
  const rows = 2000n
  const large = frame(
    encode(ModelInferRequestSchema, {
      modelName: 'credit',
      inputs: [
        { name: 'age', datatype: 'INT64', shape: [rows, 1n] },
        { name: 'purpose', datatype: 'BYTES', shape: [rows, 1n] },
        { name: 'figures', datatype: 'FP32', shape: [rows, 2n] },
      ],
      rawInputContents: [
        new Uint8Array(new BigInt64Array(Number(rows)).fill(30n).buffer),
        Buffer.concat(Array.from({ length: Number(rows) }, () => Buffer.from('\x03\0\0\0car'))),
        new Uint8Array(Number(rows) * 8),
      ],
    }),
  )
  const stream = begin(port.session, 'ModelStreamInfer', { pieces: [] })
  // nobody listens for data, so that the window is never opened again
  const closed = once(stream, 'close')
  for (let i = 0; i < 400 && !stream.destroyed; i++) {
    stream.write(large)
    await sleep(1)
  }
  await closed
  assert.equal(stream.rstCode, constants.NGHTTP2_CANCEL)
  assert.ok(port.world.predicted.length < 300, `${port.world.predicted.length} were answered into nothing`)
  assert.equal((await port.call('ModelInfer', encode(ModelInferRequestSchema, ONE_ROW))).status, 0)
})
