import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testLimiter } from '../../testing/limiter.ts'
import { ModelInferRequestSchema } from './generated/open_inference_grpc_pb.ts'
import { encode, ONE_ROW, testGrpc } from './testing/serving.ts'

test('a limited caller is told in metadata what is left, and refused with RESOURCE_EXHAUSTED over it', async () => {
  const { limiter, clock } = testLimiter({ rate: '2/s', quota: '3/day' })
  await using serving = await testGrpc({ limiter, authorize: () => ({ kind: 'key', id: 'abc' }) })
  const ask = () => serving.call('ModelInfer', encode(ModelInferRequestSchema, ONE_ROW))
  const answers = [await ask(), await ask(), await ask()]
  assert.deepEqual(
    answers.map(({ status }) => status),
    [0, 0, 8],
  )
  assert.deepEqual(
    answers.map(({ headers }) => headers.ratelimit),
    ['"rate";r=1;t=1, "day";r=2;t=43200', '"rate";r=0;t=1, "day";r=1;t=43200', '"rate";r=0;t=1, "day";r=1;t=43200'],
  )
  assert.equal(answers[0]!.headers['ratelimit-policy'], '"rate";q=2;w=1, "day";q=3;w=86400;qu="rows"')
  const { headers, message } = answers[2]!
  assert.deepEqual([headers['fairlead-code'], headers['grpc-retry-pushback-ms']], ['rate-limited', '1000'])
  assert.match(message, /2 requests per second/)
  clock.at += 1000
  assert.equal((await ask()).status, 0)
  const exhausted = await ask()
  // half a day is nothing that a client waits for
  assert.deepEqual([exhausted.status, exhausted.headers['fairlead-code'], exhausted.headers['grpc-retry-pushback-ms']], [8, 'quota-exhausted', '-1'])
  assert.deepEqual(
    serving.world.failed.map(({ code, deployment }) => [code, deployment]),
    [
      ['rate-limited', 'credit'],
      ['quota-exhausted', 'credit'],
    ],
  )
})
