import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import type { LogColumn, LogTable, LogType, LogVector } from '../../../domain/predictionlog/index.ts'
import { temporaryFolder } from '../../../testing/temporary.ts'
import { DuckDb, duckParquetFiles } from '../../duckdb/index.ts'
import { flatParquetFiles } from './index.ts'

const TIME = 1_700_000_000_123

/** Values of every type, with those at its ends. */
const VALUES: Record<LogType, unknown[]> = {
  bool: [true, false, true],
  int8: [-128, 0, 127],
  int16: [-32768, 0, 32767],
  int32: [-(2 ** 31), 0, 2 ** 31 - 1],
  int64: [-(2n ** 63n), 0n, 2n ** 63n - 1n],
  uint8: [0, 1, 255],
  uint16: [0, 1, 65535],
  uint32: [0, 1, 2 ** 32 - 1],
  uint64: [0n, 1n, 2n ** 64n - 1n],
  float32: [0.5, Number.NaN, Number.NEGATIVE_INFINITY, -0],
  float64: [0.1, Number.NaN, Number.POSITIVE_INFINITY, 5e-324],
  string: ['', "it's", 'ä€𝄞', 'x'.repeat(100), 'a\0b'],
  timestamp: [TIME, 0, -1, -86_400_000 * 365 * 100, 4_102_444_800_000],
}
const TYPES = Object.keys(VALUES) as LogType[]

function vector(name: string, type: LogType, values: readonly unknown[], more: Partial<LogVector> = {}): LogVector {
  return { column: { name, type, list: false, role: 'input' }, read: (from, to) => values.slice(from, to), ...more }
}

function table(rows: number, vectors: LogVector[], end: LogTable['end'] = () => rows): LogTable {
  return { deployment: 'd', release: 1, hour: 0, rows, vectors, end }
}

/** The tables as the engine writes them and as they are written here; both read back by the engine. */
async function bothWays(tables: LogTable[], columns: LogColumn[]): Promise<void> {
  await using folder = await temporaryFolder()
  await using duck = new DuckDb({ folder: folder.path })
  const engine = duckParquetFiles(duck)
  const read = async (name: string, files: typeof engine) => {
    const path = join(folder.path, name)
    await files.write(path, tables, columns)
    return duck.use(async (connection) => {
      const result = await connection.runAndReadAll(`SELECT * FROM read_parquet('${path}')`)
      return { types: result.columnTypes().map(String), names: result.columnNames(), rows: result.getRowsJson() }
    })
  }
  assert.deepEqual(await read('ours.parquet', flatParquetFiles(engine)), await read('theirs.parquet', engine))
}

test('every type, with and without nulls, is read back as what the engine itself writes', async () => {
  const rows = 40
  const vectors = TYPES.flatMap((type) => {
    const at = (i: number) => VALUES[type][i % VALUES[type].length]
    const whole = Array.from({ length: rows }, (_, i) => at(i))
    return [
      vector(`${type}_all`, type, whole),
      vector(
        `${type}_some`,
        type,
        whole.map((value, i) => (i % 3 === 1 ? null : value)),
      ),
      vector(
        `${type}_none`,
        type,
        whole.map(() => null),
      ),
    ]
  })
  await bothWays(
    [table(rows, vectors)],
    vectors.map(({ column }) => column),
  )
})

test('values that lie in an array, that are the same everywhere, that are joined, or that a table lacks', async () => {
  const width = 3
  const plain = (type: LogType, values: ArrayLike<unknown>, at: number): LogVector => ({
    column: { name: `${type}_${at}`, type, list: false, role: 'input' },
    plain: { values, width, at },
    read: (from, to) => Array.from({ length: to - from }, (_, i) => values[(from + i) * width + at]),
  })
  const same = (name: string, type: LogType, value: unknown): LogVector => ({
    ...vector(name, type, []),
    same: { value },
    read: (from, to) => new Array(to - from).fill(value),
  })
  const first = table(4, [
    plain(
      'float32',
      Float32Array.from({ length: 12 }, (_, i) => i / 7),
      2,
    ),
    plain(
      'uint32',
      Uint32Array.from({ length: 12 }, (_, i) => 2 ** 32 - 1 - i),
      0,
    ),
    plain(
      'int64',
      BigInt64Array.from({ length: 12 }, (_, i) => BigInt(i) - 5n),
      1,
    ),
    ...TYPES.filter((type) => type !== 'timestamp').map((type) => same(`same_${type}`, type, VALUES[type][1])),
    same('absent', 'string', null),
    vector('_request', 'string', ['a', 'b', 'c', 'd']),
    vector('_row', 'int32', [0, 1, 2, 3]),
    { ...vector('_id', 'string', ['a/0', 'b/1', 'c/2', 'd/3']), joined: ['_request', '_row'] },
  ])
  const columns = first.vectors.map(({ column }) => column)
  await bothWays([first], columns)
  await bothWays([first, table(2, [vector('FLOAT32_2', 'float32', [1, null]), same('same_string', 'string', 'other')]), first], columns)
})

test('texts that are packed, and joined of packed ones and numbers', async () => {
  const names = ['a', '', 'a name of more than one letter', 'b']
  const texts = { bytes: Uint8Array.from(Buffer.from(names.join(''))), ends: Uint32Array.from(names, (_, i) => names.slice(0, i + 1).join('').length) }
  const of = Uint32Array.of(0, 0, 1, 2, 3, 3)
  const rows = [0, 7, 9, 10, 0, 123_456]
  const name = vector(
    '_request',
    'string',
    Array.from(of, (i) => names[i]),
    { packed: { texts, of } },
  )
  const id = vector(
    '_id',
    'string',
    Array.from(of, (i, row) => `${names[i]}/${rows[row]}`),
    { joined: ['_request', '_row'] },
  )
  const packed = table(6, [id, name, vector('_row', 'int32', rows)], (from) => Math.min(6, from + 4))
  const columns = packed.vectors.map(({ column }) => column)
  await bothWays([packed], columns)
  await bothWays([table(1, [vector('_id', 'string', [null]), vector('_request', 'string', ['plain'])]), packed], columns)
})

test('values of a type that became wider', async () => {
  const text: LogColumn = { name: 'n', type: 'string', list: false, role: 'input' }
  const big: LogColumn = { name: 'm', type: 'int64', list: false, role: 'input' }
  await bothWays(
    [
      table(2, [vector('n', 'int64', [-1n, null]), vector('m', 'int32', [7, -7])]),
      table(1, [vector('n', 'uint64', [2n ** 64n - 1n]), vector('m', 'int64', [2n ** 62n])]),
    ],
    [text, big],
  )
})

test('more rows than a row group, in large tables and in many small ones', async () => {
  const many = (rows: number) => {
    const values = Int32Array.from({ length: rows }, (_, i) => (i * 2_654_435_761) | 0)
    const vectors = [
      vector('n', 'int32', Array.from(values)),
      vector(
        't',
        'timestamp',
        Array.from(values, (n) => TIME + (n % 1000)),
      ),
    ]
    return table(rows, vectors, (from) => Math.min(rows, from + 50_000))
  }
  const columns = many(1).vectors.map(({ column }) => column)
  await bothWays([many(130_001)], columns)
  await bothWays([many(100_000), many(1), many(60_000), many(3)], columns)
})

test('no table, or none with a row, is a file without rows', async () => {
  const columns: LogColumn[] = [{ name: 'n', type: 'int32', list: false, role: 'input' }]
  await bothWays([table(0, [vector('n', 'int32', [])])], columns)
})

test('a time can be looked up without reading all: each row group says its first and last', async () => {
  await using folder = await temporaryFolder()
  await using duck = new DuckDb({ folder: folder.path })
  const path = join(folder.path, 'a.parquet')
  const times = [TIME + 5, TIME - 1000, TIME + 99]
  await flatParquetFiles(duckParquetFiles(duck)).write(
    path,
    [table(3, [vector('_time', 'timestamp', times)])],
    [{ name: '_time', type: 'timestamp', list: false, role: 'log' }],
  )
  const rows = await duck.use(async (c) =>
    (await c.runAndReadAll(`SELECT stats_min_value, stats_max_value, stats_null_count FROM parquet_metadata('${path}')`)).getRowsJson(),
  )
  assert.deepEqual(rows, [['2023-11-14 22:13:19.123+00', '2023-11-14 22:13:20.222+00', '0']])
})

test('a damaged file is told from a whole one', async () => {
  await using folder = await temporaryFolder()
  await using duck = new DuckDb({ folder: folder.path })
  const files = flatParquetFiles(duckParquetFiles(duck))
  const path = join(folder.path, 'a.parquet')
  const texts = Array.from({ length: 5000 }, (_, i) => `row ${i}`)
  await files.write(path, [table(5000, [vector('n', 'string', texts)])], [{ name: 'n', type: 'string', list: false, role: 'input' }])
  assert.equal(await files.damage(path), undefined)
  const bytes = await readFile(path)
  const flipped = Buffer.from(bytes)
  flipped[3000] = flipped[3000]! ^ 1
  await writeFile(path, flipped)
  assert.match((await files.damage(path)) ?? '', /\S/)
  await writeFile(path, bytes.subarray(0, 100))
  assert.match((await files.damage(path)) ?? '', /\S/)
})
