import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as zlib from 'node:zlib'
import { type FairleadError, type InputColumn, writeJson } from '@fairlead/contract'
import { parquetMetadata, parquetReadObjects } from 'hyparquet'
import { type ColumnSource, parquetWriteBuffer } from 'hyparquet-writer'
import type { AnswerColumn, Table } from '../../domain/inference/index.ts'
import { parquetFormat } from './index.ts'
import { readParquet } from './read.ts'
import { writeParquet } from './write.ts'

const FACTS = { id: 'i', deployment: 'credit', release: 3 }

function ask(names: readonly string[], maxRows = 1000) {
  return { columns: names.map((name): InputColumn => ({ name, type: 'float64', tensor: name })), maxRows }
}

function values(table: Table): Record<string, unknown[]> {
  return Object.fromEntries(table.columns.map((column) => [column.name, Array.from({ length: table.rows }, (_, row) => column.at(row))]))
}

const COLUMNS: ColumnSource[] = [
  { name: 'int32', type: 'INT32', data: [1, null, -2147483648, 4, 5] },
  { name: 'int64', type: 'INT64', data: [1n, -9223372036854775808n, 9007199254740993n, 4n, 5n] },
  { name: 'float', type: 'FLOAT', data: [0.5, Number.NaN, 1, Number.POSITIVE_INFINITY, null] },
  { name: 'double', type: 'DOUBLE', data: [0.1, 5e-324, -0, 4, 5] },
  { name: 'half', type: 'FLOAT16', data: [0.5, -2, 65504, 4, 5] },
  { name: 'yes', type: 'BOOLEAN', data: [true, false, null, true, true] },
  { name: 'text', type: 'STRING', data: ['a', '', null, 'é 😀', 'a'] },
]
const NAMES = COLUMNS.map(({ name }) => name)
const SHOWN = { ...Object.fromEntries(COLUMNS.map(({ name, data }) => [name, data])), float: [0.5, 'NaN', 1, 'Infinity', null] }

function write(columnData: ColumnSource[], more: Partial<Parameters<typeof parquetWriteBuffer>[0]> = {}): Uint8Array {
  return new Uint8Array(parquetWriteBuffer({ columnData, ...more }))
}

const compressors = {
  GZIP: (bytes: Uint8Array) => new Uint8Array(zlib.gzipSync(bytes)),
  ZSTD: (bytes: Uint8Array) => new Uint8Array(zlib.zstdCompressSync(bytes)),
  BROTLI: (bytes: Uint8Array) => new Uint8Array(zlib.brotliCompressSync(bytes)),
}

test('values of all plain types are read, compressed in any way, in one row group or many', () => {
  for (const codec of ['UNCOMPRESSED', 'SNAPPY', 'GZIP', 'ZSTD', 'BROTLI'] as const) {
    for (const rowGroupSize of [1000, 2, 1]) {
      const table = readParquet(write(COLUMNS, { codec, compressors, rowGroupSize }), ask(NAMES))
      assert.deepEqual([table.rows, values(table)], [5, SHOWN], `${codec} ${rowGroupSize}`)
    }
  }
})

test('every encoding that writers use is read', () => {
  const many = (make: (i: number) => unknown) => Array.from({ length: 700 }, (_, i) => make(i)) as ColumnSource['data']
  const columns: ColumnSource[] = [
    { name: 'deltas', type: 'INT32', data: many((i) => (i * 7919) % 1000), encoding: 'DELTA_BINARY_PACKED' },
    { name: 'wide', type: 'INT64', data: many((i) => BigInt(i) ** 6n * (i % 2 === 0 ? 1n : -1n)), encoding: 'DELTA_BINARY_PACKED' },
    { name: 'lengths', type: 'STRING', data: many((i) => `text ${'x'.repeat(i % 13)}`), encoding: 'DELTA_LENGTH_BYTE_ARRAY' },
    { name: 'split', type: 'DOUBLE', data: many((i) => i / 7), encoding: 'BYTE_STREAM_SPLIT' },
    { name: 'runs', type: 'BOOLEAN', data: many((i) => i % 50 < 30), encoding: 'RLE' },
    { name: 'words', type: 'STRING', data: many((i) => ['car', 'boat', 'tree', null, 'house'][i % 5]), encoding: 'RLE_DICTIONARY' },
    { name: 'plain', type: 'STRING', data: many((i) => `${i}`), encoding: 'PLAIN' },
  ]
  const table = readParquet(write(columns, { pageSize: 500 }), ask(columns.map(({ name }) => name)))
  for (const { name, data } of columns) assert.deepEqual(values(table)[name], data, name)
  const odd = write([{ name: 'a', type: 'STRING', data: many((i) => `a${i}`), encoding: 'DELTA_BYTE_ARRAY' }])
  assert.throws(() => readParquet(odd, ask(['a'])), /encoding 7, which is not read/)
})

test('numbers without nulls lie ready to be copied, and columns of which nobody asks are left alone', () => {
  const [dense] = readParquet(write([{ name: 'a', type: 'DOUBLE', data: [1, 2], nullable: false }]), ask(['a'])).columns
  assert.deepEqual(dense!.dense, { type: 'float64', data: new Float64Array([1, 2]) })
  const odd = write([
    { name: 'when', data: [new Date(0)], type: 'TIMESTAMP' },
    { name: 'age', data: [35], type: 'INT32' },
  ])
  assert.deepEqual(values(readParquet(odd, ask(['age']))).age, [35])
  const lists = writeParquet(
    [
      { name: 'list', type: 'float64', data: new Float64Array([1, 2]), width: 2 },
      { name: 'age', type: 'int8', data: new Int8Array([-3]) },
    ],
    1,
    FACTS,
  )
  assert.deepEqual(values(readParquet(lists, ask(['age']))).age, [-3])
  for (const [name, bytes] of [
    ['when', odd],
    ['list', lists],
  ] as const)
    assert.throws(
      () => readParquet(bytes, ask([name])),
      (error: FairleadError) => error.code === 'value-type' && error.items[0]!.path === name,
    )
})

test('more rows than are taken, and files that grow too much, are refused', () => {
  assert.throws(
    () => readParquet(write(COLUMNS), ask(NAMES, 4)),
    (error: FairleadError) => error.code === 'rows-too-many',
  )
  const bomb = write([{ name: 'a', type: 'STRING', data: Array(40).fill('x'.repeat(2_000_000)), encoding: 'PLAIN' }], {
    codec: 'ZSTD',
    compressors,
    statistics: false,
  })
  assert.ok(bomb.length < 100_000)
  assert.throws(
    () => readParquet(bomb, ask(['a'])),
    (error: FairleadError) => error.code === 'body-too-large',
  )
})

test('no more pages are read than take a moment, and those of other columns do not count', () => {
  const many = write(
    [
      { name: 'a', type: 'INT32', data: Array.from({ length: 60_000 }, (_, i) => i), encoding: 'PLAIN', nullable: false },
      { name: 'b', type: 'INT32', data: Array(60_000).fill(1), encoding: 'PLAIN', nullable: false },
    ],
    { pageSize: 4, statistics: false },
  )
  assert.throws(
    () => readParquet(many, ask(['a'], 100_000)),
    (error: FairleadError) => error.code === 'table-invalid' && /more pages than are read/.test(error.message),
  )
  assert.equal(readParquet(many, ask(['c'], 100_000)).rows, 60_000)
})

test('bytes that are no Parquet are refused as such, wherever they are cut or changed', () => {
  const whole = write(COLUMNS, { codec: 'SNAPPY' })
  for (const bytes of [
    new Uint8Array(0),
    Buffer.from('PAR1'),
    Buffer.from('PAR1PAR1'),
    Buffer.from('PAR1 no'),
    Buffer.alloc(100, 255),
    whole.subarray(0, whole.length - 1),
  ])
    assert.throws(
      () => readParquet(bytes, ask(NAMES)),
      (error: FairleadError) => error.code === 'table-invalid',
    )
  let refused = 0
  for (let at = 4; at < whole.length - 4; at++) {
    const changed = Uint8Array.from(whole)
    changed[at] = changed[at]! ^ 0xff
    try {
      values(readParquet(changed, ask(NAMES)))
    } catch (error) {
      assert.match(String((error as FairleadError).code), /^(?:table-invalid|value-type|rows-too-many|body-too-large)$/, (error as Error).stack)
      refused++
    }
  }
  assert.ok(refused > 100)
})

test('answers are written so that others read them', async () => {
  const columns: AnswerColumn[] = [
    { name: 'label', type: 'string', data: ['good', 'bad'] },
    { name: 'big', type: 'int64', data: new BigInt64Array([9007199254740993n, -1n]) },
    { name: 'unsigned', type: 'uint64', data: new BigUint64Array([18446744073709551615n, 0n]) },
    { name: 'middle', type: 'uint32', data: new Uint32Array([4294967295, 0]) },
    { name: 'p', type: 'float32', data: new Float32Array([0.5, Number.NaN]) },
    { name: 'half', type: 'float16', data: new Uint16Array(new Float16Array([0.5, 2]).buffer) },
    { name: 'yes', type: 'bool', data: new Uint8Array([1, 0]) },
    { name: 'decision', type: 'string', data: ['', 'ask'], nulls: new Uint8Array([1, 0]) },
    { name: 'values', type: 'float64', data: new Float64Array([1, 2, 3, 4]), width: 2 },
  ]
  const bytes = (await parquetFormat.open()).write(columns, 2, FACTS)
  const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer
  assert.deepEqual(await parquetReadObjects({ file }), [
    {
      label: 'good',
      big: 9007199254740993n,
      unsigned: 18446744073709551615n,
      middle: 4294967295,
      p: 0.5,
      half: 0.5,
      yes: true,
      decision: null,
      values: [1, 2],
    },
    { label: 'bad', big: -1n, unsigned: 0n, middle: 0, p: Number.NaN, half: 2, yes: false, decision: 'ask', values: [3, 4] },
  ])
  assert.deepEqual(
    parquetMetadata(file).key_value_metadata?.map(({ key, value }) => `${key}=${value}`),
    ['fairlead.id=i', 'fairlead.deployment=credit', 'fairlead.release=3'],
  )
  const own = values(readParquet(bytes, ask(['big', 'unsigned', 'middle', 'decision'])))
  assert.equal(writeJson([own.big, own.unsigned, own.middle, own.decision]), '[[9007199254740993,-1],[18446744073709551615,0],[4294967295,0],[null,"ask"]]')
})
