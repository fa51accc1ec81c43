import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { fromBinary, type MessageInitShape } from '@bufbuild/protobuf'
import { FairleadError } from '@fairlead/contract'
import { emptySeries } from '../../domain/monitoring/index.ts'
import { fakeRelease } from '../../testing/fake-model.ts'
import { OIP_EXTENSIONS } from '../oip-extensions.ts'
import { frame } from './framing.ts'
import {
  ModelConfigRequestSchema,
  ModelConfigResponseSchema,
  ModelInferRequestSchema,
  ModelInferResponseSchema,
  ModelMetadataRequestSchema,
  ModelMetadataResponseSchema,
  ModelReadyRequestSchema,
  ModelReadyResponseSchema,
  ModelStatisticsRequestSchema,
  ModelStatisticsResponseSchema,
  ServerLiveRequestSchema,
  ServerLiveResponseSchema,
  ServerMetadataRequestSchema,
  ServerMetadataResponseSchema,
  ServerReadyRequestSchema,
  ServerReadyResponseSchema,
} from './generated/open_inference_grpc_pb.ts'
import { encode, testGrpc } from './testing/serving.ts'

const TYPED: MessageInitShape<typeof ModelInferRequestSchema> = {
  modelName: 'credit',
  id: 'order-17',
  inputs: [
    { name: 'age', datatype: 'INT64', shape: [2n, 1n], contents: { int64Contents: [35n, 40n] } },
    { name: 'purpose', datatype: 'BYTES', shape: [2n, 1n], contents: { bytesContents: [Buffer.from('car'), Buffer.from('education')] } },
    { name: 'figures', datatype: 'FP32', shape: [2n, 2n], contents: { fp32Contents: [2500, 12, 7500, 24] } },
  ],
}

function raw(): MessageInitShape<typeof ModelInferRequestSchema> {
  const text = (words: string) => Buffer.concat([Buffer.from([words.length, 0, 0, 0]), Buffer.from(words)])
  return {
    modelName: 'credit',
    id: 'order-17',
    inputs: [
      { name: 'age', datatype: 'INT64', shape: [2n, 1n] },
      { name: 'purpose', datatype: 'BYTES', shape: [2n, 1n] },
      { name: 'figures', datatype: 'FP32', shape: [2n, 2n] },
    ],
    rawInputContents: [
      new Uint8Array(new BigInt64Array([35n, 40n]).buffer),
      Buffer.concat([text('car'), text('education')]),
      new Uint8Array(new Float32Array([2500, 12, 7500, 24]).buffer),
    ],
  }
}

function floats(bytes: Uint8Array): number[] {
  return [...new Float32Array(new Uint8Array(bytes).buffer)]
}

test('typed and raw inputs give the same answer, always raw', async () => {
  await using port = await testGrpc()
  for (const init of [TYPED, raw()]) {
    const answer = await port.ask('ModelInfer', [ModelInferRequestSchema, ModelInferResponseSchema], init)
    assert.deepEqual([answer.modelName, answer.modelVersion, answer.id], ['credit', '1', 'order-17'])
    assert.deepEqual(
      answer.outputs.map(({ name, datatype, shape, contents }) => [name, datatype, shape, contents]),
      [
        ['label', 'INT64', [2n], undefined],
        ['p', 'FP32', [2n, 2n], undefined],
      ],
    )
    assert.deepEqual([...new BigInt64Array(new Uint8Array(answer.rawOutputContents[0]!).buffer)], [0n, 1n])
    assert.deepEqual(floats(answer.rawOutputContents[1]!), [0.75, 0.25, 0.25, 0.75])
  }
  const [event] = port.world.predicted
  assert.deepEqual([event?.request.interface, event?.request.requestId, event?.request.rows, event?.request.caller.kind], ['grpc', 'order-17', 2, 'loopback'])
})

test('outputs are chosen by name, in the order asked for', async () => {
  await using port = await testGrpc()
  const ask = (names: string[]) =>
    port.ask('ModelInfer', [ModelInferRequestSchema, ModelInferResponseSchema], { ...TYPED, outputs: names.map((name) => ({ name })) })
  assert.deepEqual(
    (await ask(['p', 'label'])).outputs.map(({ name }) => name),
    ['p', 'label'],
  )
  assert.deepEqual((await ask(['label'])).rawOutputContents.length, 1)
  await assert.rejects(ask(['q']), /status 3: there is no output "q"; the outputs are label, p/)
  await assert.rejects(ask(['p', 'p']), /status 3: output "p" already exists in request/)
})

test('the server tells of itself and its models', async () => {
  await using port = await testGrpc({ releases: [fakeRelease(), fakeRelease({ number: 2 })] })
  assert.equal((await port.ask('ServerLive', [ServerLiveRequestSchema, ServerLiveResponseSchema], {})).live, true)
  assert.equal((await port.ask('ServerReady', [ServerReadyRequestSchema, ServerReadyResponseSchema], {})).ready, true)
  const server = await port.ask('ServerMetadata', [ServerMetadataRequestSchema, ServerMetadataResponseSchema], {})
  assert.deepEqual([server.name, server.version, server.extensions], ['fairlead', '1.2.3', [...OIP_EXTENSIONS]])
  const ready = (name: string, version = '') => port.ask('ModelReady', [ModelReadyRequestSchema, ModelReadyResponseSchema], { name, version })
  assert.equal((await ready('credit')).ready, true)
  assert.equal((await ready('credit', '1')).ready, true)
  await assert.rejects(ready('credit', '9'), /status 5: release 9/)
  await assert.rejects(ready('nobody'), /status 5: .*nobody/)
  const model = await port.ask('ModelMetadata', [ModelMetadataRequestSchema, ModelMetadataResponseSchema], { name: 'credit' })
  assert.deepEqual([model.name, model.versions, model.platform], ['credit', ['1', '2'], 'onnxruntime_onnx'])
  assert.deepEqual(
    model.inputs.map(({ name, datatype, shape }) => `${name} ${datatype} ${shape}`),
    ['age INT64 -1,1', 'purpose BYTES -1,1', 'figures FP32 -1,2'],
  )
  assert.deepEqual(
    model.outputs.map(({ name, datatype, shape }) => `${name} ${datatype} ${shape}`),
    ['label INT64 -1', 'p FP32 -1,2'],
  )
})

test('a version is a release', async () => {
  await using port = await testGrpc({ releases: [fakeRelease(), fakeRelease({ number: 2 })] })
  const ask = (modelVersion: string) => port.ask('ModelInfer', [ModelInferRequestSchema, ModelInferResponseSchema], { ...TYPED, modelVersion })
  assert.deepEqual([(await ask('')).modelVersion, (await ask('1')).modelVersion, (await ask('2')).modelVersion], ['2', '1', '2'])
  await assert.rejects(ask('3'), /status 5: release 3 of "credit" is not served; there are 1, 2/)
  await assert.rejects(ask('v1'), /status 5: release "v1" of "credit" cannot be/)
})

test('an unready deployment is UNAVAILABLE, and readiness falls', async () => {
  let draining = false
  await using port = await testGrpc({ isDraining: () => draining, releases: [] })
  const answer = await port.call('ModelInfer', encode(ModelInferRequestSchema, TYPED))
  assert.deepEqual([answer.status, answer.headers['grpc-retry-pushback-ms'], answer.headers['fairlead-code']], [14, '1000', 'release-not-ready'])
  assert.equal((await port.ask('ModelReady', [ModelReadyRequestSchema, ModelReadyResponseSchema], { name: 'credit' })).ready, false)
  draining = true
  assert.equal((await port.ask('ServerReady', [ServerReadyRequestSchema, ServerReadyResponseSchema], {})).ready, false)
})

test('access is asked with the metadata, and refused with the statuses for it', async () => {
  const asked: unknown[] = []
  await using port = await testGrpc({
    releases: [fakeRelease({ settings: { requireKey: true } })],
    authorize: ({ presented, loopback, deployment, requireKey }) => {
      asked.push([presented, loopback, deployment, requireKey])
      if (presented === 'good') return { kind: 'key', id: 'k1' }
      throw new FairleadError(presented ? 'not-allowed' : 'not-authenticated', 'no')
    },
  })
  const message = encode(ModelInferRequestSchema, TYPED)
  assert.equal((await port.call('ModelInfer', message)).status, 16)
  assert.equal((await port.call('ModelInfer', message, { headers: { authorization: 'Bearer other' } })).status, 7)
  assert.equal((await port.call('ModelInfer', message, { headers: { authorization: 'Bearer good' } })).status, 0)
  assert.equal((await port.call('ModelMetadata', encode(ModelMetadataRequestSchema, { name: 'credit' }))).status, 16)
  assert.equal((await port.call('ServerLive', new Uint8Array())).status, 0)
  assert.deepEqual(asked[0], [undefined, true, 'credit', true])
  assert.equal(port.world.predicted[0]?.request.caller.id, 'k1')
})

test('request id and trace go in, come back, and are recorded', async () => {
  await using port = await testGrpc()
  const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'
  const message = encode(ModelInferRequestSchema, { ...TYPED, id: '' })
  const answer = await port.call('ModelInfer', message, { headers: { 'x-request-id': 'web-4', traceparent } })
  assert.deepEqual([answer.headers['x-request-id'], answer.headers.traceparent], ['web-4', traceparent])
  const { request } = port.world.predicted[0]!
  assert.deepEqual([request.traceId, request.requestId], ['4bf92f3577b34da6a3ce929d0e0e4736', 'web-4'])
  assert.deepEqual([fromBinary(ModelInferResponseSchema, answer.messages[0]!).id, answer.headers['x-fairlead-id']], [request.id, request.id])
  assert.match(request.id, /^[0-9a-f-]{36}$/)
  const long = await port.call('ModelInfer', encode(ModelInferRequestSchema, { ...TYPED, id: 'x'.repeat(1001) }))
  assert.equal(long.status, 3)
  const odd = await port.call('ModelInfer', message, { headers: { 'x-request-id': 'a"b', traceparent: 'nonsense' } })
  assert.match(String(odd.headers['x-request-id']), /^[0-9a-f-]{36}$/)
  assert.equal(odd.headers.traceparent, undefined)
})

test('statistics and configuration are those of the REST interface', async () => {
  const series = { ...emptySeries('credit', 2), rows: 7, runs: 3, failedMs: 2.5, sizes: [{ rows: 4, runs: 1, inputMs: 1, runMs: 2, outputMs: 3 }] }
  await using port = await testGrpc({ releases: [fakeRelease(), fakeRelease({ number: 2 })], counted: async () => [series] })
  const stats = (name: string, version = '') => port.ask('ModelStatistics', [ModelStatisticsRequestSchema, ModelStatisticsResponseSchema], { name, version })
  assert.deepEqual(
    (await stats('')).modelStats.map(({ name, version }) => [name, version]),
    [
      ['credit', '1'],
      ['credit', '2'],
    ],
  )
  const [one, ...more] = (await stats('credit', '2')).modelStats
  assert.deepEqual(more, [])
  assert.deepEqual(
    [one!.inferenceCount, one!.executionCount, one!.inferenceStats?.fail?.ns, one!.batchStats[0]?.computeInfer?.ns],
    [7n, 3n, 2500000n, 2000000n],
  )
  await assert.rejects(stats('nobody'), /status 5: .*nobody/)
  await assert.rejects(stats('credit', '9'), /status 5: release 9/)
  await assert.rejects(stats('', '1'), /status 3: a version is asked for/)
  const config = (name: string, version = '') => port.ask('ModelConfig', [ModelConfigRequestSchema, ModelConfigResponseSchema], { name, version })
  const { config: got } = await config('credit')
  assert.deepEqual([got?.name, got?.maxBatchSize, got?.input[2]?.dims, got?.schedulingChoice.case], ['credit', 10_000, [2n], 'dynamicBatching'])
  assert.deepEqual([got?.modelTransactionPolicy?.decoupled, got?.responseCache?.enable], [false, false])
  await assert.rejects(config('credit', '9'), /status 5: release 9/)
})

test('a priority is taken from the parameters', async () => {
  await using port = await testGrpc()
  const level = async (value: bigint) => {
    const parameters = { priority: { parameterChoice: { case: 'int64Param' as const, value } } }
    return (await port.call('ModelInfer', encode(ModelInferRequestSchema, { ...TYPED, parameters }))).status
  }
  assert.equal(await level(3n), 0)
  assert.equal(port.world.logged.at(-1)!.request.priority, 3)
  assert.equal(await level(0n), 0)
  assert.equal(port.world.logged.at(-1)!.request.priority, undefined)
  assert.equal(await level(11n), 3)
})

test('a deadline that cannot be kept is DEADLINE_EXCEEDED, and what it is written in is checked', async () => {
  await using port = await testGrpc()
  const message = encode(ModelInferRequestSchema, TYPED)
  const call = (timeout: string) => port.call('ModelInfer', message, { headers: { 'grpc-timeout': timeout } })
  assert.equal((await call('1n')).status, 4)
  assert.equal((await call('0S')).status, 4)
  const wrong = await port.call('ModelInfer', encode(ModelInferRequestSchema, { ...TYPED, inputs: [] }), { headers: { 'grpc-timeout': '999u' } })
  assert.equal(wrong.status, 4, 'refused before its inputs are looked at')
  assert.equal((await call('1H')).status, 0)
  for (const odd of ['123456789S', '1', 'S', '1s', '-1S', '1.5S']) assert.equal((await call(odd)).status, 3, odd)
  const timeout = (value: bigint) => encode(ModelInferRequestSchema, { ...TYPED, parameters: { timeout: { parameterChoice: { case: 'int64Param', value } } } })
  assert.equal((await port.call('ModelInfer', timeout(60_000_000n))).status, 0)
  assert.equal((await port.call('ModelInfer', timeout(0n))).status, 0)
  assert.equal((await port.call('ModelInfer', timeout(1n))).status, 4)
  assert.equal((await port.call('ModelInfer', timeout(-1n))).status, 3)
  assert.deepEqual(
    port.world.failed.slice(0, 3).map(({ code }) => code),
    ['deadline-exceeded', 'deadline-exceeded', 'deadline-exceeded'],
  )
})

test('messages may be gzipped, and only so', async () => {
  await using port = await testGrpc({ limits: { messageBytes: 100_000 } })
  const message = encode(ModelInferRequestSchema, TYPED)
  const packed = (bytes: Uint8Array) => {
    const framed = frame(gzipSync(bytes))
    framed[0] = 1
    return framed
  }
  const call = (piece: Uint8Array, encoding?: string) =>
    port.call('ModelInfer', undefined, { pieces: [piece], ...(encoding ? { headers: { 'grpc-encoding': encoding } } : {}) })
  assert.equal((await call(packed(message), 'gzip')).status, 0)
  // what is marked as plain is plain, whatever the encoding of the call
  assert.equal((await call(frame(message), 'gzip')).status, 0)
  assert.equal((await call(frame(message), 'identity')).status, 0)
  const other = await call(frame(message), 'snappy')
  assert.deepEqual([other.status, other.headers['grpc-accept-encoding']], [12, 'identity,gzip'])
  assert.equal((await call(packed(message))).status, 3)
  const garbage = frame(Buffer.from('not gzip at all'))
  garbage[0] = 1
  assert.match((await call(garbage, 'gzip')).message, /not valid gzip/)
  for (const size of [100_001, 40_000_000]) {
    const bomb = await call(packed(Buffer.alloc(size)), 'gzip')
    assert.deepEqual([bomb.status, bomb.headers['fairlead-code']], [8, 'body-too-large'], `${size} bytes`)
  }
})

test('what is not a call of ours is refused in its own terms', async () => {
  await using port = await testGrpc()
  const message = encode(ModelInferRequestSchema, TYPED)
  assert.equal((await port.call('ModelInfer', message, { headers: { ':method': 'GET' } })).headers[':status'], 405)
  assert.equal((await port.call('ModelInfer', message, { headers: { 'content-type': 'application/json' } })).headers[':status'], 415)
  assert.equal((await port.call('ModelInfer', message, { headers: { 'content-type': 'application/grpc+json' } })).status, 12)
  assert.equal((await port.call('ModelInfer', message, { headers: { 'content-type': 'application/grpc+proto; charset=x' } })).status, 0)
  for (const path of ['TraceSetting', 'CudaSharedMemoryStatus', '/nothing/here', '/']) {
    const answer = await port.call(path, new Uint8Array())
    assert.deepEqual([answer.status, answer.headers[':status']], [12, 200], path)
  }
})

test('an error of our own says nothing but where to look', async () => {
  await using port = await testGrpc({
    authorize: () => {
      throw new TypeError('secret path /home')
    },
  })
  const answer = await port.call('ModelInfer', encode(ModelInferRequestSchema, TYPED))
  assert.equal(answer.status, 13)
  assert.doesNotMatch(answer.message, /secret/)
  assert.match(String(port.errors[0]), /secret/)
})
