import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AnswerReader } from './reader.ts'

const answer = (body: string, status = '200 OK'): Buffer =>
  Buffer.from(`HTTP/1.1 ${status}\r\nContent-Type: x\r\nContent-Length: ${body.length}\r\n\r\n${body}`)

test('an answer is the same in whatever pieces it comes, one after the other', () => {
  const bytes = answer('{"label":1}')
  for (const size of [1, 7, 40, bytes.length - 1, bytes.length]) {
    const reader = new AnswerReader()
    for (let time = 0; time < 2; time++) {
      const found: string[] = []
      for (let from = 0; from < bytes.length; from += size) {
        // the reader of sockets hands over the same memory again and again
        const piece = Buffer.from(bytes.subarray(from, from + size))
        const whole = reader.read(piece)
        if (whole) found.push(`${whole.status} ${whole.body}`)
        if (!whole) piece.fill(0)
      }
      assert.deepEqual(found, ['200 {"label":1}'], `pieces of ${size}`)
    }
  }
})

test('a long answer after a longer one', () => {
  const reader = new AnswerReader()
  for (const length of [200_000, 100_000]) {
    const bytes = answer('x'.repeat(length))
    assert.equal(reader.read(bytes.subarray(0, 65_536)), undefined)
    assert.equal(reader.read(bytes.subarray(65_536))?.body.length, length)
  }
})

test('an answer in chunks is joined, in whatever pieces it comes', () => {
  const head = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'
  const bytes = Buffer.from(`${head}5\r\n{"a":\r\nA;note=1\r\n"\r\n345678"\r\n1\r\n}\r\n0\r\n\r\n`)
  for (const size of [1, 3, 50, 64, bytes.length]) {
    const reader = new AnswerReader()
    for (let time = 0; time < 2; time++) {
      const found: string[] = []
      for (let from = 0; from < bytes.length; from += size) {
        const piece = Buffer.from(bytes.subarray(from, from + size))
        const whole = reader.read(piece)
        piece.fill(0)
        if (whole) found.push(`${whole.status} ${whole.body}`)
      }
      assert.deepEqual(found, ['200 {"a":"\r\n345678"}'], `pieces of ${size}`)
    }
  }
  assert.throws(() => new AnswerReader().read(Buffer.from(`${head}zz\r\n`)), /No length of a chunk: zz/)
})

test('status and empty body', () => {
  assert.deepEqual({ ...new AnswerReader().read(answer('', '503 Busy')) }, { status: 503, body: Buffer.alloc(0) })
})

test('an answer without a length, or with more than it says, is an error', () => {
  assert.throws(() => new AnswerReader().read(Buffer.from('HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n')), /without Content-Length/)
  assert.throws(() => new AnswerReader().read(Buffer.concat([answer('{}'), Buffer.from('x')])), /More bytes/)
  const reader = new AnswerReader()
  reader.read(answer('abcdef').subarray(0, -3))
  assert.throws(() => reader.read(Buffer.from('defg')), /More bytes/)
})
