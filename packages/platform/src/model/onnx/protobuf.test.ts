import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { FairleadError } from '@fairlead/contract'
import { WireReader, WireWriter } from './protobuf.ts'

function invalid(pattern: RegExp): (error: unknown) => boolean {
  return (error) => error instanceof FairleadError && error.code === 'model-file-invalid' && pattern.test(error.message)
}

function only(bytes: number[] | Uint8Array): WireReader {
  const reader = new WireReader(Uint8Array.from(bytes))
  assert.ok(reader.next())
  return reader
}

describe('protobuf wire format', () => {
  it('reads back every integer it writes', () => {
    for (const value of [0n, 1n, 127n, 128n, 300n, 2n ** 28n, 2n ** 31n, 2n ** 32n - 1n, 2n ** 35n + 5n, 2n ** 53n, 2n ** 63n - 1n, -1n, -(2n ** 63n)]) {
      const reader = only(new WireWriter().varint(5, value).finish())
      assert.equal(reader.number, 5)
      assert.equal(reader.int64(), value)
      assert.equal(reader.next(), false)
    }
  })

  it('reads text, nested messages and the raw bytes of a field', () => {
    const inner = new WireWriter().text(1, 'größe').varint(2, 7)
    const bytes = new WireWriter().message(9, inner).text(3, '').finish()
    const reader = only(bytes)
    const message = reader.message()
    assert.ok(message.next())
    assert.equal(message.text(), 'größe')
    assert.deepEqual(new WireWriter().raw(reader.raw()).finish(), bytes.slice(0, bytes.length - 2))
    assert.ok(reader.next())
    assert.equal(reader.text(), '')
  })

  it('reads repeated numbers packed and unpacked', () => {
    assert.deepEqual(only([0x0a, 3, 1, 0x96, 0x01]).integers(2), [1n, 150n])
    assert.deepEqual(only([0x08, 5]).integers(2), [5n])
    assert.throws(() => only([0x0a, 3, 1, 2, 3]).integers(2), invalid(/more than 2 numbers/))
    assert.equal(only([0x0a, 4, 0x61, 0xc3, 0xa4, 0x62]).text(2), 'a')
    assert.equal(only([0x0a, 8, 0, 0, 0, 0, 0, 0, 0, 0]).fixedCount(4), 2)
    assert.equal(only([0x0d, 0, 0, 0, 0]).fixedCount(4), 1)
    assert.throws(() => only([0x0a, 3, 0, 0, 0]).fixedCount(4), invalid(/broken length at byte 2/))
  })

  it('names the byte of everything that cannot be read', () => {
    assert.throws(() => only([0x08]), invalid(/ends inside a number at byte 1/))
    assert.throws(() => only([0x0a, 5, 1]), invalid(/5 bytes runs past the end at byte 0/))
    assert.throws(() => only([0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1]), invalid(/runs past the end at byte 0/))
    assert.throws(() => only([0x0d, 1, 2]), invalid(/ends inside a field at byte 0/))
    assert.throws(() => only([0x08, 255, 255, 255, 255, 255, 255, 255, 255, 255, 2]), invalid(/more than 64 bits at byte 1/))
    assert.throws(() => only([0x08, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128]), invalid(/more than 64 bits at byte 1/))
    assert.throws(() => only([0x00, 1]), invalid(/field number 0 does not exist/))
    assert.throws(() => only([0x0b]), invalid(/wire type 3/))
    assert.throws(() => only([0x0a, 1, 0xff]).text(), invalid(/UTF-8 at byte 2/))
    assert.throws(() => only([0x08, 1]).text(), invalid(/wire type 0 where 2 belongs/))
    assert.throws(() => only(new WireWriter().varint(1, 2n ** 60n).finish()).integer(), invalid(/out of range/))
  })

  it('stops at the nesting limit', () => {
    let bytes = new Uint8Array()
    for (let level = 0; level < 150; level += 1) bytes = Uint8Array.from(new WireWriter().bytes(1, bytes).finish())
    assert.throws(
      () => {
        let reader = new WireReader(bytes)
        while (reader.next()) reader = reader.message()
      },
      invalid(/nested deeper than 100 levels/),
    )
  })
})
