import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import type { InputColumn } from '@fairlead/contract'
import { type ColumnSource, parquetWriteBuffer } from 'hyparquet-writer'
import { lz4Block, lz4Hadoop } from './lz4.ts'
import { readParquet } from './read.ts'

const invalid = { code: 'table-invalid', message: /no LZ4/ }
const ask = (...names: string[]) => ({ columns: names.map((name): InputColumn => ({ name, type: 'float64', tensor: name })), maxRows: 10_000 })

test('a file that pyarrow wrote with LZ4 is read, all pages and row groups', () => {
  const file = new Uint8Array(readFileSync(new URL('./testdata/lz4-raw.parquet', import.meta.url)))
  const { rows, columns } = readParquet(file, ask('number', 'whole', 'word', 'text'))
  assert.equal(rows, 3000)
  const at = (row: number) => columns.map((column) => column.at(row))
  for (let i = 0; i < rows; i++) {
    const word = i % 11 === 0 ? null : ['car', 'boat', 'a rather long word that comes again and again'][i % 3]
    assert.deepEqual(at(i), [i / 8, BigInt(i * i), word, `row ${i} of many `.repeat(i % 5)])
  }
})

/** A block of literals alone. */
function literals(bytes: Uint8Array): Uint8Array {
  const more = bytes.length < 15 ? [] : [...new Array<number>(Math.floor((bytes.length - 15) / 255)).fill(255), (bytes.length - 15) % 255]
  return Uint8Array.of(Math.min(15, bytes.length) << 4, ...more, ...bytes)
}

/** Blocks as Hadoop frames them, of at most `size` bytes each. */
function framed(bytes: Uint8Array, size: number): Uint8Array {
  const parts: Uint8Array[] = []
  for (let at = 0; at < bytes.length; at += size) {
    const plain = bytes.subarray(at, at + size)
    const packed = literals(plain)
    const head = new DataView(new ArrayBuffer(8))
    head.setUint32(0, plain.length)
    head.setUint32(4, packed.length)
    parts.push(new Uint8Array(head.buffer), packed)
  }
  return new Uint8Array(Buffer.concat(parts))
}

test('files of older writers, with the frames of Hadoop, are read', () => {
  const data = Array.from({ length: 2000 }, (_, i) => i / 4)
  const columnData: ColumnSource[] = [{ name: 'x', type: 'DOUBLE', data, encoding: 'PLAIN' }]
  for (const [codec, compress] of [
    ['LZ4', (bytes: Uint8Array) => framed(bytes, 700)],
    ['LZ4_RAW', literals],
  ] as const) {
    const file = new Uint8Array(parquetWriteBuffer({ columnData, codec, compressors: { [codec]: compress } }))
    const [column] = readParquet(file, ask('x')).columns
    assert.deepEqual(
      data.map((_, row) => column!.at(row)),
      data,
      codec,
    )
  }
})

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString()

test('copies from near and far, also into what they write, and long lengths', () => {
  // "abc", then 9 bytes from 3 back, then "!"
  assert.equal(text(lz4Block(Uint8Array.of(0x35, 97, 98, 99, 3, 0, 0x10, 33), 13)), 'abcabcabcabc!')
  // one letter, 4 + 15 + 255 + 1 times more
  assert.equal(text(lz4Block(Uint8Array.of(0x1f, 122, 1, 0, 255, 1, 0x00), 276)), 'z'.repeat(276))
  assert.equal(text(lz4Block(literals(Buffer.from('y'.repeat(600))), 600)), 'y'.repeat(600))
  assert.equal(lz4Block(Uint8Array.of(0), 0).length, 0)
})

test('what is no LZ4 is refused, and never becomes more than the page may be', () => {
  const wrong: [number[], number][] = [
    [[0x50, 97], 5], // fewer literals than told
    [[0x10, 97, 0, 0, 0x00], 5], // a copy from nowhere
    [[0x10, 97, 2, 0, 0x00], 5], // from before the beginning
    [[0x1f, 97, 1, 0, 255, 255, 255, 0x00], 20], // more than the page has room for
    [[0x1f, 97, 1, 0, 255], 1000], // a length that does not end
    [[0xf0], 100],
    [[0x10, 97, 1], 6], // half a distance
    [[0x10, 97], 2], // less than the page has
    [[], 1],
  ]
  for (const [bytes, length] of wrong) assert.throws(() => lz4Block(Uint8Array.from(bytes), length), invalid, String(bytes))
  const good = framed(Buffer.from('hello world'), 4)
  assert.equal(text(lz4Hadoop(good, 11)), 'hello world')
  for (const bytes of [good.subarray(0, -1), good.subarray(0, 5), Uint8Array.of(...good, 1), Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0)])
    assert.throws(() => lz4Hadoop(bytes, 11), invalid)
  assert.throws(() => lz4Hadoop(good, 10), invalid)
  assert.throws(() => lz4Hadoop(Uint8Array.of(255, 255, 255, 255, 0, 0, 0, 1, 0), 11), invalid)
})
