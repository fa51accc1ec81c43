import assert from 'node:assert/strict'
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { FAKE_ROW, fakeRelease } from '../../testing/fake-model.ts'
import { eachLane, raw } from './testing/serving.ts'

const PATH = '/v1/deployments/credit/predict'
const BODY = JSON.stringify({ rows: [FAKE_ROW] })

function post(id: string, body = BODY): string {
  return `POST ${PATH} HTTP/1.1\r\nHost: x\r\nX-Request-Id: ${id}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`
}

/** Opens a connection that stays half open when the other side has said all. */
function open(port: number): { socket: Socket; text(): string; closed: Promise<void> } {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  let text = ''
  socket.on('data', (chunk) => {
    text += chunk
  })
  socket.on('error', () => {})
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
  return { socket, text: () => text, closed }
}

async function until(done: () => boolean, what: string): Promise<void> {
  for (let tries = 0; !done(); tries++) {
    assert.ok(tries < 6000, what)
    await sleep(5)
  }
}

eachLane('a head and a body that come byte by byte end at their time, however steadily they come', async (testServing) => {
  await using serving = await testServing({ limits: { headersMs: 400, requestMs: 500 } })
  const drip = async (text: string, beforehand: number) => {
    const { socket, text: said, closed } = open(serving.port)
    socket.once('end', () => socket.end())
    socket.write(text.slice(0, beforehand))
    const began = Date.now()
    for (let at = beforehand; at < text.length && !said().includes('408') && Date.now() - began < 5000; at++) {
      socket.write(text[at]!)
      await sleep(10)
    }
    await closed
    assert.match(said(), /^HTTP\/1\.1 408 /)
    assert.ok(Date.now() - began < 4500, `${Date.now() - began} ms`)
  }
  const long = post('slow', BODY + ' '.repeat(2000))
  await Promise.all([drip(`POST ${PATH} HTTP/1.1\r\nHost: x\r\nX-Long: ${'y'.repeat(2000)}`, 5), drip(long, long.length - 1900)])
  assert.equal(serving.world.predicted.length, 0)
  assert.equal((await serving.post(PATH, BODY)).status, 200)
})

eachLane('a client that takes an answer bit by bit is let go when it took too long over all of it', async (testServing) => {
  await using serving = await testServing({ limits: { answerMs: 700, keepAliveMs: 60_000 }, releases: [fakeRelease({ settings: { maxRows: 100_000 } })] })
  const socket = connect(serving.port, '127.0.0.1')
  socket.on('error', () => {})
  socket.pause()
  for (let i = 0; i < 3; i++) socket.write(post('a', JSON.stringify({ rows: Array(100_000).fill(FAKE_ROW) })))
  // it reads a little all the time, so it is never silent
  const sip = setInterval(() => socket.read(32_768), 20)
  try {
    await until(() => serving.http.connections() === 1, 'it is connected')
    await until(() => serving.world.predicted.length > 0, 'it has an answer to take')
    await until(() => serving.http.connections() === 0, 'it is let go')
  } finally {
    clearInterval(sip)
    socket.destroy()
  }
})

eachLane('when too much waits for clients that do not read, the one that waits longest is cut, and nobody else', async (testServing) => {
  const releases = [fakeRelease({ settings: { maxRows: 100_000 } })]
  await using serving = await testServing({ limits: { unreadBytes: 25_000_000 }, releases })
  const body = JSON.stringify({ rows: Array(100_000).fill(FAKE_ROW) })
  const idle: Socket[] = []
  try {
    for (let i = 1; i <= 5; i++) {
      const socket = connect(serving.port, '127.0.0.1')
      socket.on('error', () => {})
      socket.pause()
      socket.write(post('a', body))
      idle.push(socket)
      await until(() => serving.world.predicted.length === i, `answer ${i}`)
    }
    await until(() => serving.http.connections() < 5, 'the oldest are cut')
    assert.ok(serving.http.connections() > 0)
    const other = await serving.post(PATH, body)
    assert.equal(((await other.json()) as { predictions: unknown[] }).predictions.length, 100_000)
  } finally {
    for (const socket of idle) socket.destroy()
  }
})

eachLane('a request that comes as the port closes, on a connection that is kept, is answered as its last', async (testServing) => {
  await using serving = await testServing()
  const [active, idle] = [open(serving.port), open(serving.port)]
  for (const { socket, text } of [active, idle]) {
    socket.once('end', () => socket.end())
    socket.write(post('first'))
    await until(() => text().endsWith('}'), 'the first answer')
    assert.doesNotMatch(text(), /connection: close/i)
  }
  const began = Date.now()
  const closed = serving.http.close(20_000)
  active.socket.write(post('last'))
  await Promise.all([active.closed, idle.closed, closed])
  assert.match(active.text(), /HTTP\/1\.1 200 [\s\S]*HTTP\/1\.1 200 [\s\S]*connection: close/i)
  assert.equal(idle.text().match(/HTTP\/1\.1/g)?.length, 1)
  assert.ok(Date.now() - began < 10_000)
})

eachLane('half-closed connections in every state are answered or ended, and none stays', async (testServing) => {
  await using serving = await testServing()
  const silent = open(serving.port)
  silent.socket.once('connect', () => silent.socket.end())
  const inHead = open(serving.port)
  inHead.socket.once('connect', () => inHead.socket.end(post('b').slice(0, 20)))
  const inBody = open(serving.port)
  inBody.socket.once('connect', () => inBody.socket.end(post('c').slice(0, -3)))
  const whole = open(serving.port)
  whole.socket.once('connect', () => whole.socket.end(post('d') + post('e')))
  await Promise.all([silent, inHead, inBody, whole].map(({ closed }) => closed))
  assert.equal(silent.text(), '')
  assert.match(inHead.text(), /^HTTP\/1\.1 400 /)
  assert.match(inBody.text(), /^HTTP\/1\.1 400 /)
  assert.equal(whole.text().match(/HTTP\/1\.1 200 /g)?.length, 2)
  await until(() => serving.http.connections() === 0, 'none is left')
})

eachLane('a connection too many is told so, whatever it asks, and there is room again when one ends', async (testServing) => {
  await using serving = await testServing({ limits: { connections: 2 } })
  const [one, two] = [open(serving.port), open(serving.port)]
  await until(() => serving.http.connections() === 2, 'two are connected')
  for (const text of [post('b'), 'GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n', '']) {
    assert.match(await raw(serving.port, text), /^HTTP\/1\.1 503 [\s\S]*Retry-After: 1\r\n[\s\S]*Connection: close\r\n[\s\S]*"code":"overloaded"/)
  }
  assert.equal(serving.http.refused(), 3)
  one.socket.destroy()
  await until(() => serving.http.connections() === 1, 'there is room')
  assert.match(await raw(serving.port, `${post('c').replace('Host: x', 'Host: x\r\nConnection: close')}`), /^HTTP\/1\.1 200 /)
  two.socket.destroy()
})

eachLane('a request of a million rows is refused before they are made, and the next goes on', async (testServing) => {
  await using serving = await testServing()
  const before = process.memoryUsage().rss
  const began = performance.now()
  const rows = await serving.post(PATH, `{"rows":[${'{},'.repeat(999_999)}{}]}`)
  assert.deepEqual([rows.status, ((await rows.json()) as { code: string }).code], [422, 'rows-too-many'])
  const tensors = await serving.post(
    '/v2/models/credit/infer',
    `{"inputs":[{"name":"age","datatype":"INT64","shape":[1000000,1],"data":[${'1,'.repeat(999_999)}1]},{"name":"purpose","datatype":"BYTES","shape":[1000000,1],"data":[${'"",'.repeat(999_999)}""]},{"name":"figures","datatype":"FP32","shape":[1000000,2],"data":[${'1,'.repeat(1_999_999)}1]}]}`,
  )
  assert.equal(tensors.status, 400)
  assert.match(((await tensors.json()) as { error: string }).error, /1000000 rows in one request|at most 10000/)
  assert.ok(performance.now() - began < 15_000)
  assert.ok(process.memoryUsage().rss - before < 1_000_000_000, 'memory is bounded')
  assert.equal((await serving.post(PATH, BODY)).status, 200)
})
