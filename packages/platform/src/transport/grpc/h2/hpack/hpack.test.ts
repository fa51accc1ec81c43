import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Random } from '../../../http/lane/testing/random.ts'
import { encodeHeaders } from './encoder.ts'
import { HeaderListError, HpackDecoder, HpackError } from './index.ts'

const OPTIONS = { tableBytes: 4096, listBytes: 16_384 }
const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex')
const decoder = (options = {}) => new HpackDecoder({ ...OPTIONS, ...options })
const fieldsOf = (block: Buffer, from = decoder()) => ({ ...from.decode(block).headers })

test('the requests of RFC 7541, C.3 and C.4, plain and in Huffman code', () => {
  const first = { ':method': 'GET', ':scheme': 'http', ':path': '/', ':authority': 'www.example.com' }
  const second = { ...first, 'cache-control': 'no-cache' }
  const third = { ':method': 'GET', ':scheme': 'https', ':path': '/index.html', ':authority': 'www.example.com', 'custom-key': 'custom-value' }
  for (const blocks of [
    ['828684410f7777772e6578616d706c652e636f6d', '828684be58086e6f2d6361636865', '828785bf400a637573746f6d2d6b65790c637573746f6d2d76616c7565'],
    ['828684418cf1e3c2e5f23a6ba0ab90f4ff', '828684be5886a8eb10649cbf', '828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf'],
  ]) {
    const one = decoder()
    assert.deepEqual(
      blocks.map((block) => fieldsOf(hex(block), one)),
      [first, second, third],
    )
  }
})

test('entries leave the table when others need their room, as in RFC 7541, C.5', () => {
  const one = decoder({ tableBytes: 256 })
  // the status of an answer is no field of a request, but the table goes on
  assert.throws(
    () =>
      one.decode(
        hex('4803333032580770726976617465611d4d6f6e2c203231204f637420323031332032303a31333a323120474d546e1768747470733a2f2f7777772e6578616d706c652e636f6d'),
      ),
    HeaderListError,
  )
  assert.deepEqual(fieldsOf(hex('c0bfbe'), one), { 'cache-control': 'private', date: 'Mon, 21 Oct 2013 20:13:21 GMT', location: 'https://www.example.com' })
  // a new status pushes the oldest one out
  assert.throws(() => one.decode(hex('4803333037')), HeaderListError)
  assert.throws(() => one.decode(hex('c2')), HpackError)
})

test('the table shrinks when it is told to, and holds no entry that is larger than itself', () => {
  const one = decoder()
  fieldsOf(hex('40016101 31'), one)
  assert.deepEqual(fieldsOf(hex('be'), one), { a: '1' })
  assert.deepEqual(fieldsOf(hex('20'), one), {})
  assert.throws(() => one.decode(hex('be')), HpackError)
  const small = decoder({ tableBytes: 33 })
  fieldsOf(hex('40 01 61 02 3131'), small)
  assert.throws(() => small.decode(hex('be')), HpackError)
  assert.throws(() => decoder({ tableBytes: 64 }).decode(hex('3f22')), /not offered/)
  assert.throws(() => decoder().decode(hex('8220')), /inside a block/)
})

test('the same block again gives the same fields without being decoded again, until the table changes', () => {
  const one = decoder()
  one.decode(hex('8286 40 01 61 01 31'))
  const block = hex('8286be')
  const { headers } = one.decode(block)
  assert.equal(one.decode(Buffer.from(block)).headers, headers)
  assert.throws(() => Object.assign(headers, { b: '2' }), TypeError)
  fieldsOf(hex('40016201 32'), one)
  assert.deepEqual(fieldsOf(block, one), { ':method': 'GET', ':scheme': 'http', b: '2' })
})

test('what was encoded is decoded again', () => {
  const long = 'x'.repeat(5000)
  const fields = [
    [':method', 'POST'],
    [':path', '/a'],
    ['content-type', 'application/grpc'],
    ['x-long', long],
    ['x-empty', ''],
    ['x-latin', 'é'],
  ] as const
  assert.deepEqual(fieldsOf(encodeHeaders(fields)), Object.fromEntries(fields))
})

test('repeated fields are joined as node:http2 does', () => {
  const fields = [
    ['a', '1'],
    ['cookie', 'x=1'],
    ['a', '2'],
    ['cookie', 'y=2'],
    ['content-type', 'one'],
    ['content-type', 'two'],
  ] as const
  assert.deepEqual(fieldsOf(encodeHeaders(fields)), { a: '1, 2', cookie: 'x=1; y=2', 'content-type': 'one' })
})

test('fields that no request can have end the request, and the table stays in step', () => {
  const wrong = [
    [['A', '1']],
    [['a b', '1']],
    [['', '1']],
    [['a', '1\n']],
    [['a', ' 1']],
    [
      ['a', '1'],
      [':method', 'GET'],
    ],
    [
      [':method', 'GET'],
      [':method', 'GET'],
    ],
    [[':status', '200']],
    [[':protocol', 'x']],
    [['connection', 'close']],
    [['transfer-encoding', 'chunked']],
    [['te', 'gzip']],
  ] as const
  for (const fields of wrong) {
    const one = decoder()
    const known = hex('40 01 7a 01 39')
    const block = Buffer.concat([encodeHeaders(fields), known])
    assert.throws(
      () => one.decode(block),
      (error) => error instanceof HeaderListError && error.kind === 'malformed',
      JSON.stringify(fields),
    )
    assert.deepEqual(fieldsOf(hex('be'), one), { z: '9' })
  }
  assert.deepEqual(
    Object.entries(
      fieldsOf(
        encodeHeaders([
          ['te', 'trailers'],
          ['__proto__', 'x'],
        ]),
      ),
    ),
    [
      ['te', 'trailers'],
      ['__proto__', 'x'],
    ],
  )
})

test('a small block that stands for a large list is refused without making it', () => {
  const one = decoder({ tableBytes: 65_536 })
  fieldsOf(encodeHeaders([]), one)
  const entry = Buffer.concat([hex('4001 61'), hex('7fa11e'), Buffer.alloc(4000, 0x62)])
  one.decode(entry)
  const before = process.memoryUsage().heapUsed
  assert.throws(
    () => one.decode(Buffer.alloc(60_000, 0xbe)),
    (error) => error instanceof HeaderListError && error.kind === 'too-large',
  )
  assert.ok(process.memoryUsage().heapUsed - before < 50_000_000)
})

test('any bytes are decoded or refused by name', () => {
  const random = new Random(3)
  let decoded = 0
  for (let i = 0; i < 20_000; i++) {
    const one = decoder({ tableBytes: 200 })
    for (let k = 0; k < 3; k++) {
      const block = Buffer.from(Array.from({ length: random.int(30) }, () => (random.chance(0.4) ? 0x80 + random.int(62) : random.int(256))))
      try {
        one.decode(block)
        decoded++
      } catch (error) {
        if (error instanceof HeaderListError) continue
        assert.ok(error instanceof HpackError, String(error))
        break
      }
    }
  }
  assert.ok(decoded > 1000)
})
