import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readHead } from './head.ts'
import { LastHead } from './last-head.ts'
import { MUTATIONS } from './testing/mutations.ts'
import { Random } from './testing/random.ts'

const LINE = 'POST /v1/deployments/credit/predict HTTP/1.1'
const head = (...headers: string[]) => [LINE, 'Host: x', ...headers].join('\r\n')
const GOOD = head('Content-Type: application/json', 'Content-Length: 12', 'X-Api-Key: a b')

test('a plain head is understood', () => {
  const read = readHead(GOOD)!
  assert.deepEqual([read.target, read.length, read.route], ['/v1/deployments/credit/predict', 12, { name: 'predict', method: 'POST', deployment: 'credit' }])
  assert.deepEqual(read.headers, { host: 'x', 'content-type': 'application/json', 'x-api-key': 'a b' })
  for (const path of [
    '/v2/models/credit/infer',
    '/v2/models/credit/versions/3/infer',
    '/v1/deployments/credit/releases/3/predict',
    '/v1/deployments/credit/predict/',
  ])
    assert.equal(readHead(GOOD.replace('/v1/deployments/credit/predict', path))?.target, path)
  assert.equal(readHead(head('connection: Keep-Alive', 'CONTENT-LENGTH: 0'))?.length, 0)
})

test('what clients in use send is of the form', () => {
  const clients = [
    'host: x\r\nconnection: keep-alive\r\ncontent-type: application/json\r\naccept: */*\r\naccept-language: *\r\nsec-fetch-mode: cors\r\nuser-agent: node\r\naccept-encoding: gzip, deflate\r\ncontent-length: 12',
    'Host: x\r\nUser-Agent: python-requests/2.32.3\r\nAccept-Encoding: gzip, deflate, br\r\nAccept: */*\r\nConnection: keep-alive\r\nContent-Length: 12\r\nContent-Type: application/json',
    'Host: x\r\nUser-Agent: Go-http-client/1.1\r\nContent-Length: 12\r\nContent-Type: application/json\r\nAccept-Encoding: gzip',
    'Host: x\r\nUser-Agent: curl/8.5.0\r\nAccept: */*\r\nContent-Type: application/json\r\nContent-Length: 12',
    'Host: x\r\nX-Real-IP: 1.2.3.4\r\nX-Forwarded-For: 1.2.3.4, ::1\r\nX-Forwarded-Proto: https\r\nVia: 1.1 proxy\r\nContent-Length: 12',
  ]
  for (const headers of clients) assert.equal(readHead(`${LINE}\r\n${headers}`)?.length, 12, headers)
})

test('everything else is not', () => {
  const odd = [
    ...['', 'POST', LINE, `${LINE}\r\n`, GOOD.replace('POST', 'post'), GOOD.replace('POST', 'GET'), GOOD.replace('1.1', '1.0'), GOOD.replace('1.1', '1.1 ')],
    ...[
      '/v1/deployments/credit',
      '/v2/models/credit',
      '/v1/deployments/cr%65dit/predict',
      '/v1/deployments/credit/predict?x=1',
      'http://x/v2/models/credit/infer',
    ].map((path) => GOOD.replace('/v1/deployments/credit/predict', path)),
    ...['+12', '-12', '012', '12,12', '12 12', ' 12', '12 ', '0x12', '1e1', '12345678901', '', '１'].map((length) => GOOD.replace('12', length)),
    ...['Content-Length: 12', 'Transfer-Encoding: chunked', 'Expect: 100-continue', 'Upgrade: h2c', 'X-Else: 1', 'Host: y', 'TE: trailers'].map(
      (line) => `${GOOD}\r\n${line}`,
    ),
    ...[
      'Connection: close',
      'Connection: upgrade',
      'Connection: keep-alive, close',
      'Accept : a',
      'Accept:a',
      'Accept:  a',
      'Accept: ',
      'Accept: a ',
      ' Accept: a',
    ].map((line) => `${GOOD}\r\n${line}`),
    ...['Accept: a\r\n folded', 'Accept: a\nb', 'Accept: a\rb', 'Accept: a\u0000b', 'Accept: \u00fc', 'Accept: a\tb', 'Accept', ': a', '__proto__: a'].map(
      (line) => `${GOOD}\r\n${line}`,
    ),
    ...[head('Accept: a'), GOOD.replace('Host: x\r\n', ''), `\r\n${GOOD}`, `${GOOD}\r\n`, GOOD.replaceAll('\r\n', '\n')],
  ]
  for (const text of odd) assert.equal(readHead(text), undefined, JSON.stringify(text))
})

test('a head like the one before is read from its bytes as if it were the first', () => {
  const random = new Random(7)
  const last = new LastHead(readHead(GOOD)!, Buffer.from(`${GOOD}\r\n\r\n`))
  let taken = 0
  const agree = (text: string) => {
    const bytes = Buffer.from(`${text}\r\n\r\n{"rows":[]}`, 'latin1')
    if (!last.matches(bytes)) return
    taken++
    // where a mutation put an empty line, the head ends with it
    const first = readHead(bytes.toString('latin1', 0, bytes.indexOf('\r\n\r\n')))!
    assert.deepEqual([last.length, last.end], [first.length, bytes.indexOf('\r\n\r\n') + 4], text)
    assert.deepEqual({ ...last.head, length: 0 }, { ...first, length: 0 }, text)
  }
  const lengths = ['0', '7', '13', '1234', '9999999999', '012', '00', '', 'x', '+1', '1 ', '12345678901', '1\r\nHost: y', '1\r\nContent-Length: 1']
  for (const length of lengths) agree(GOOD.replace('Length: 12', `Length: ${length}`))
  assert.equal(taken, 5)
  for (let round = 0; round < 3000; round++) {
    const request = { line: LINE, headers: GOOD.split('\r\n').slice(1), body: '' }
    random.pick(MUTATIONS)(request, random)
    agree([request.line, ...request.headers].join('\r\n'))
  }
  for (let cut = 0; cut < GOOD.length + 4; cut++) assert.equal(last.matches(Buffer.from(`${GOOD}\r\n\r\n`).subarray(0, cut)), false, `${cut} bytes`)
})
