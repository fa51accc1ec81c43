import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { sha256 } from '../kernel/digest.ts'
import { parquetData, rowsData } from './training-data.ts'

const TRAIN = join(import.meta.dirname, '../../../../examples/credit-risk/data/train.parquet')
const bytes = new TextEncoder().encode('rows')

test('rows of CSV are numbers where all of them look like it, and empty text is no value', () => {
  const rows = [
    { n: '1.5', t: 'a', mixed: '1', id: '007' },
    { n: '', t: '', mixed: 'x', id: '008' },
  ]
  const { columns, digest, rows: count } = rowsData(rows, { bytes, fromText: true })
  assert.deepEqual([count, digest], [2, sha256(bytes)])
  const [n, t, mixed] = ['n', 't', 'mixed'].map((name) => columns.get(name)!)
  assert.deepEqual([n!.type, [...n!.data], [...n!.nulls!]], ['number', [1.5, Number.NaN], [0, 1]])
  assert.deepEqual([t!.type, t!.data, [...t!.nulls!]], ['text', ['a', ''], [0, 1]])
  assert.deepEqual([mixed!.type, mixed!.data, mixed!.nulls], ['text', ['1', 'x'], undefined])
  assert.equal(columns.get('id')!.type, 'number')
  assert.deepEqual(rowsData(rows, { bytes, fromText: true, texts: new Set(['id']) }).columns.get('id')!.data, ['007', '008'])
})

test('rows of JSON keep the types they have', () => {
  const rows = [
    { n: 1, big: 2n ** 60n, f: true, t: '1', x: 'NaN' },
    { n: null, big: 2n, f: false, t: '2', x: 2 },
  ]
  const { columns } = rowsData(rows, { bytes, fromText: false })
  assert.deepEqual(
    [...columns].map(([name, { type }]) => [name, type]),
    [
      ['n', 'number'],
      ['big', 'number'],
      ['f', 'boolean'],
      ['t', 'text'],
      ['x', 'number'],
    ],
  )
  assert.throws(() => rowsData([], { bytes, fromText: false }), { code: 'rows-empty' })
})

test('a Parquet file is read with all its columns', async () => {
  const file = readFileSync(TRAIN)
  const { columns, rows, digest } = await parquetData(file)
  assert.deepEqual([rows, digest], [700, sha256(file)])
  assert.deepEqual([columns.get('age')?.type, columns.get('purpose')?.type], ['number', 'text'])
  await assert.rejects(parquetData(bytes), { code: 'table-invalid' })
})
