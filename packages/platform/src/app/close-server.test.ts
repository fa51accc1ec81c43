import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect } from 'node:net'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { ADMIN_TOKEN, controlForTest } from '../testing/control.ts'
import { closeServer } from './close-server.ts'

/** A control server that listens, with a client in the middle of an upload. */
async function uploading(sent: string) {
  const control = await controlForTest()
  const { server } = control
  await server.listen({ host: '127.0.0.1', port: 0 })
  const address = server.server.address() as AddressInfo
  const socket = connect(address.port, '127.0.0.1').on('error', () => {})
  let answer = ''
  socket.on('data', (piece) => (answer += piece))
  const closed = once(socket, 'close')
  await once(socket, 'connect')
  socket.write(`PUT /api/v1/uploads/u1/files/model.onnx HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer ${ADMIN_TOKEN}\r\n`)
  socket.write(`Content-Type: application/octet-stream\r\nContent-Length: 10\r\n\r\n${sent}`)
  await sleep(100)
  return { control, server, socket, closed, answer: () => answer }
}

test('a client that stopped sending does not keep a server that closes', { timeout: 20_000 }, async () => {
  const { control, server, closed, answer } = await uploading('half')
  const begun = performance.now()
  await closeServer(server, 300)
  const took = performance.now() - begun
  assert.ok(took > 250 && took < 5000, `${took} ms`)
  await closed
  assert.equal(answer(), '')
  await control[Symbol.asyncDispose]()
})

test('a client that goes on is answered first', { timeout: 20_000 }, async () => {
  const { control, server, socket, closed, answer } = await uploading('half')
  const begun = performance.now()
  const closing = closeServer(server, 10_000)
  await sleep(100)
  socket.write(' and half'.slice(0, 6))
  await closing
  await closed
  assert.match(answer(), /^HTTP\/1\.1 201 /)
  assert.ok(performance.now() - begun < 5000)
  assert.equal(Buffer.from(control.registry.uploads.get('model.onnx') ?? []).toString(), 'half and h')
  await control[Symbol.asyncDispose]()
})
