import assert from 'node:assert/strict'
import type { IncomingHttpHeaders } from 'node:http'
import { request } from 'node:http'
import { brotliCompressSync, deflateRawSync, deflateSync, gunzipSync, gzipSync, inflateSync } from 'node:zlib'
import { FAKE_ROW } from '../../testing/fake-model.ts'
import { COMPRESSED_FROM } from './compression.ts'
import { eachLane, raw } from './testing/serving.ts'

const PREDICT = '/v1/deployments/credit/predict'
const MANY = JSON.stringify({ rows: Array(200).fill(FAKE_ROW) })

interface Got {
  status: number
  headers: IncomingHttpHeaders
  bytes: Buffer
}

/** Sends bytes as they are and gives back what came as it is: `fetch` would inflate it. */
function send(port: number, { path = PREDICT, method = 'POST', headers = {}, body = Buffer.alloc(0) as Uint8Array } = {}): Promise<Got> {
  return new Promise((resolve, reject) => {
    const call = request({ port, path, method, headers: { ...headers, ...(method === 'POST' ? { 'content-length': body.length } : {}) } }, (response) => {
      const parts: Buffer[] = []
      response.on('data', (part: Buffer) => parts.push(part))
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, bytes: Buffer.concat(parts) }))
    })
    call.on('error', reject)
    call.end(method === 'POST' ? body : undefined)
  })
}

const predictions = (bytes: Uint8Array) => (JSON.parse(Buffer.from(bytes).toString()) as { predictions: unknown[] }).predictions.length

eachLane('compressed bodies are read, in one piece and in several', async (testServing) => {
  await using serving = await testServing()
  const large = JSON.stringify({ rows: Array.from({ length: 400 }, (_, i) => ({ ...FAKE_ROW, amount: (i * 7919) % 9973, duration: (i * 104_729) % 977 })) })
  for (const [coding, pack] of Object.entries({ gzip: gzipSync, deflate: deflateSync, 'x-gzip': gzipSync }))
    for (const text of [MANY, large]) {
      const { status, bytes } = await send(serving.port, { headers: { 'content-encoding': coding }, body: pack(text) })
      assert.deepEqual([status, predictions(bytes)], [200, JSON.parse(text).rows.length], coding)
    }
  // members of gzip may follow each other, and either wrapper is read under either name
  const members = Buffer.concat([gzipSync(MANY.slice(0, 100)), gzipSync(MANY.slice(100))])
  assert.equal((await send(serving.port, { headers: { 'content-encoding': 'gzip' }, body: members })).status, 200)
  assert.equal((await send(serving.port, { headers: { 'content-encoding': 'deflate' }, body: gzipSync(MANY) })).status, 200)
})

eachLane('bodies that are not what they say are 400, and other codings 415', async (testServing) => {
  await using serving = await testServing()
  const whole = gzipSync(MANY)
  const broken: [string, Buffer][] = [
    ['gzip', Buffer.from('{"rows":[]}')],
    ['gzip', Buffer.alloc(0)],
    ['gzip', Buffer.from([31, 139, 8, 0, 1, 2, 3])],
    ['gzip', whole.subarray(0, whole.length - 9)],
    ['gzip', whole.subarray(0, whole.length - 1)],
    ['gzip', Buffer.concat([whole, Buffer.from('more')])],
    ['gzip', Buffer.concat([whole, Buffer.alloc(3)])],
    ['deflate', Buffer.concat([deflateSync(MANY), Buffer.from('more')])],
    ['deflate', deflateSync(MANY).subarray(0, 40)],
    ['deflate', deflateRawSync(MANY)],
  ]
  for (const [coding, body] of broken) {
    const { status, bytes } = await send(serving.port, { headers: { 'content-encoding': coding }, body })
    assert.deepEqual([status, JSON.parse(bytes.toString()).code], [400, 'request-invalid'], `${coding} ${body.toString('hex').slice(0, 40)}`)
  }
  for (const coding of ['br', 'gzip, gzip', 'fairlead']) {
    const { status, headers } = await send(serving.port, { headers: { 'content-encoding': coding }, body: brotliCompressSync(MANY) })
    assert.deepEqual([status, headers['accept-encoding']], [415, 'gzip, deflate'], coding)
  }
  const oip = await send(serving.port, { path: '/v2/models/credit/infer', headers: { 'content-encoding': 'gzip' }, body: Buffer.from('nonsense') })
  assert.deepEqual([oip.status, Object.keys(JSON.parse(oip.bytes.toString()))], [400, ['error']])
  assert.equal(serving.world.failed.length, broken.length + 4)
  assert.deepEqual(serving.errors, [])
})

eachLane('a body that becomes too large is cut off while it is inflated', async (testServing) => {
  await using serving = await testServing({ limits: { rowBodyBytes: 1024 * 1024, oipBodyBytes: 1024 * 1024 } })
  const bomb = gzipSync(Buffer.alloc(200 * 1024 * 1024))
  assert.ok(bomb.length < 1024 * 1024)
  const before = process.memoryUsage().rss
  const answers = await Promise.all(Array.from({ length: 8 }, () => send(serving.port, { headers: { 'content-encoding': 'gzip' }, body: bomb })))
  assert.deepEqual(
    answers.map(({ status }) => status),
    Array(8).fill(413),
  )
  assert.ok(process.memoryUsage().rss - before < 150 * 1024 * 1024)
  assert.equal((await send(serving.port, { body: Buffer.from(MANY) })).status, 200)
})

eachLane('inflated bytes count against the room for bodies, and are given back', async (testServing) => {
  const limits = { rowBodyBytes: 300_000, oipBodyBytes: 300_000, bodiesBytes: 300_000 }
  await using serving = await testServing({ limits })
  const body = gzipSync(`{"rows":[${' '.repeat(200_000)}]}`)
  for (let round = 0; round < 4; round++) {
    const answers = await Promise.all([1, 2, 3].map(() => send(serving.port, { headers: { 'content-encoding': 'gzip' }, body })))
    const statuses = answers.map(({ status }) => status)
    assert.ok(
      statuses.every((status) => status === 422 || status === 503),
      String(statuses),
    )
  }
  // no two of them had room together, and all of it is there again
  assert.equal((await send(serving.port, { headers: { 'content-encoding': 'gzip' }, body })).status, 422)
})

eachLane('large answers are compressed for those who ask, small ones and errors never', async (testServing) => {
  await using serving = await testServing()
  const ask = (accept: string | undefined, body = MANY) =>
    send(serving.port, { headers: accept === undefined ? {} : { 'accept-encoding': accept }, body: Buffer.from(body) })
  const plain = await ask(undefined)
  assert.ok(plain.bytes.length >= COMPRESSED_FROM)
  assert.deepEqual([plain.headers['content-encoding'], plain.headers.vary], [undefined, 'Accept-Encoding'])
  for (const [accept, coding, unpack] of [
    ['gzip', 'gzip', gunzipSync],
    ['deflate, gzip;q=0', 'deflate', inflateSync],
    ['gzip, deflate, br', 'gzip', gunzipSync],
  ] as const) {
    const { status, headers, bytes } = await ask(accept)
    assert.deepEqual([status, headers['content-encoding'], headers.vary, headers['content-type']], [200, coding, 'Accept-Encoding', 'application/json'])
    assert.deepEqual([Number(headers['content-length']), predictions(unpack(bytes))], [bytes.length, 200])
    assert.ok(bytes.length < plain.bytes.length / 4)
  }
  for (const accept of ['identity', 'gzip;q=0', 'br']) assert.equal((await ask(accept)).headers['content-encoding'], undefined, accept)
  const small = await ask('gzip', JSON.stringify({ rows: [FAKE_ROW] }))
  assert.deepEqual([small.headers['content-encoding'], small.headers.vary], [undefined, undefined])
  const wrong = await ask('gzip', JSON.stringify({ rows: Array.from({ length: 100 }, () => ({ nothing: 1 })) }))
  assert.ok(wrong.bytes.length > COMPRESSED_FROM)
  assert.deepEqual([wrong.status, wrong.headers['content-encoding']], [422, undefined])
  // what is no prediction, too
  const page = await send(serving.port, { method: 'GET', path: '/v1/deployments/credit/openapi.json', headers: { 'accept-encoding': 'gzip' } })
  assert.equal(JSON.parse(gunzipSync(page.bytes).toString()).openapi, '3.1.0')
})

eachLane('compressed conversations keep their order, also when the client has sent all and closed its side', async (testServing) => {
  await using serving = await testServing()
  const body = gzipSync(MANY).toString('latin1')
  const one = (id: string, more = '') =>
    `POST ${PREDICT} HTTP/1.1\r\nHost: x\r\nX-Request-Id: ${id}\r\nAccept-Encoding: gzip\r\nContent-Encoding: gzip\r\nContent-Length: ${body.length}\r\n${more}\r\n${body}`
  const answer = await raw(serving.port, Buffer.from(one('a') + one('b') + one('c', 'Connection: close\r\n'), 'latin1'))
  assert.deepEqual(answer.match(/X-Request-Id: \w/g), ['X-Request-Id: a', 'X-Request-Id: b', 'X-Request-Id: c'])
  assert.equal(answer.match(/Content-Encoding: gzip/g)?.length, 3)
})
