import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DuckDBInstance } from '@duckdb/node-api'
import { evaluateRows, type RowValue } from '../../domain/pipeline/expression/testing/frames.ts'

const TYPES = { x: 'number', y: 'number', i: 'integer', j: 'integer', s: 'text', t: 'text', p: 'boolean', d: 'time' } as const
const SQL_TYPES = { number: 'DOUBLE', integer: 'BIGINT', text: 'VARCHAR', boolean: 'BOOLEAN', time: 'TIMESTAMP' }

const day = (text: string) => new Date(text)
const ROWS: Record<keyof typeof TYPES, RowValue>[] = [
  { x: 1, y: 2, i: 1n, j: 2n, s: 'a', t: 'b', p: true, d: day('2026-01-31T12:34:56.789Z') },
  { x: -2.5, y: 0, i: -7n, j: 3n, s: 'Abc', t: '', p: false, d: day('2024-02-29T00:00:00Z') },
  { x: 2.5, y: -0.5, i: 9007199254740993n, j: 0n, s: '', t: 'a', p: null, d: day('1969-12-31T23:59:59.999Z') },
  { x: null, y: 3, i: null, j: 5n, s: 'x,y', t: ',', p: true, d: day('2000-12-31T23:59:59Z') },
  { x: 1e300, y: null, i: 4n, j: null, s: null, t: 'a', p: null, d: null },
  { x: 0.1, y: 0.2, i: 0n, j: -1n, s: 'zürich', t: 'ü', p: false, d: day('2027-01-01T00:00:00Z') },
  { x: 3.5, y: 1e-3, i: -1n, j: 7n, s: '👍\ufffd', t: '👍', p: true, d: day('1900-03-01T06:00:00Z') },
]

/** Expressions whose meaning is SQL's, and how SQL has them where it is another way. */
const PAIRS: [ours: string, sql?: string][] = [
  ['x + y'],
  ['x - y * 2'],
  ['x / y', 'x / nullif(y, 0)'],
  ['x % y', 'x % nullif(y, 0)'],
  ['-x'],
  ['i + j'],
  ['i * 3 - j'],
  ['i % j', 'i % nullif(j, 0)'],
  ['i / j', 'i / nullif(j, 0)'],
  ['x > y'],
  ['x = y or x < 0'],
  ['i >= j and p'],
  ['not p'],
  ['p or x > 1'],
  ['p and x > 1'],
  ['x between y and 3'],
  ['x not between 0 and y'],
  ["s in ('a', 'Abc', t)"],
  ["s not in ('a', null)"],
  ['i in (1, 4, 9007199254740993)'],
  ['s is null or x is not null'],
  ['s < t'],
  ["s >= 'a'"],
  ["case when x > 1 then 'many' when x > 0 then 'some' end"],
  ["case s when 'a' then 1 when 'Abc' then 2 else 3 end"],
  ['coalesce(x, y, 0)'],
  ['nullif(i, 1)'],
  ['greatest(x, y, 0)'],
  ['least(i, j)'],
  ['abs(x)'],
  ['abs(i)'],
  ['floor(x)'],
  ['ceil(x)'],
  ['round(x)'],
  ['round(x, 1)'],
  ['sign(x)'],
  ['trunc(x)'],
  ['sqrt(abs(x))'],
  ['ln(abs(x))'],
  ["s || '-' || t"],
  ['length(s)'],
  ['contains(s, t)'],
  ["starts_with(s, 'A')"],
  ["ends_with(s, 'c')"],
  ['left(s, 2)'],
  ['right(s, 2)'],
  ['substr(s, 2, 1)'],
  ['substr(s, -2)'],
  ["replace(s, 'b', 'xx')"],
  ["split_part(s, ',', 2)"],
  ['lower(s)'],
  ['year(d)'],
  ['quarter(d)'],
  ['month(d)'],
  ['day(d)'],
  ['hour(d)'],
  ['minute(d)'],
  ['second(d)'],
  ['day_of_week(d)', 'isodow(d)'],
  ['day_of_year(d)', 'dayofyear(d)'],
  ['week(d)'],
  ['week_year(d)', 'isoyear(d)'],
  ["truncate('month', d)", "date_trunc('month', d)::TIMESTAMP"],
  ["truncate('week', d)", "date_trunc('week', d)::TIMESTAMP"],
  ["truncate('hour', d)", "date_trunc('hour', d)"],
  ["time_add('month', 1, d)", 'd + INTERVAL 1 MONTH'],
  ["time_add('day', -60, d)", 'd - INTERVAL 60 DAY'],
  ["d >= '2000-01-01'", "d >= TIMESTAMP '2000-01-01'"],
  ['epoch(d)'],
  ['boolean(x)', 'x <> 0'],
  ['integer(trunc(y))', 'TRY_CAST(trunc(y) AS BIGINT)'],
  ['number(i)', 'CAST(i AS DOUBLE)'],
  ["number(s || '1')", "TRY_CAST(s || '1' AS DOUBLE)"],
]

function literal(value: RowValue): string {
  if (value === null) return 'NULL'
  if (value instanceof Date) return `epoch_ms(${value.getTime()})`
  if (typeof value === 'string') return `'${value.replaceAll("'", "''")}'`
  return typeof value === 'number' ? `CAST('${value}' AS DOUBLE)` : String(value)
}

function written(value: unknown): string {
  if (value instanceof Date) return String(value.getTime())
  return typeof value === 'number' ? String(Number(value.toPrecision(14))) : String(value)
}

test('what the language has in common with SQL is answered as DuckDB answers it', async () => {
  const instance = await DuckDBInstance.create(':memory:')
  const connection = await instance.connect()
  try {
    const columns = Object.entries(TYPES).map(([name, type]) => `${name} ${SQL_TYPES[type]}`)
    await connection.run(`CREATE TABLE given (place INTEGER, ${columns.join(', ')})`)
    const rows = ROWS.map((row, at) => `(${[at, ...Object.keys(TYPES).map((name) => literal(row[name as 'x']))].join(', ')})`)
    await connection.run(`INSERT INTO given VALUES ${rows.join(', ')}`)
    for (const [ours, sql = ours] of PAIRS) {
      const timely = /^(truncate|time_add)/.test(ours)
      const reader = await connection.runAndReadAll(`SELECT ${timely ? `epoch_ms(${sql})` : sql} FROM given ORDER BY place`)
      const theirs = reader.getRows().map(([value]) => written(typeof value === 'bigint' ? value.toString() : value))
      assert.deepEqual(evaluateRows(ours, TYPES, ROWS).map(written), theirs, ours)
    }
  } finally {
    connection.closeSync()
    instance.closeSync()
  }
})
