import assert from 'node:assert/strict'
import { test } from 'node:test'
import { floatArray, integerArray } from './cursor.ts'
import { readXGBoost } from './read.ts'
import { bytes, join, long } from './testing/files.ts'
import { UbjsonCursor } from './ubjson.ts'

const cursor = (...parts: (string | number | Uint8Array)[]) =>
  new UbjsonCursor(join(...parts.map((part) => (typeof part === 'string' ? bytes(part) : typeof part === 'number' ? Uint8Array.of(part) : part))))

test('numbers of every type, in typed arrays and one by one', () => {
  const values: [string, number[], number][] = [
    ['i', [0xff], -1],
    ['U', [0xff], 255],
    ['I', [0xff, 0xfe], -2],
    ['l', [0x7f, 0xff, 0xff, 0xff], 2147483647],
    ['L', [0, 0, 0, 0, 0, 0, 1, 0], 256],
    ['d', [0x40, 0x20, 0, 0], 2.5],
    ['D', [0x40, 0x04, 0, 0, 0, 0, 0, 0], 2.5],
  ]
  for (const [type, raw, value] of values) {
    assert.deepEqual([...floatArray(cursor(`[$${type}#i`, 2, Uint8Array.from([...raw, ...raw])))], [Math.fround(value), Math.fround(value)], type)
    assert.deepEqual([...floatArray(cursor('[', type, Uint8Array.from(raw), ']'))], [Math.fround(value)], type)
    assert.deepEqual([...floatArray(cursor('[#U', 1, type, Uint8Array.from(raw)))], [Math.fround(value)], type)
    assert.equal(cursor(type, Uint8Array.from(raw)).number(), value, type)
  }
  assert.deepEqual([...integerArray(cursor('[TF]'))], [1, 0])
  assert.throws(() => integerArray(cursor('[$d#i', 1, Uint8Array.of(0x40, 0x20, 0, 0))), /a whole number from/)
  assert.throws(() => floatArray(cursor('[$D#i', 1, Uint8Array.of(0x7f, 0xe0, 0, 0, 0, 0, 0, 0))), /too large/)
})

test('counts that lie are refused before anything is reserved for them', () => {
  for (const count of [5, 2 ** 31, 2 ** 53, -1]) {
    for (const head of ['[$l#', '[$d#', '[$U#', '[#']) {
      for (const take of [integerArray, floatArray]) assert.throws(() => take(cursor(head, long(count), 'ab')), { name: 'UnreadableModel' }, `${head}${count}`)
      assert.throws(() => cursor(head, long(count), 'ab').skip(), { name: 'UnreadableModel' }, `${head}${count}`)
    }
    assert.throws(() => cursor('S', long(count), 'ab').text(), /count|announced/)
    assert.throws(() => cursor('S', long(count), 'ab').skip(), /count|announced/)
    assert.throws(() => cursor('{', long(count), 'ab').skip(), /count|announced/)
    assert.throws(() => cursor('{#', long(count), 'ab').skip(), /count|announced/)
  }
  assert.throws(() => cursor('[$l#d', Uint8Array.of(0x7f, 0xc0, 0, 0)).skip(), /NaN is no count/)
  assert.throws(() => cursor('[$l#S', long(1), 'a').skip(), /a number is expected/)
})

test('typed arrays of nothing, and of what is not a number, are not read', () => {
  for (const type of ['N', 'Z', 'T', 'F', '[', '{', 'S', 'H', 'C', '$', '\0']) {
    const bomb = [`[$${type}#`, long(2 ** 40)]
    for (const take of [
      () => integerArray(cursor(...bomb)),
      () => cursor(...bomb).skip(),
      () => cursor(...bomb).count(),
      () => cursor(...bomb).array(() => undefined),
    ]) {
      assert.throws(take, /an array of the type .* is not read/, type)
    }
  }
  assert.throws(() => cursor('{$i#i', 1).skip(), /an object of the type "i" is not read/)
  assert.throws(() => cursor('[$i', 5).skip(), /a count is expected/)
  assert.throws(() => cursor('N').skip(), /"N" is no type of value that is read/)
})

test('what is passed over ends where it says, and is not nested deeper than any model', () => {
  const values = [
    cursor('{', long(1), 'a[', long(5), ']}'),
    cursor('[#i', 2, 'Z{}'),
    cursor('[[[]]]'),
    cursor('Cx'),
    cursor('{#i', 1, 'i', 1, 'aT'),
    cursor('[$i#i', 3, 'abc'),
  ]
  for (const value of values) {
    value.skip()
    assert.ok(value.ended())
  }
  assert.throws(() => cursor('['.repeat(100_000)).skip(), { reason: 'too-large' })
  assert.throws(() => cursor(...Array.from({ length: 1_000 }, () => join(bytes('{'), long(1), bytes('a')))).skip(), { reason: 'too-large' })
  assert.throws(
    () => readXGBoost(join(bytes('{'), long(7), bytes('learner'), bytes('['.repeat(100_000)))),
    /learner \(byte 17\): object is expected, not array/,
  )
  for (const cut of ['[', '[i', '{', '{i', 'S', 'Si', 'd', 'C', '[#', '[$l'])
    assert.throws(() => cursor(cut).skip(), { name: 'UnreadableModel', message: /byte \d+/ }, cut)
})

test('texts are UTF-8', () => {
  assert.equal(cursor('Si', 6, new TextEncoder().encode('größ')).text(), 'größ')
  assert.equal(cursor('Cx').text(), 'x')
  assert.throws(() => cursor('Si', 1, Uint8Array.of(0xff)).text(), /not UTF-8/)
  const twice = cursor('{', long(1), 'aT', long(1), 'aT}')
  assert.throws(() => twice.object(() => twice.skip()), /the key "a" comes twice/)
})
