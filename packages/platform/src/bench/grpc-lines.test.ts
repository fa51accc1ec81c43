import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { readInferResponse } from '../conformance/index.ts'
import { echoGrpc } from '../conformance/testing/echo-grpc.ts'
import { echoModel } from '../conformance/testing/echo-model.ts'
import { LoadGenerator } from './generate.ts'
import { Judge } from './judge.ts'
import { requestsOf } from './requests.ts'
import type { BenchRequest, Step, Target } from './types.ts'

const COLUMNS = [{ name: 'fp32', type: 'float32' as const, tensor: 'fp32', shape: [2] }]
const ROWS = [{ fp32: [1, 2] }, { fp32: [3, 4] }]

function asked(): BenchRequest[] {
  const inputs = [{ name: 'fp32', datatype: 'FP32', shape: [-1, 2] }]
  return requestsOf({ deployment: 'echo', interface: 'grpc', rows: ROWS, rowsPerRequest: 1, columns: COLUMNS, inputs })
}

function target(url: URL, more: Partial<Target> = {}): Target {
  return { url: url.origin, headers: { Authorization: 'Bearer k' }, connections: 40, timeoutMs: 5000, protocol: 'grpc', ...more }
}

const step = (more: Partial<Step> = {}): Step => ({
  rate: 100,
  seconds: 0.5,
  leadSeconds: 0,
  arrivals: 'constant',
  seed: 1,
  giveUpMs: 10_000,
  lateMs: 20,
  ...more,
})

test('calls are made over few connections, and their answers compared', async () => {
  await using server = await echoGrpc(echoModel(['FP32']))
  const generator = new LoadGenerator(target(server.url), asked())
  try {
    await generator.learn()
    const open = await generator.run(step())
    assert.deepEqual([open.failed, open.scheduled > 40, open.inTime > 40], [{}, true, true])
    const closed = await generator.run(step({ rate: null, seconds: 0.3 }))
    assert.deepEqual([closed.failed, closed.inTime > 10], [{}, true])
  } finally {
    await generator.close()
  }
})

test('refusals, wrong answers and answers that are none are told apart', async () => {
  let taken = 0
  await using server = await echoGrpc(echoModel(['FP32']), (method, right) => {
    if (method !== 'ModelInfer' || ++taken <= 4) return right
    const kind = taken % 4
    if (kind === 0) return { status: 14, message: Buffer.alloc(0) }
    if (kind === 1) return { status: 13, message: Buffer.alloc(0) }
    // the last value of the last output is another
    if (kind === 2) return { status: 0, message: Buffer.concat([right.message.subarray(0, -4), Buffer.from([0, 0, 0x80, 0x3f])]) }
    return { status: 0, message: Buffer.from([0xff]) }
  })
  const generator = new LoadGenerator(target(server.url, { connections: 2 }), asked())
  try {
    await generator.learn()
    const { failed, firstWrong } = await generator.run(step())
    assert.deepEqual(Object.keys(failed).sort(), ['500', '503', 'wrong'])
    assert.match(firstWrong ?? '', /status 500: refused|outputs\[0\]\[values\]\[1\] is 1, and was|no inference response/)
  } finally {
    await generator.close()
  }
})

test('nobody there, a server of HTTP/2 that speaks no gRPC, and one that hangs', async () => {
  const nobody = new LoadGenerator(target(new URL('http://127.0.0.1:9')), asked())
  await assert.rejects(nobody.learn(), /ECONNREFUSED/)
  await nobody.close()
  let answers = true
  const server = createServer((_request, response) => {
    if (answers) response.end('hello')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  for (const [words, timeoutMs] of [
    [/not gRPC/, 5000],
    [/no answer within 0\.2 s/, 200],
  ] as const) {
    const generator = new LoadGenerator(target(url, { timeoutMs }), asked())
    await assert.rejects(generator.learn(), words)
    await generator.close()
    answers = false
  }
  await new Promise((resolve) => server.close(resolve))
})

test('an answer is judged from its outputs on, whatever its id is', async () => {
  const [request] = asked()
  const judge = new Judge(request!, 'grpc')
  // model_name "m", id, one output "y" of FP32 [1], raw contents
  const answer = (id: string, value: number) => {
    const raw = Buffer.alloc(4)
    raw.writeFloatLE(value)
    const field = (tag: number, bytes: Uint8Array | string) => Buffer.concat([Buffer.from([tag, bytes.length]), Buffer.from(bytes as string)])
    const output = Buffer.concat([field(0x0a, 'y'), field(0x12, 'FP32'), field(0x1a, Buffer.from([1]))])
    return Buffer.concat([field(0x0a, 'm'), field(0x1a, id), field(0x2a, output), field(0x32, raw)])
  }
  assert.deepEqual(readInferResponse(answer('a', 0.5)).outputs[0]?.values, [0.5])
  judge.learn(answer('first', 0.5))
  assert.equal(judge.wrong(answer('second', 0.5)), undefined)
  assert.equal(judge.wrong(answer('third', 0.5000001)), undefined)
  assert.match(judge.wrong(answer('fourth', 0.7)) ?? '', /values\]\[0\] is 0\.69999\d+, and was 0\.5 before/)
  assert.match(judge.wrong(answer('fifth', 0.5).subarray(0, -1)) ?? '', /no inference response/)
})
