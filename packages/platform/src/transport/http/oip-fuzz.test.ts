import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deflateSync, gzipSync } from 'node:zlib'
import { DATA_TYPES } from '@fairlead/contract'
import { echoRelease, echoSession, everyType } from '../../testing/echo-session.ts'
import { Random } from './lane/testing/random.ts'
import { binaryBody } from './testing/binary-request.ts'
import { fuzzInfer } from './testing/infer-fuzz.ts'
import { eachLane } from './testing/serving.ts'

test('whatever bytes come as an inference request are refused as the caller’s fault, or answered bit by bit', () => {
  const { tried, faults } = fuzzInfer(20_262, 2000)
  assert.deepEqual(faults, [])
  assert.ok(tried > 200, `${tried} requests`)
})

eachLane('spoiled requests over the port, compressed and not, are all answered below 500, and the next right one is fine', async (testServing) => {
  await using serving = await testServing({ releases: [echoRelease(everyType(DATA_TYPES))], session: echoSession() })
  const random = new Random(5)
  for (let round = 0; round < 60; round++) {
    const { body, headers } = binaryBody([{ name: 'INT8', datatype: 'INT8', shape: [1, 3], bytes: Buffer.from([1, 2, 3]) }])
    const bytes = random.chance(0.5)
      ? body.subarray(0, random.int(body.length))
      : Buffer.from(body.map((byte) => (random.chance(0.02) ? random.int(256) : byte)))
    const [coding, pack] = random.pick([['identity', (plain: Uint8Array) => plain] as const, ['gzip', gzipSync] as const, ['deflate', deflateSync] as const])
    const packed = Buffer.from(pack(bytes))
    if (random.chance(0.3)) packed[random.int(packed.length)] = random.int(256)
    const response = await serving.post('/v2/models/credit/infer', packed, { ...headers, 'content-encoding': coding })
    const answer = (await response.json()) as object
    assert.ok(response.status >= 400 && response.status < 500, `round ${round}: ${response.status}`)
    assert.deepEqual(Object.keys(answer), ['error'])
  }
  assert.deepEqual(serving.errors, [])
})
