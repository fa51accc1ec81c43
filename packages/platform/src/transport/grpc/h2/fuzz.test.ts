import assert from 'node:assert/strict'
import { type ClientHttp2Session, type ClientHttp2Stream, connect } from 'node:http2'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { END_HEADERS, END_STREAM, FRAME, headerBlock, http2Frame, rawConnection } from '../testing/raw-connection.ts'
import { seededRandom } from '../testing/seeded-random.ts'
import { echoPort } from './testing/echo.ts'
import { HEAD, number, settings, until } from './testing/speech.ts'

type Random = ReturnType<typeof seededRandom>

/** One call of random form through Node's client: it must be echoed, unless it was broken off. */
async function randomCall(session: ClientHttp2Session, random: Random): Promise<void> {
  const fields: Record<string, string> = { ':method': 'POST', ':path': `/${random(5)}`, te: 'trailers', [`x-${random(20)}`]: 'v'.repeat(random(2000)) }
  // none is empty: Node's client may never end a call whose last write was
  const parts = Array.from({ length: random(6) }, (_, i) => Buffer.alloc([1, 10, 100, 5000, 70_000][random(5)]!, i + 1))
  const body = Buffer.concat(parts)
  if (random(4) === 0) fields['content-length'] = String(body.length)
  const stream = session.request(fields, { endStream: body.length === 0 && random(2) === 0 })
  const broken = random(8) === 0
  const answered = answerOf(stream)
  if (!stream.writableEnded) {
    for (const part of parts) {
      stream.write(part)
      if (random(3) === 0) await sleep(random(3))
    }
    if (!broken) stream.end()
  }
  if (broken) {
    await sleep(random(5))
    stream.close(8)
  }
  if (random(5) === 0) {
    stream.pause()
    await sleep(random(10))
    stream.resume()
  }
  const answer = await answered
  if (broken) return
  assert.ok(answer.body.equals(body), `${answer.body.length} of ${body.length} bytes`)
  assert.deepEqual([answer.trailers['x-said'], stream.rstCode], ['all', 0])
}

function answerOf(stream: ClientHttp2Stream): Promise<{ body: Buffer; trailers: Record<string, unknown> }> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = []
    let trailers: Record<string, unknown> = {}
    stream.on('data', (chunk: Buffer) => chunks.push(chunk))
    stream.on('trailers', (fields) => {
      trailers = fields
    })
    stream.on('error', () => {})
    stream.on('close', () => resolve({ body: Buffer.concat(chunks), trailers }))
  })
}

test("calls of any form through Node's client are echoed, under any windows and however they end", async () => {
  await using port = await echoPort()
  for (let seed = 1; seed <= 25; seed++) {
    const random = seededRandom(seed)
    const initialWindowSize = [1, 100, 65_535, 1_000_000][random(4)]!
    const session = connect(`http://127.0.0.1:${port.port}`, {
      settings: { initialWindowSize, maxFrameSize: [16_384, 60_000][random(2)]!, headerTableSize: random(5000) },
    })
    const errors: unknown[] = []
    session.on('error', (error) => errors.push(error))
    const calls: Promise<void>[] = []
    for (let i = 0; i < 40; i++) {
      // a window of one byte takes a frame for each: few bytes then
      calls.push(initialWindowSize === 1 ? smallCall(session, random) : randomCall(session, random))
      if (random(4) === 0) await Promise.race([Promise.all(calls), sleep(random(10))])
      if (random(20) === 0) session.settings({ initialWindowSize: initialWindowSize === 1 ? 1 : 100 + random(200_000) })
      if (random(20) === 0) session.ping(() => {})
    }
    await Promise.all(calls)
    session.close()
    assert.deepEqual(errors, [], `seed ${seed}`)
  }
  await until(() => port.state.open === 0, 'nothing is left open')
})

async function smallCall(session: ClientHttp2Session, random: Random): Promise<void> {
  const stream = session.request({ ':method': 'POST', ':path': '/' })
  const body = Buffer.alloc(random(50), 7)
  stream.end(body)
  assert.ok((await answerOf(stream)).body.equals(body))
}

/** Frames of a lively connection, right ones, as they may follow one another. */
function liveliness(random: Random): Buffer[] {
  const frames: Buffer[] = [Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), http2Frame({ type: FRAME.settings, payload: settings([4, random(100_000)]) })]
  let next = 1
  const open: number[] = []
  for (let i = 0; i < 60; i++) {
    const stream = open[random(Math.max(1, open.length))] ?? 0
    const kind = random(9)
    if (kind < 3 || open.length === 0) {
      const block = Buffer.concat([HEAD, headerBlock({ [`x-${i}`]: 'v'.repeat(random(300)) })])
      frames.push(http2Frame({ type: FRAME.headers, flags: END_HEADERS, stream: next, payload: block }))
      open.push(next)
      next += 2
    } else if (kind < 6) frames.push(http2Frame({ type: FRAME.data, stream, payload: Buffer.alloc(random(3000), i) }))
    else if (kind === 6) {
      frames.push(http2Frame({ type: FRAME.data, flags: END_STREAM, stream, payload: Buffer.alloc(random(10)) }))
      open.splice(open.indexOf(stream), 1)
    } else if (kind === 7) frames.push(http2Frame({ type: FRAME.windowUpdate, stream: random(2) * stream, payload: number(1 + random(100_000)) }))
    else frames.push(http2Frame({ type: FRAME.ping, payload: Buffer.alloc(8, i) }))
  }
  return frames
}

/** Right frames made wrong: bytes changed, frames left out, repeated and cut. */
function spoil(frames: Buffer[], random: Random): Buffer {
  const spoilt = frames.map((frame, i) => {
    const kind = i === 0 ? 9 : random(40)
    if (kind === 0) return Buffer.alloc(0)
    if (kind === 1) return Buffer.concat([frame, frame])
    if (kind === 2) return frame.subarray(0, random(frame.length))
    if (kind > 5) return frame
    const changed = Buffer.from(frame)
    changed[random(Math.min(changed.length, kind === 3 ? 9 : changed.length))] = random(256)
    return changed
  })
  return Buffer.concat(spoilt)
}

test('bytes changed anywhere do no harm: the connection goes on or ends, others are served, and no memory is kept', async () => {
  await using port = await echoPort({ limits: { greetingMs: 500, answerMs: 500 } })
  const good = connect(`http://127.0.0.1:${port.port}`)
  const begun = performance.now()
  let before = 0
  let rounds = 0
  for (; performance.now() - begun < 4000; rounds++) {
    const random = seededRandom(rounds)
    using raw = await rawConnection(port.port)
    const frames = liveliness(random)
    const bytes = rounds % 10 === 0 ? Buffer.concat(frames) : spoil(frames, random)
    for (let at = 0, to = 0; at < bytes.length && !raw.socket.destroyed; at = to) {
      to = random(3) === 0 ? at + 1 + random(200) : at + 1 + random(20_000)
      raw.socket.write(bytes.subarray(at, to))
      if (random(3) === 0) await sleep(0)
    }
    // what is right is answered to the last ping, what is wrong is told why; half a frame just waits
    const done = () => raw.socket.destroyed || raw.goaway() !== undefined || raw.frames.length > 20
    for (let i = 0; i < 20 && !done(); i++) await sleep(1)
    if (rounds % 10 === 0) assert.equal(raw.goaway(), undefined, `seed ${rounds}`)
    const code = raw.goaway()
    assert.ok(code === undefined || (code !== 2 && code < 14), `seed ${rounds}: code ${code}`)
    if (rounds % 20 === 0) await smallCall(good, random)
    if (rounds === 20) before = process.memoryUsage().heapUsed
  }
  assert.ok(rounds > 20, `${rounds} rounds`)
  await until(() => port.connections.size === 1 && port.state.open === 0, 'the others are forgotten')
  assert.ok(process.memoryUsage().heapUsed - before < 150e6)
  assert.deepEqual(port.errors, [])
  good.destroy()
})
