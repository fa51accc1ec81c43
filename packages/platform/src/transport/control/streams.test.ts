import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { PassThrough } from 'node:stream'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { createControl } from '@fairlead/client'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { ADMIN_TOKEN, controlForTest } from '../../testing/control.ts'
import { Streams } from './sse.ts'

/** Follows the status until the other side ends it. */
async function follow(url: string, headers: Record<string, string>): Promise<{ ended: Promise<void> }> {
  const response = await fetch(`${url}/api/v1/status/events`, { headers })
  assert.equal(response.status, 200)
  const ended = (async () => {
    for await (const _ of response.body ?? []) {
      // only the end matters
    }
  })()
  return { ended }
}

const within = (ended: Promise<void>) => Promise.race([ended.then(() => 'ended'), sleep(3000, 'open', { ref: false })])

test('a stream ends when its key is revoked, and when its session is signed out', { timeout: 20_000 }, async () => {
  await using s = await controlForTest()
  const url = await s.server.listen({ host: '127.0.0.1', port: 0 })
  const { key, id } = await s.control.createKey({ name: 'watch', scopes: ['read'] }, 'admin')
  const { cookie } = await s.control.signIn(ADMIN_TOKEN)
  const byKey = await follow(url, { authorization: `Bearer ${key}` })
  const bySession = await follow(url, { cookie: `fairlead_session=${cookie}` })
  const byAdmin = await follow(url, { authorization: `Bearer ${ADMIN_TOKEN}` })
  await createControl({ url, token: ADMIN_TOKEN }).call('revokeKey', { params: { key: id } })
  assert.equal(await within(byKey.ended), 'ended')
  const out = await fetch(`${url}/api/v1/session`, { method: 'DELETE', headers: { cookie: `fairlead_session=${cookie}`, origin: url } })
  assert.equal(out.status, 204)
  assert.equal(await within(bySession.ended), 'ended')
  assert.equal(await Promise.race([byAdmin.ended, sleep(100, 'open')]), 'open')
})

test('of events that a slow reader has not taken the newest is sent, the last one also at the end', async () => {
  const raw = Object.assign(new PassThrough({ highWaterMark: 60 }), { setHeader: () => {}, writeHead: () => {} })
  const reply = { raw, hijack: () => {}, getHeaders: () => ({}) } as unknown as FastifyReply
  const stream = new Streams().open({ request: { raw: new PassThrough() } as unknown as FastifyRequest, reply, allowed: async () => true })
  for (let step = 1; step <= 9; step++) stream.send('operation', { step, padding: 'x'.repeat(30) })
  assert.equal(raw.writableNeedDrain, true)
  stream.close()
  let text = ''
  for await (const piece of raw) text += piece
  const steps = [...text.matchAll(/"step":(\d)/g)].map((match) => match[1])
  assert.equal(steps.at(-1), '9')
  assert.ok(steps.length < 9, String(steps))
})

test('what arrives while the server closes is answered', { timeout: 20_000 }, async () => {
  const s = await controlForTest()
  const { id } = await s.deployments.deploy('credit-risk', { model: 'credit' }, 'admin')
  const { port } = new URL(await s.server.listen({ host: '127.0.0.1', port: 0 }))
  const socket = connect(Number(port), '127.0.0.1')
  const head = `host: 127.0.0.1\r\nauthorization: Bearer ${ADMIN_TOKEN}\r\n\r\n`
  socket.write(`GET /api/v1/operations/${id}?wait=1 HTTP/1.1\r\n${head}`)
  await sleep(200)
  const closed = s.server.close()
  socket.write(`GET /api/v1/models/credit HTTP/1.1\r\n${head}`)
  let text = ''
  socket.on('data', (piece) => {
    text += piece
  })
  await once(socket, 'close')
  await closed
  await s[Symbol.asyncDispose]()
  assert.doesNotMatch(text, /HTTP\/1\.1 503/)
  assert.match(text, /^HTTP\/1\.1 200/)
})
