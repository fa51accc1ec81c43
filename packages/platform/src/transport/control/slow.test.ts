import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { ADMIN_TOKEN, controlForTest } from '../../testing/control.ts'

/** Sends the beginning of a request and answers all that comes until the server ends the connection. */
async function beginning(address: string, head: string, piece: () => string = () => ''): Promise<{ text: string; ms: number }> {
  const began = performance.now()
  const socket = connect({ host: '127.0.0.1', port: Number(new URL(address).port), allowHalfOpen: true })
  let text = ''
  socket.setEncoding('utf8').on('data', (data: string) => {
    text += data
  })
  socket.on('error', () => {})
  socket.write(head)
  const drip = setInterval(() => socket.write(piece()), 50)
  await new Promise((resolve) => socket.on('close', resolve).on('end', resolve))
  clearInterval(drip)
  socket.destroy()
  return { text, ms: performance.now() - began }
}

const post = (path: string, more = '') => `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n${more}\r\n{`

test('a body that does not come to an end is refused, with credentials or without, and its connection ends', async () => {
  await using s = await controlForTest({ bodyMs: 200 })
  const address = await s.server.listen({ host: '127.0.0.1', port: 0 })
  const [open, refused, unknown] = await Promise.all([
    beginning(address, post('/api/v1/session'), () => ' '),
    beginning(address, post('/api/v1/keys')),
    beginning(address, post('/nothing'), () => ' '),
  ])
  assert.match(open.text, /^HTTP\/1\.1 408 .*"request-timeout"/s)
  assert.match(refused.text, /^HTTP\/1\.1 401 /)
  for (const { ms } of [open, refused, unknown]) assert.ok(ms < 5000, `${ms} ms`)
})

test('a file of an upload may take its time', async () => {
  await using s = await controlForTest({ bodyMs: 200 })
  const address = await s.server.listen({ host: '127.0.0.1', port: 0 })
  const socket = connect({ host: '127.0.0.1', port: Number(new URL(address).port) })
  let text = ''
  socket.setEncoding('utf8').on('data', (data: string) => {
    text += data
  })
  const head = `PUT /api/v1/uploads/u1/files/a.onnx HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer ${ADMIN_TOKEN}\r\n`
  socket.write(`${head}Content-Type: application/octet-stream\r\nContent-Length: 4\r\nConnection: close\r\n\r\n`)
  for (const piece of 'abcd') {
    await sleep(150)
    socket.write(piece)
  }
  await new Promise((resolve) => socket.on('close', resolve))
  assert.match(text, /^HTTP\/1\.1 20\d /)
  assert.deepEqual(Buffer.from(s.registry.uploads.get('a.onnx') ?? []).toString(), 'abcd')
})

test('connections are bounded, and a head that does not come is not waited for', async () => {
  await using s = await controlForTest()
  assert.equal(s.server.server.maxConnections, 1000)
  assert.equal(s.server.server.headersTimeout, 10_000)
  const address = await s.server.listen({ host: '127.0.0.1', port: 0 })
  s.server.server.headersTimeout = 100
  const { text, ms } = await beginning(address, 'GET /healthz HTTP/1.1\r\nHost: ')
  assert.match(text, /^HTTP\/1\.1 408 /)
  assert.ok(ms < 8000, `${ms} ms`)
})
