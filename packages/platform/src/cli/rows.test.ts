import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DataType, Row, Signature } from '@fairlead/contract'
import { CsvParser } from './csv.ts'
import { formatOf, type RowFormat, readRows } from './rows.ts'

type Column = Pick<Signature['columns'][number], 'type' | 'optional' | 'shape'>

async function read(pieces: (string | Uint8Array)[], format?: RowFormat, types: Record<string, DataType | Column> = {}): Promise<Row[]> {
  const columns = Object.entries(types).map(([name, type]) => [name, typeof type === 'string' ? { type } : type] as const)
  async function* chunks() {
    yield* pieces
  }
  const rows: Row[] = []
  for await (const row of readRows({ chunks: chunks(), format, columns: async () => new Map(columns) })) rows.push(row)
  return rows
}

test('JSON may be one row, an array, or an object with rows', async () => {
  assert.deepEqual(await read(['{"a": 1}']), [{ a: 1 }])
  assert.deepEqual(await read(['[{"a": 1}, {"a"', ': 2}]']), [{ a: 1 }, { a: 2 }])
  assert.deepEqual(await read(['{"rows": [{"a": 1}]}'], 'json'), [{ a: 1 }])
})

test('NDJSON is read line by line, whatever the pieces', async () => {
  assert.deepEqual(await read(['{"a": 1}\n{"a"', ': 2}\n\n{"a": 3}']), [{ a: 1 }, { a: 2 }, { a: 3 }])
  await assert.rejects(read(['{"a": 1}\n{"a": \n'], 'ndjson'), { code: 'json-invalid', message: /^Line 2/ })
  await assert.rejects(read(['{"a": 1}\n5\n'], 'ndjson'), { code: 'request-invalid', message: /^Line 2/ })
})

test('whole numbers beyond 2^53 stay exact in every format', async () => {
  const big = 9007199254740993n
  assert.deepEqual(await read([`{"a": ${big}}`]), [{ a: big }])
  assert.deepEqual(await read([`{"a": ${big}}\n{"a": 1}\n`]), [{ a: big }, { a: 1 }])
  assert.deepEqual(await read([`a\n${big}\n-${big}\n`], 'csv', { a: 'int64' }), [{ a: big }, { a: -big }])
})

test('CSV takes the types of the columns', async () => {
  const types = { age: 'int64', rate: 'float32', name: 'string', ok: 'bool' } as const
  const rows = await read(['\ufeffage,rate,name,ok\r\n35,0.5,007,true\r\n36.0,NaN,"a ""b"", c",0\r\n,,,\r\n'], 'csv', types)
  assert.deepEqual(rows, [
    { age: 35, rate: 0.5, name: '007', ok: true },
    { age: 36, rate: 'NaN', name: 'a "b", c', ok: false },
    { age: null, rate: null, name: '', ok: null },
  ])
})

test('an empty field is null where the column is optional, quoted it is empty text, and arrays are JSON, as over HTTP', async () => {
  const types = { city: { type: 'string', optional: true }, name: 'string', v: { type: 'float32', shape: [2] } } satisfies Record<string, DataType | Column>
  assert.deepEqual(await read(['city,name,v\n,,"[1,""NaN""]"\n"","",\nBern,x,1\n'], 'csv', types), [
    { city: null, name: '', v: [1, 'NaN'] },
    { city: '', name: '', v: null },
    { city: 'Bern', name: 'x', v: '1' },
  ])
  await assert.rejects(read(['v\n[1\n'], 'csv', types), { code: 'json-invalid' })
})

test('text in a number column goes on as text, for the platform to refuse by name', async () => {
  assert.deepEqual(await read(['age\nold\n1.5\n'], 'csv', { age: 'int64' }), [{ age: 'old' }, { age: '1.5' }])
})

test('what pandas writes otherwise is read, or named', async () => {
  assert.deepEqual(await read(['ok\nTrue\nFalse\nmaybe\n'], 'csv', { ok: 'bool' }), [{ ok: true }, { ok: false }, { ok: 'maybe' }])
  await assert.rejects(read(['age;purpose\n35;car\n'], 'csv'), { code: 'request-invalid', message: /"age;purpose"\. Is the file separated by ';'\?/ })
  await assert.rejects(read(['age\tpurpose\n35\tcar\n'], 'csv'), { message: /separated by tabs/ })
  const tables = { split: { columns: ['age'], index: [0], data: [[35]] }, columns: { age: { 0: 35 } }, index: { 0: { age: 35 }, 1: { age: 36 } } }
  for (const [orient, table] of Object.entries(tables)) {
    await assert.rejects(read([JSON.stringify(table)], 'json'), { code: 'request-invalid', message: new RegExp(`to_json\\(orient='${orient}'\\)`) })
  }
  assert.deepEqual(await read(['{"columns": [1], "data": 2}']), [{ columns: [1], data: 2 }])
})

test('CSV that is cut or uneven names the line', async () => {
  await assert.rejects(read(['a,b\n1,2\n3\n'], 'csv'), { code: 'request-invalid', message: /Line 3 .* 1 fields; the header has 2/ })
  await assert.rejects(read(['a,b\n1,"2\n'], 'csv'), { message: /Line 2.*never closed/ })
  await assert.rejects(read(['a\nx"y\n'], 'csv'), { message: /Line 2.*inside/ })
  await assert.rejects(read(['a\n"x"y\n'], 'csv'), { message: /Line 2.*closed quote/ })
  await assert.rejects(read(['a,b\r1,2\r'], 'csv'), { code: 'request-invalid', message: /Line 1.*carriage return/ })
  assert.deepEqual(await read(['a\r', '\n"x\ry"\r\n\r\nz\r'], 'csv', { a: 'string' }), [{ a: 'x\ry' }, { a: 'z' }])
  await assert.rejects(read(['a,a\n1,2\n'], 'csv'), { message: /"a" twice/ })
})

test('a quoted field may hold line feeds, and lines are counted through it', () => {
  const parser = new CsvParser()
  const records = [...parser.push('a,b\n"x\ny",2\n'), ...parser.push('3,4'), ...parser.end()]
  assert.deepEqual(records, [
    { line: 1, fields: ['a', 'b'] },
    { line: 2, fields: ['x\ny', '2'] },
    { line: 4, fields: ['3', '4'] },
  ])
})

test('empty input and text that is not UTF-8 are refused', async () => {
  await assert.rejects(read([]), { code: 'rows-empty' })
  await assert.rejects(read([new Uint8Array([0x7b, 0xff, 0xfe])]), { code: 'utf8-invalid' })
  await assert.rejects(read([new Uint8Array([0x61, 0x0a, 0xc3])], 'csv'), { code: 'utf8-invalid' })
})

test('a character cut between two pieces is one character', async () => {
  const bytes = new TextEncoder().encode('{"a": "ü"}')
  assert.deepEqual(await read([bytes.slice(0, 8), bytes.slice(8)]), [{ a: 'ü' }])
})

test('the format is the option, else the ending of the name', () => {
  assert.equal(formatOf(undefined, 'rows.CSV'), 'csv')
  assert.equal(formatOf(undefined, 'rows.jsonl'), 'ndjson')
  assert.equal(formatOf('json', 'rows.csv'), 'json')
  assert.equal(formatOf(undefined, 'rows.txt'), undefined)
  assert.throws(() => formatOf(undefined, 'rows.parquet'), { code: 'not-supported' })
  assert.throws(() => formatOf('xml', undefined), { code: 'usage' })
})
