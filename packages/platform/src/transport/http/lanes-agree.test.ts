import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { FAKE_ROW } from '../../testing/fake-model.ts'
import { MUTATIONS } from './lane/testing/mutations.ts'
import { Random } from './lane/testing/random.ts'
import { testServing } from './testing/serving.ts'

const ROWS = JSON.stringify({ rows: [FAKE_ROW] })
const TENSORS = JSON.stringify({
  inputs: [
    { name: 'age', shape: [1, 1], datatype: 'INT64', data: [20] },
    { name: 'purpose', shape: [1], datatype: 'BYTES', data: ['car'] },
    { name: 'figures', shape: [1, 2], datatype: 'FP32', data: [2500, 1] },
  ],
})
const PREDICT = '/v1/deployments/credit/predict'

function post(path: string, body: string, ...headers: string[]): string {
  return [`POST ${path} HTTP/1.1`, 'Host: x', `Content-Length: ${body.length}`, ...headers, '', body].join('\r\n')
}

const chunked = `POST ${PREDICT} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nX-Request-Id: c\r\n\r\n${ROWS.length.toString(16)}\r\n${ROWS}\r\n0\r\n\r\n`
const trace = 'traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'

/** Well-formed requests, of the lane's form and not, each character a byte; each says its id, so that answers can be compared as they are. */
const REQUESTS = [
  post(PREDICT, ROWS, 'X-Request-Id: a'),
  post('/v2/models/credit/infer', TENSORS, 'X-Request-Id: b', trace),
  post(PREDICT, ROWS.replace('35', '350'), 'X-Request-Id: wrong'),
  post(PREDICT, '{"rows":', 'X-Request-Id: json'),
  post('/v2/models/credit/infer', '{', 'X-Request-Id: oip'),
  post('/v2/models/credit/versions/9/infer', TENSORS, 'X-Request-Id: release'),
  post('/v1/deployments/credti/predict', ROWS, 'X-Request-Id: name'),
  post(PREDICT, 'a,b', 'Content-Type: text/csv', 'X-Request-Id: csv'),
  post(PREDICT, 'x'.repeat(3000), 'Content-Encoding: gzip', 'X-Request-Id: zip'),
  post(PREDICT, gzipSync(ROWS).toString('latin1'), 'Content-Encoding: gzip', 'X-Request-Id: zipped'),
  post(PREDICT, 'x'.repeat(3000), 'Content-Encoding: br', 'X-Request-Id: brotli'),
  post(`${PREDICT}?x=1`, ROWS, 'X-Request-Id: query'),
  post(PREDICT, ROWS, 'X-Request-Id: odd', 'X-Other: header'),
  post(PREDICT, '', 'X-Request-Id: empty'),
  post(PREDICT, `{"rows":[${Array(400).fill(JSON.stringify(FAKE_ROW)).join(',')}]}`, 'X-Request-Id: many'),
  post('/v2/models/credit/infer', `{"id":"${'a'.repeat(950)}",${TENSORS.slice(1)}`, 'Accept-Encoding: gzip', 'X-Request-Id: packed'),
  'GET /healthz HTTP/1.1\r\nHost: x\r\nX-Request-Id: g\r\n\r\n',
  chunked,
]
const LAST = post(PREDICT, ROWS, 'X-Request-Id: z', 'Connection: close')

/** Cuts a stream at up to twelve places. */
function fewPieces(stream: Buffer, random: Random): Buffer[] {
  const cuts = Array.from({ length: random.int(13) }, () => random.int(stream.length)).sort((a, b) => a - b)
  return [0, ...cuts].map((from, i) => stream.subarray(from, cuts[i] ?? stream.length)).filter((piece) => piece.length > 0)
}

const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}/g

/** Sends pieces with a pause between some, and gathers the answers until the connection ends, without their dates and made-up ids. */
function converse(port: number, pieces: Buffer[]): Promise<string> {
  return new Promise((resolve) => {
    let answer = ''
    const socket = connect(port, '127.0.0.1', async () => {
      for (const [i, piece] of pieces.entries()) {
        socket.write(piece)
        if (i % 3 === 2) await sleep(1)
      }
    })
    socket.setNoDelay(true)
    socket.on('data', (chunk) => {
      answer += chunk.toString('latin1')
    })
    socket.on('error', () => {})
    socket.on('close', () => resolve(answer.replace(/Date: [^\r]*\r\n/g, '').replace(UUID, 'made-here')))
  })
}

async function bothAnswer(ports: { lane: number; http: number }, pieces: Buffer[]): Promise<[string, string]> {
  return Promise.all([converse(ports.lane, pieces), converse(ports.http, pieces)])
}

test('conversations get the same answers, byte for byte, with the lane and without', async () => {
  await using fast = await testServing({ fastLane: true })
  await using plain = await testServing({ fastLane: false })
  const random = new Random(3)
  for (const request of REQUESTS) {
    const [a, b] = await bothAnswer({ lane: fast.port, http: plain.port }, [Buffer.from(request + LAST, 'latin1')])
    assert.equal(a, b)
    assert.match(a, /X-Request-Id: z\r/)
  }
  for (let round = 0; round < 40; round++) {
    const requests = Array.from({ length: 1 + random.int(6) }, () => random.pick(REQUESTS))
    const stream = Buffer.from([...requests, LAST].join(''), 'latin1')
    const [a, b] = await bothAnswer({ lane: fast.port, http: plain.port }, fewPieces(stream, random))
    assert.equal(a, b, `round ${round}`)
    assert.equal(a.match(/HTTP\/1\.1 \d/g)?.length, requests.length + 1)
  }
  assert.deepEqual(fast.world.predicted.map((event) => event.request.requestId).sort(), plain.world.predicted.map((event) => event.request.requestId).sort())
  assert.deepEqual(fast.world.failed.map((event) => event.code).sort(), plain.world.failed.map((event) => event.code).sort())
})

test('what is odd gets the same status with the lane and without', async () => {
  const limits = { headersMs: 200, requestMs: 250, keepAliveMs: 200 }
  await using fast = await testServing({ fastLane: true, limits })
  await using plain = await testServing({ fastLane: false, limits })
  const random = new Random(4)
  const statuses = (answer: string) => answer.match(/HTTP\/1\.1 \d+/g)
  const tries = MUTATIONS.flatMap((mutation) => Array.from({ length: 3 }, () => mutation)).map(async (mutation) => {
    const request = { line: `POST ${PREDICT} HTTP/1.1`, headers: ['Host: x', `Content-Length: ${ROWS.length}`], body: ROWS }
    mutation(request, random)
    const text = `${[request.line, ...request.headers].join('\r\n')}\r\n\r\n${request.body}`
    const [a, b] = await bothAnswer({ lane: fast.port, http: plain.port }, [Buffer.from(text, 'latin1')])
    const [fastOnes, plainOnes] = [statuses(a) ?? [], statuses(b) ?? []]
    // node:http drops a request that it has read when what follows it is no HTTP; the lane answers it first
    assert.deepEqual(fastOnes.slice(-plainOnes.length), plainOnes, JSON.stringify(text))
    assert.ok(fastOnes.length - plainOnes.length <= 1, JSON.stringify(text))
  })
  await Promise.all(tries)
})
