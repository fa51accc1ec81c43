import assert from 'node:assert/strict'
import type { AddressInfo } from 'node:net'
import { createServer as createTcp, type Socket } from 'node:net'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import type { FairleadError } from '@fairlead/contract'
import { httpTransport } from './http.ts'
import { parseJson } from './json.ts'
import { conforms } from './report/summary.ts'
import { renderText } from './report/text.ts'
import { runConformance } from './run.ts'
import { plain } from './show.ts'
import { echoServer, json } from './testing/echo-server.ts'

/** A server that answers a connection with whatever a test says. */
async function tcpServer(onSocket: (socket: Socket) => void) {
  const sockets = new Set<Socket>()
  const server = createTcp((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    onSocket(socket)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const close = async () => {
    for (const socket of sockets) socket.destroy()
    await new Promise((resolve) => server.close(resolve))
  }
  return { url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`), [Symbol.asyncDispose]: close }
}

function get(url: URL, limits: { timeoutMs?: number; maxAnswerBytes?: number } = {}) {
  return httpTransport({ url, headers: {}, timeoutMs: 300, maxAnswerBytes: 100_000, ...limits }).send({ method: 'GET', path: '/v2' })
}

const HOSTILE: [string, (socket: Socket) => void, RegExp][] = [
  ['says nothing', () => {}, /no whole answer within 0.3 s/],
  ['ends at once', (socket) => socket.end(), /hang up|ECONNRESET/],
  ['speaks no HTTP', (socket) => socket.end('SSH-2.0-OpenSSH\r\n\r\n'), /not HTTP/],
  ['never ends its body', (socket) => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc'), /no whole answer/],
  ['sends a body without end', flood, /larger than 100000 bytes/],
  ['sends headers without end', (socket) => socket.write(`HTTP/1.1 200 OK\r\n${'x: y\r\n'.repeat(100_000)}`), /not HTTP|Header/i],
  ['breaks off its body', (socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc'), /aborted|hang up|ECONNRESET/],
]

function flood(socket: Socket): void {
  socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n')
  const chunk = `10000\r\n${'a'.repeat(65_536)}\r\n`
  const more = () => {
    while (socket.writable && socket.write(chunk));
  }
  socket.on('drain', more)
  more()
}

for (const [what, onSocket, reason] of HOSTILE) {
  test(`a server that ${what} costs one request and its time`, async () => {
    await using server = await tcpServer(onSocket)
    const { answer, exchange } = await get(server.url)
    assert.equal(answer, undefined)
    assert.match(exchange.failure ?? '', reason)
  })
}

test('a bomb is not inflated beyond the limit', async () => {
  const bomb = gzipSync(Buffer.alloc(50_000_000))
  await using server = await tcpServer((socket) => {
    socket.write(`HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: ${bomb.length}\r\n\r\n`)
    socket.end(bomb)
  })
  const { answer } = await get(server.url)
  assert.deepEqual([answer?.decoded, answer?.body.length], [false, bomb.length])
})

test('a server that falls silent after discovery ends the run, and does not conform', async () => {
  let asked = 0
  await using server = await echoServer({
    wrong: (_asked, right) => {
      asked++
      return asked > 20 ? undefined : right
    },
  })
  const report = await runConformance({ url: server.url, timeoutMs: 200 })
  assert.equal(conforms(report.cases), false)
  assert.ok(asked < 30, `${asked} requests`)
  assert.match(report.cases.at(-1)?.reason ?? '', /not asked/)
})

test('JSON that is deep, or not UTF-8, or empty is told and no fault of the suite', () => {
  assert.throws(() => parseJson(Buffer.from([0xff])), /not UTF-8/)
  assert.throws(() => parseJson(Buffer.from('')), /empty/)
  assert.throws(() => parseJson(Buffer.from('[')), /not JSON/)
  assert.equal(parseJson(Buffer.from('9007199254740993')), 9007199254740993n)
  const deep = `${'['.repeat(50_000)}${']'.repeat(50_000)}`
  try {
    parseJson(Buffer.from(deep))
  } catch (error) {
    assert.match((error as Error).message, /deep/)
  }
})

test('what a server sends cannot steer the terminal', async () => {
  assert.equal(plain('a\u001b[31mb\u202ec\n'), 'a\\u001b[31mb\\u202ec\n')
  await using server = await echoServer({
    wrong: (asked, right) => (asked.path === '/v2' ? json({ name: '\u001b]0;x\u0007', version: '\u202e', extensions: 5 }) : right),
  })
  const text = renderText(await runConformance({ url: server.url, model: 'echo', only: ['metadata'] }), (_style, line) => line)
  assert.doesNotMatch(text.replaceAll('\n', ''), /\p{Cc}|\p{Cf}/u)
  assert.match(text, /metadata\/server/)
})

test('a server that is not there, and one that names no model, are told as such', async () => {
  const coded = (code: string) => (error: FairleadError) => error.code === code
  await assert.rejects(runConformance({ url: new URL('http://127.0.0.1:9'), timeoutMs: 500 }), coded('unreachable'))
  await using server = await echoServer({ wrong: (asked, right) => (/index$|models$/.test(asked.path) ? json({ error: 'no' }, 404) : right) })
  await assert.rejects(runConformance({ url: server.url }), coded('usage'))
  await assert.rejects(runConformance({ url: server.url, model: 'echo', grpc: new URL('http://127.0.0.1:9'), timeoutMs: 500 }), coded('unreachable'))
})
