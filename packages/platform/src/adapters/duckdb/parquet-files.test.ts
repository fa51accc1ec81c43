import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { LogColumn, LogTable, LogType } from '../../domain/predictionlog/index.ts'
import { temporaryFolder } from '../../testing/temporary.ts'
import { DuckDb, duckParquetFiles } from './index.ts'
import { readParquet } from './parquet-files.ts'

function table(rows: number, columns: { name: string; type: LogType; list?: boolean; values: ArrayLike<unknown> }[]): LogTable {
  const vectors = columns.map(({ name, type, list = false, values }) => ({
    column: { name, type, list, role: 'input' } satisfies LogColumn,
    read: (from: number, to: number) => Array.prototype.slice.call(values, from, to),
  }))
  return { deployment: 'd', release: 1, hour: 0, rows, vectors, end: () => rows }
}

/** Writes a file with the columns of its tables. */
function writeAll(duck: DuckDb, path: string, tables: LogTable[]): Promise<void> {
  const columns = new Map(tables.flatMap((t) => t.vectors.map((v) => [v.column.name.toLowerCase(), v.column])))
  return duckParquetFiles(duck).write(path, tables, [...columns.values()])
}

async function readBack(duck: DuckDb, path: string): Promise<{ types: Record<string, string>; rows: unknown[] }> {
  return duck.use(async (connection) => {
    const result = await connection.runAndReadAll(`SELECT * FROM ${readParquet([path])}`)
    const types = Object.fromEntries(result.columnNames().map((name, i) => [name, String(result.columnType(i))]))
    return { types, rows: result.getRowsJson() }
  })
}

test('every type is written and read back exactly', async () => {
  await using folder = await temporaryFolder()
  await using duck = new DuckDb({ folder: folder.path })
  const path = join(folder.path, 'a.parquet')
  await writeAll(duck, path, [
    table(2, [
      { name: 'i64', type: 'int64', values: BigInt64Array.of(-9223372036854775808n, 9223372036854775807n) },
      { name: 'u64', type: 'uint64', values: BigUint64Array.of(0n, 18446744073709551615n) },
      { name: 'u8', type: 'uint8', values: Uint8Array.of(0, 255) },
      { name: 'flag', type: 'bool', values: [true, null] },
      { name: 'f', type: 'float32', values: Float32Array.of(0.5, Number.NaN) },
      { name: 'text "x"', type: 'string', values: ["it's", null] },
      { name: 'many', type: 'float64', list: true, values: [[1, null], []] },
      { name: 'at', type: 'timestamp', values: [1_700_000_000_123, 0] },
    ]),
  ])
  const { types, rows } = await readBack(duck, path)
  assert.deepEqual(rows, [
    ['-9223372036854775808', '0', 0, true, 0.5, "it's", [1, null], '2023-11-14 22:13:20.123+00'],
    ['9223372036854775807', '18446744073709551615', 255, null, 'NaN', null, [], '1970-01-01 00:00:00+00'],
  ])
  assert.deepEqual([types.i64, types.u64, types.f, types.many], ['BIGINT', 'UBIGINT', 'FLOAT', 'DOUBLE[]'])
  assert.equal((await readFile(path)).subarray(0, 4).toString(), 'PAR1')
})

test('tables of different columns share a file; more rows than a chunk are whole and in order', async () => {
  await using folder = await temporaryFolder()
  await using duck = new DuckDb({ folder: folder.path })
  const path = join(folder.path, 'a.parquet')
  const many = Int32Array.from({ length: 5000 }, (_, i) => i)
  await writeAll(duck, path, [
    table(5000, [{ name: 'n', type: 'int32', values: many }]),
    table(1, [
      { name: 'm', type: 'string', values: ['last'] },
      { name: 'N', type: 'float32', values: [0.5] },
    ]),
  ])
  const { rows } = await readBack(duck, path)
  assert.equal(rows.length, 5001)
  assert.deepEqual(
    [rows[0], rows[4999], rows[5000]],
    [
      [0, null],
      [4999, null],
      [0.5, 'last'],
    ],
  )
})

test('files are merged with all their rows into the columns asked for, also when a column changed its type', async () => {
  await using folder = await temporaryFolder()
  await using duck = new DuckDb({ folder: folder.path })
  const path = (name: string) => join(folder.path, `${name}.parquet`)
  await writeAll(duck, path('a'), [table(1, [{ name: 'n', type: 'int64', values: [-1n] }])])
  await writeAll(duck, path('b'), [
    table(1, [
      { name: 'n', type: 'uint64', values: [18446744073709551615n] },
      { name: 'x', type: 'bool', values: [true] },
    ]),
  ])
  const columns: LogColumn[] = [
    { name: 'n', type: 'string', list: false, role: 'input' },
    { name: 'x', type: 'bool', list: false, role: 'input' },
    { name: 'later', type: 'float32', list: true, role: 'output' },
  ]
  assert.deepEqual(await duckParquetFiles(duck).merge([path('a'), path('b')], path('c'), columns), { read: 2, written: 2 })
  const { types, rows } = await readBack(duck, path('c'))
  assert.deepEqual(rows, [
    ['-1', null, null],
    ['18446744073709551615', true, null],
  ])
  assert.deepEqual(types, { n: 'VARCHAR', x: 'BOOLEAN', later: 'FLOAT[]' })
})

test('the engine reaches nothing outside its folder, loads nothing, and keeps its settings', async () => {
  await using folder = await temporaryFolder()
  await using other = await temporaryFolder()
  await using duck = new DuckDb({ folder: folder.path })
  const run = (sql: string) => duck.use((c) => c.run(sql))
  await assert.rejects(run(`COPY (SELECT 1) TO '${join(other.path, 'x.csv')}'`), /Permission|disabled/)
  await assert.rejects(run("SELECT * FROM read_text('/etc/hostname')"), /Permission|disabled/)
  await assert.rejects(run('INSTALL httpfs'), /disabled|Permission/)
  await assert.rejects(run('SET enable_external_access=true'), /locked|Cannot/)
})

test('the engine starts at the first use, stops when idle, and starts again', async () => {
  await using folder = await temporaryFolder()
  await using duck = new DuckDb({ folder: folder.path, idleMs: 20 })
  assert.equal(duck.running, false)
  const one = () => duck.use(async (c) => (await c.runAndReadAll('SELECT 1')).getRows()[0]?.[0])
  assert.equal(await one(), 1)
  assert.equal(duck.running, true)
  for (let i = 0; i < 100 && duck.running; i++) await sleep(10)
  assert.equal(duck.running, false)
  assert.equal(await one(), 1)
})

test('work that takes too long is stopped and says so', async () => {
  await using folder = await temporaryFolder()
  await using duck = new DuckDb({ folder: folder.path, timeoutMs: 50 })
  await assert.rejects(
    duck.use((c) => c.run('SELECT sum(a.range * b.range) FROM range(1000000) a, range(1000000) b')),
    { code: 'deadline-exceeded' },
  )
})

test('many megabytes of lists are written within the memory of the engine, and the process answers others meanwhile', async () => {
  await using folder = await temporaryFolder()
  await using duck = new DuckDb({ folder: folder.path, memoryLimit: '192MB' })
  const rows = 2000
  const width = 5000
  const list = Array.from({ length: width }, (_, i) => i / 7)
  const vectors = [
    { column: { name: 'many', type: 'float32', list: true, role: 'output' } as LogColumn, read: (from: number, to: number) => new Array(to - from).fill(list) },
  ]
  const large: LogTable = {
    deployment: 'd',
    release: 1,
    hour: 0,
    rows,
    vectors,
    end: (from, bytes) => Math.min(rows, from + Math.max(1, Math.floor(bytes / (8 * width)))),
  }
  let turns = 0
  const timer = setInterval(() => turns++, 1)
  const path = join(folder.path, 'a.parquet')
  await writeAll(duck, path, [large])
  clearInterval(timer)
  const [count] = (await duck.use((c) => c.runAndReadAll(`SELECT count(*), sum(len(many)) FROM ${readParquet([path])}`))).getRows()
  assert.deepEqual(count?.map(Number), [rows, rows * width])
  assert.ok(turns > 20, `others had ${turns} turns`)
})

test('a damaged file is told from a whole one', async () => {
  await using folder = await temporaryFolder()
  await using duck = new DuckDb({ folder: folder.path })
  const path = join(folder.path, 'a.parquet')
  await writeAll(duck, path, [table(5000, [{ name: 'n', type: 'string', values: Array.from({ length: 5000 }, (_, i) => `row ${i}`) }])])
  const files = duckParquetFiles(duck)
  assert.equal(await files.damage(path), undefined)
  const bytes = await readFile(path)
  await writeFile(path, bytes.fill(0xff, 200, 2000))
  assert.match((await files.damage(path)) ?? '', /\S/)
  await writeFile(path, bytes.subarray(0, 100))
  assert.match((await files.damage(path)) ?? '', /\S/)
  await assert.rejects(files.damage(join(folder.path, 'none.parquet')), /none\.parquet/)
})
