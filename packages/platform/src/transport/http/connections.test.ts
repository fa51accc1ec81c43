import assert from 'node:assert/strict'
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { FairleadError } from '@fairlead/contract'
import { FAKE_ROW, fakeRelease } from '../../testing/fake-model.ts'
import { eachLane, raw } from './testing/serving.ts'

const BODY = JSON.stringify({ rows: [FAKE_ROW] })
const PATH = '/v1/deployments/credit/predict'

function post(id: string, body = BODY): string {
  return `POST ${PATH} HTTP/1.1\r\nHost: x\r\nX-Request-Id: ${id}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`
}

/** A client that gathers what it is sent. */
async function client(port: number): Promise<{ socket: Socket; text(): string; closed: Promise<void>; until(words: string): Promise<void> }> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  let text = ''
  socket.on('data', (chunk) => {
    text += chunk.toString()
  })
  socket.on('error', () => {})
  const closed = new Promise<void>((resolve) => {
    socket.once('close', () => resolve())
    socket.once('end', () => socket.end())
  })
  await new Promise((resolve) => socket.once('connect', resolve))
  const until = async (words: string) => {
    for (let tries = 0; !text.includes(words); tries++) {
      if (tries > 500) throw new Error(`no "${words}" in ${text.slice(0, 1000)}`)
      await sleep(5)
    }
  }
  return { socket, text: () => text, closed, until }
}

eachLane('an idle connection is closed without a word, one that never asks is told', async (testServing) => {
  await using serving = await testServing({ limits: { keepAliveMs: 200, headersMs: 300 } })
  const start = Date.now()
  const [used, silent] = await Promise.all([raw(serving.port, post('a')), raw(serving.port, '')])
  assert.equal(used.match(/HTTP\/1\.1/g)?.length, 1)
  assert.match(silent, /^HTTP\/1\.1 408 /)
  assert.ok(Date.now() - start < 2900)
  for (let tries = 0; serving.http.connections() > 0 && tries < 500; tries++) await sleep(5)
  assert.equal(serving.http.connections(), 0)
})

eachLane('a slow second head and a slow second body are told like the first', async (testServing) => {
  await using serving = await testServing({ limits: { headersMs: 250, requestMs: 300 } })
  const answers = await Promise.all([raw(serving.port, post('a') + post('b').slice(0, 30)), raw(serving.port, post('a') + post('b').slice(0, -5))])
  for (const answer of answers) assert.match(answer, /^HTTP\/1\.1 200 [\s\S]*HTTP\/1\.1 408 [\s\S]*request-timeout/)
  assert.equal(serving.world.predicted.length, 2)
})

eachLane('after its share of requests a connection is closed', async (testServing) => {
  await using serving = await testServing({ limits: { connectionRequests: 2 } })
  const answer = await raw(serving.port, post('a') + post('b'), 500)
  assert.equal(answer.match(/HTTP\/1\.1 200/g)?.length, 2)
  assert.match(answer.slice(answer.indexOf('X-Request-Id: a\r')), /Connection: close/)
})

eachLane('a client that has closed its sending side gets its answer', async (testServing) => {
  await using serving = await testServing({ releases: [fakeRelease({ number: 1 })] })
  serving.world.model.delayMs = 80
  await serving.inference.converge({ revision: 2, deployments: [{ name: 'credit', current: 2, releases: [fakeRelease({ number: 2 })] }] })
  const half = await client(serving.port)
  half.socket.end(post('a'))
  await half.closed
  assert.match(half.text(), /^HTTP\/1\.1 200 [\s\S]*X-Request-Id: a\r/)
  const torn = await client(serving.port)
  torn.socket.end(post('b').slice(0, -3))
  await torn.closed
  assert.match(torn.text(), /^HTTP\/1\.1 400 [\s\S]*not valid HTTP/)
})

eachLane('a body in parts, larger than a first buffer, arrives as it was', async (testServing) => {
  await using serving = await testServing({ limits: { rowBodyBytes: 8_000_000 } })
  const body = `${' '.repeat(3_000_000)}${BODY}`
  const slow = await client(serving.port)
  for (let at = 0; at < body.length + 200; at += 500_000) {
    slow.socket.write(post('a', body).slice(at, at + 500_000))
    await sleep(2)
  }
  slow.socket.write(post('b'))
  await slow.until('X-Request-Id: b\r')
  slow.socket.destroy()
  assert.deepEqual(
    serving.world.predicted.map((event) => event.request.requestId),
    ['a', 'b'],
  )
})

eachLane('an answer that does not wait for the body leaves the connection in order', async (testServing) => {
  await using serving = await testServing({
    authorize: ({ presented }) => {
      if (presented === 'good') return { kind: 'key', id: 'k' }
      throw new FairleadError('not-authenticated', 'a key is needed')
    },
  })
  const refused = await client(serving.port)
  const text = post('bad', `{"rows":[${' '.repeat(200_000)}]}`)
  refused.socket.write(text.slice(0, 1000))
  await refused.until('not-authenticated')
  refused.socket.write(text.slice(1000) + post('good').replace('X-Request-Id: good', 'X-Request-Id: good\r\nX-Api-Key: good'))
  await refused.until('X-Request-Id: good\r')
  assert.match(refused.text(), /^HTTP\/1\.1 401 [\s\S]*HTTP\/1\.1 200/)
  refused.socket.destroy()
})

eachLane('a client that does not read its answers is not read either', async (testServing) => {
  await using serving = await testServing()
  const one = post('a', JSON.stringify({ rows: Array(300).fill(FAKE_ROW) }))
  const socket = connect(serving.port, '127.0.0.1')
  socket.on('error', () => {})
  socket.pause()
  let sent = 0
  const more = () => {
    while (sent < 4000 && socket.write(one)) sent++
  }
  socket.on('drain', more)
  socket.once('connect', more)
  const answered = () => serving.world.predicted.length
  let before = -1
  while (answered() !== before) {
    before = answered()
    await sleep(300)
  }
  assert.ok(before < 3000, `${before} requests were answered for nobody`)
  socket.resume()
  for (let tries = 0; answered() < before + 100 && tries < 500; tries++) await sleep(10)
  assert.ok(answered() >= before + 100, 'it goes on when the client reads')
  socket.destroy()
})

eachLane('a client that stops reading for good is let go', async (testServing) => {
  await using serving = await testServing({ limits: { keepAliveMs: 300 }, releases: [fakeRelease({ settings: { maxRows: 100_000 } })] })
  const socket = connect(serving.port, '127.0.0.1')
  socket.on('error', () => {})
  socket.pause()
  // more than the system takes from a client that does not read
  for (let i = 0; i < 3; i++) socket.write(post('a', JSON.stringify({ rows: Array(100_000).fill(FAKE_ROW) })))
  for (let tries = 0; serving.http.connections() === 0 && tries < 500; tries++) await sleep(5)
  for (let tries = 0; serving.http.connections() > 0 && tries < 1500; tries++) await sleep(10)
  assert.equal(serving.http.connections(), 0)
  socket.destroy()
})

eachLane('while draining, each answer is the last of its connection', async (testServing) => {
  let draining = false
  await using serving = await testServing({ isDraining: () => draining })
  const kept = await client(serving.port)
  kept.socket.write(post('a'))
  await kept.until('X-Request-Id: a\r')
  draining = true
  kept.socket.write(post('b') + post('c'))
  await kept.closed
  assert.match(kept.text(), /X-Request-Id: a\r[\s\S]*X-Request-Id: b\r\n(?:[^{]*\r\n)?Connection: close/)
  assert.doesNotMatch(kept.text(), /X-Request-Id: c\r/)
})

eachLane('closing lets go of clients in every state', async (testServing) => {
  const serving = await testServing()
  const [idle, fresh, torn] = await Promise.all([client(serving.port), client(serving.port), client(serving.port)])
  idle.socket.write(post('a'))
  await idle.until('X-Request-Id: a\r')
  torn.socket.write(post('b').slice(0, -5))
  await sleep(20)
  const start = Date.now()
  await serving.http.close(200)
  await Promise.all([idle.closed, fresh.closed, torn.closed])
  assert.ok(Date.now() - start < 2000)
  for (let tries = 0; serving.http.connections() > 0 && tries < 500; tries++) await sleep(5)
  assert.equal(serving.http.connections(), 0)
  await serving.inference[Symbol.asyncDispose]()
})

eachLane('bodies in hand stay within their room, and who finds none is told to come again', async (testServing) => {
  await using serving = await testServing({ limits: { rowBodyBytes: 1_000_000, oipBodyBytes: 1_000_000, bodiesBytes: 1_000_000 } })
  const large = `${' '.repeat(500_000)}${BODY}`
  const ask = (body: string) => serving.post('/v1/deployments/credit/predict', body)
  for (let i = 0; i < 4; i++) assert.equal((await ask(large)).status, 200)
  const hoarder = await client(serving.port)
  hoarder.socket.write(post('hoard', ' '.repeat(999_000)).slice(0, 800_000))
  let refused = await ask(large)
  for (const until = Date.now() + 5000; refused.status === 200 && Date.now() < until; ) refused = await ask(large)
  assert.deepEqual([refused.status, refused.headers.get('retry-after'), ((await refused.json()) as { code: string }).code], [503, '1', 'overloaded'])
  assert.equal((await ask(BODY)).status, 200, 'small ones go on')
  const same = await client(serving.port)
  same.socket.write(post('full', large) + post('small'))
  await same.until('X-Request-Id: small\r')
  assert.match(same.text(), /^HTTP\/1\.1 503 [\s\S]*HTTP\/1\.1 200/)
  assert.equal(serving.world.failed.at(-1)?.code, 'overloaded')
  same.socket.destroy()
  hoarder.socket.destroy()
  await hoarder.closed
  let freed = await ask(large)
  for (const until = Date.now() + 5000; freed.status !== 200 && Date.now() < until; ) freed = await ask(large)
  assert.equal(freed.status, 200)
})
