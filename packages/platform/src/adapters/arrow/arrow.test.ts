import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as zlib from 'node:zlib'
import type { FairleadError, InputColumn } from '@fairlead/contract'
import {
  bool,
  CompressionType,
  columnFromValues,
  type DataType,
  decimal,
  dictionary,
  fixedSizeList,
  float16,
  float32,
  float64,
  int8,
  int16,
  int32,
  int64,
  largeUtf8,
  list,
  nullType,
  setCompressionCodec,
  struct,
  tableFromColumns,
  tableFromIPC,
  tableToIPC,
  timestamp,
  uint8,
  uint16,
  uint32,
  uint64,
  utf8,
} from '@uwdata/flechette'
import type { AnswerColumn, Table } from '../../domain/inference/index.ts'
import { arrowFormats } from './index.ts'
import { readArrow } from './read.ts'

function ask(names: readonly string[], maxRows = 1000) {
  return { columns: names.map((name): InputColumn => ({ name, type: 'float64', tensor: name })), maxRows }
}

function encode(
  columns: Record<string, [DataType, unknown[]]>,
  { maxBatchRows = 1000, format = 'stream' as 'stream' | 'file', codec }: { maxBatchRows?: number; format?: 'stream' | 'file'; codec?: 0 | 1 } = {},
): Uint8Array {
  const table = tableFromColumns(Object.entries(columns).map(([name, [type, values]]) => [name, columnFromValues(values, type, { maxBatchRows } as never)]))
  return tableToIPC(table, { format, ...(codec === undefined ? {} : { codec }) }) as Uint8Array
}

function values(table: Table): Record<string, unknown[]> {
  return Object.fromEntries(table.columns.map((column) => [column.name, Array.from({ length: table.rows }, (_, row) => column.at(row))]))
}

const ALL: Record<string, [DataType, unknown[]]> = {
  int8: [int8(), [-128, null, 127, 0, 1]],
  int16: [int16(), [-32768, 1, 2, 3, 32767]],
  int32: [int32(), [1, 2, 3, null, 5]],
  int64: [int64(), [-9223372036854775808n, 1n, 2n, 9007199254740993n, null]],
  uint8: [uint8(), [255, 0, 1, 2, 3]],
  uint16: [uint16(), [65535, 0, 1, 2, 3]],
  uint32: [uint32(), [4294967295, 0, 1, 2, 3]],
  uint64: [uint64(), [18446744073709551615n, 0n, 1n, 2n, 3n]],
  float16: [float16(), [0.5, -2, null, 65504, 1]],
  float32: [float32(), [0.5, Number.NaN, 1, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]],
  float64: [float64(), [0.1, 2, null, 5e-324, -0]],
  bool: [bool(), [true, false, null, true, false]],
  utf8: [utf8(), ['a', '', null, 'é 😀', 'x'.repeat(300)]],
  large: [largeUtf8(), ['a', '', null, 'é', 'b']],
  category: [dictionary(utf8()), ['car', 'car', null, 'boat', 'car']],
  nothing: [nullType(), [null, null, null, null, null]],
  list: [list(float64()), [[1, 2], [], null, [3], [4, 5, 6]]],
  pair: [fixedSizeList(int32(), 2), [[1, 2], [3, 4], null, [5, 6], [7, 8]]],
  labels: [list(utf8()), [['a'], ['b', 'c'], [], null, ['']]],
}

const SHOWN: Record<string, unknown[]> = {
  ...Object.fromEntries(Object.entries(ALL).map(([name, [, given]]) => [name, given])),
  float32: [0.5, 'NaN', 1, 'Infinity', '-Infinity'],
}

setCompressionCodec(CompressionType.ZSTD, { encode: (bytes) => zlib.zstdCompressSync(bytes), decode: (bytes) => zlib.zstdDecompressSync(bytes) })

test('values of all plain types are read, in one batch or many, as a stream or a file, compressed or not', () => {
  for (const maxBatchRows of [1000, 2, 1]) {
    for (const more of [{}, { format: 'file' as const }, { codec: CompressionType.ZSTD }]) {
      const bytes = encode(ALL, { maxBatchRows, ...more })
      // bytes may begin anywhere in memory
      const moved = new Uint8Array(bytes.length + 1).subarray(1)
      moved.set(bytes)
      const table = readArrow(moved, ask(Object.keys(ALL)))
      assert.equal(table.rows, 5)
      for (const [name, given] of Object.entries(values(table))) assert.deepEqual(given, SHOWN[name], `${name} ${maxBatchRows} ${JSON.stringify(more)}`)
    }
  }
})

test('numbers without nulls lie ready to be copied', () => {
  for (const maxBatchRows of [1000, 2]) {
    const table = readArrow(encode(ALL, { maxBatchRows }), ask(Object.keys(ALL)))
    const dense = Object.fromEntries(table.columns.map(({ name, dense }) => [name, dense]))
    assert.deepEqual(dense.uint64, { type: 'uint64', data: new BigUint64Array([18446744073709551615n, 0n, 1n, 2n, 3n]) })
    assert.deepEqual(dense.int16, { type: 'int16', data: new Int16Array([-32768, 1, 2, 3, 32767]) })
    assert.deepEqual([dense.int8, dense.utf8], [undefined, undefined])
  }
})

test('columns of other types are refused by name, unless nobody asks for them', () => {
  const odd: Record<string, [DataType, unknown[]]> = {
    when: [timestamp(1), [new Date(0)]],
    price: [decimal(10, 2), [1.5]],
    both: [struct({ a: int32() }), [{ a: 1 }]],
  }
  for (const name of Object.keys(odd)) {
    const bytes = encode({ ...odd, age: [int32(), [35]] })
    assert.throws(
      () => readArrow(bytes, ask([name])),
      (error: FairleadError) => error.code === 'value-type' && error.items[0]?.path === name,
    )
    assert.deepEqual(values(readArrow(bytes, ask(['age']))).age, [35])
  }
})

test('more rows than are taken are refused, and tables of none are read', () => {
  const bytes = encode({ a: [int32(), [1, 2, 3]] }, { maxBatchRows: 2 })
  assert.throws(
    () => readArrow(bytes, ask(['a'], 2)),
    (error: FairleadError) => error.code === 'rows-too-many',
  )
  assert.equal(readArrow(encode({ a: [int32(), []] }), ask(['a'])).rows, 0)
})

test('compressed buffers may not grow without bounds, and LZ4 is named', () => {
  const bomb = encode({ a: [utf8(), ['x'.repeat(70 * 1024 * 1024)]] }, { codec: CompressionType.ZSTD })
  assert.ok(bomb.length < 100_000)
  assert.throws(
    () => readArrow(bomb, ask(['a'])),
    (error: FairleadError) => error.code === 'body-too-large',
  )
  setCompressionCodec(CompressionType.LZ4_FRAME, { encode: () => new Uint8Array(1), decode: (bytes) => bytes })
  const lz4 = encode({ a: [int32(), [1, 2, 3]] }, { codec: CompressionType.LZ4_FRAME })
  assert.throws(() => readArrow(lz4, ask(['a'])), /LZ4/)
})

test('bytes that are no stream are refused as such, however they are cut or changed', () => {
  const whole = encode(ALL, { maxBatchRows: 2 })
  const read = (bytes: Uint8Array) => values(readArrow(bytes, ask(Object.keys(ALL))))
  for (const bytes of [new Uint8Array(0), new Uint8Array(3), Buffer.from('PAR1xxxxxxxxPAR1'), Buffer.from('age,amount\n1,2\n'), new Uint8Array(64).fill(255)])
    assert.throws(
      () => read(bytes),
      (error: FairleadError) => error.code === 'table-invalid',
    )
  let refused = 0
  for (let length = 1; length < whole.length; length += 13) {
    try {
      read(whole.subarray(0, length))
    } catch (error) {
      assert.equal((error as FairleadError).code, 'table-invalid', String((error as Error).stack))
      refused++
    }
  }
  assert.ok(refused > 10)
})

test('answers are written with their types, nulls and metadata', async () => {
  const columns: AnswerColumn[] = [
    { name: 'label', type: 'string', data: ['good', 'bad'] },
    { name: 'half', type: 'float16', data: new Uint16Array(new Float16Array([0.5, Number.NaN]).buffer) },
    { name: 'big', type: 'int64', data: new BigInt64Array([9007199254740993n, -1n]) },
    { name: 'yes', type: 'bool', data: new Uint8Array([1, 0]) },
    { name: 'decision', type: 'string', data: ['', 'ask'], nulls: new Uint8Array([1, 0]) },
    { name: 'values', type: 'float32', data: new Float32Array([1, 2, 3, 4]), width: 2 },
  ]
  for (const format of arrowFormats) {
    const bytes = (await format.open()).write(columns, 2, { id: 'i', deployment: 'credit', release: 3 })
    assert.equal(Buffer.from(bytes.subarray(0, 6)).toString() === 'ARROW1', format.mediaType.endsWith('file'))
    const table = tableFromIPC(bytes, { useBigInt: true })
    assert.deepEqual(
      table.schema.metadata,
      new Map([
        ['fairlead.id', 'i'],
        ['fairlead.deployment', 'credit'],
        ['fairlead.release', '3'],
      ]),
    )
    const read = values(readArrow(bytes, ask(columns.map(({ name }) => name))))
    assert.deepEqual(read, {
      label: ['good', 'bad'],
      half: [0.5, 'NaN'],
      big: [9007199254740993n, -1n],
      yes: [true, false],
      decision: [null, 'ask'],
      values: [
        [1, 2],
        [3, 4],
      ],
    })
    assert.deepEqual([...(table.getChild('label')?.toArray() ?? [])], ['good', 'bad'])
  }
})
