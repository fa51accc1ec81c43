import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { FRAME, rawConnection } from '../testing/raw-connection.ts'
import type { Http2Stream } from './index.ts'
import { encodeHeaders } from './index.ts'
import { echoPort } from './testing/echo.ts'
import { speech, until } from './testing/speech.ts'

const goaways = (client: Awaited<ReturnType<typeof speech>>) =>
  client.frames.filter(({ type }) => type === FRAME.goaway).map(({ payload }) => [payload.readUInt32BE(0), payload.readUInt32BE(4)])
const asked = (client: Awaited<ReturnType<typeof speech>>) => client.frames.find(({ type, flags }) => type === FRAME.ping && flags === 0)

test('a connection that is left takes what is on its way, then names the last call, answers it, and ends', async () => {
  const open: Http2Stream[] = []
  await using port = await echoPort({ begin: (stream) => void open.push(stream) })
  using client = await speech(port.port)
  client.begin(1, { end: true })
  await until(() => open.length === 1, 'the first call')
  for (const connection of port.connections) connection.leave()
  await until(() => asked(client) !== undefined, 'the question')
  assert.deepEqual(goaways(client), [[2 ** 31 - 1, 0]])
  client.begin(3, { end: true })
  client.send({ type: FRAME.ping, flags: 1, payload: asked(client)!.payload })
  client.begin(5, { end: true })
  await until(() => client.reset(5) !== undefined, 'the refusal of what came after')
  assert.deepEqual([goaways(client).at(-1), client.reset(5), open.map(({ id }) => id)], [[3, 0], 7, [1, 3]])
  for (const stream of open) stream.respond(encodeHeaders([[':status', '200']]), true)
  await client.closed
  assert.ok(client.ended(1) && client.ended(3))
  await until(() => port.connections.size === 0, 'the end')
})

test('a client that does not say that it has heard is left a second later, one without calls at once when it has', async () => {
  await using port = await echoPort()
  using deaf = await speech(port.port)
  using idle = await speech(port.port)
  await until(() => deaf.frames.length > 0 && idle.frames.length > 0, 'the greetings')
  const begun = performance.now()
  for (const connection of port.connections) {
    connection.leave()
    connection.leave()
  }
  await until(() => asked(idle) !== undefined, 'the question')
  idle.send({ type: FRAME.ping, flags: 1, payload: Buffer.from('something') })
  idle.send({ type: FRAME.ping, flags: 1, payload: asked(idle)!.payload })
  await idle.closed
  await deaf.closed
  assert.ok(performance.now() - begun > 900)
  assert.deepEqual(goaways(deaf), [
    [2 ** 31 - 1, 0],
    [0, 0],
  ])
})

test('who says nothing is cut, who is silent is asked, and who does not answer is cut', async () => {
  await using port = await echoPort({ limits: { greetingMs: 100, pingMs: 100, pingAnswerMs: 100 } })
  using mute = await rawConnection(port.port)
  using silent = await speech(port.port)
  using kind = await speech(port.port)
  kind.socket.on('data', () => {
    const pings = kind.frames.filter(({ type }) => type === FRAME.ping)
    for (const { payload } of pings.splice(0)) kind.send({ type: FRAME.ping, flags: 1, payload })
  })
  await mute.closed
  await silent.closed
  assert.ok(asked(silent))
  assert.equal(asked(mute as typeof silent), undefined)
  await sleep(300)
  assert.equal(kind.socket.destroyed, false)
  kind.begin(1, { end: true })
  await until(() => kind.ended(1), 'an answer')
})
