import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { InputColumn, Row } from '@fairlead/contract'
import { writeJson } from '@fairlead/contract'
import {
  type DataType as ArrowType,
  bool,
  type Column,
  columnFromValues,
  float16,
  float32,
  float64,
  int8,
  int64,
  tableFromColumns,
  tableFromIPC,
  tableToIPC,
  uint64,
  utf8,
} from '@uwdata/flechette'
import { parquetReadObjects, type SchemaElement } from 'hyparquet'
import { type ColumnSource, parquetWriteBuffer } from 'hyparquet-writer'
import { arrowFormats } from '../../../adapters/arrow/index.ts'
import { parquetFormat } from '../../../adapters/parquet/index.ts'
import type { Tensors } from '../../../domain/inference/index.ts'
import { FAKE_SIGNATURE, fakeRelease } from '../../../testing/fake-model.ts'
import { testServing } from '../testing/serving.ts'

const PREDICT = '/v1/deployments/credit/predict'

const EXTRA: InputColumn[] = [
  { name: 'big', type: 'int64', tensor: 'big', optional: true },
  { name: 'unsigned', type: 'uint64', tensor: 'unsigned', optional: true },
  { name: 'small', type: 'int8', tensor: 'small', optional: true },
  { name: 'exact', type: 'float64', tensor: 'exact', min: -1e300, optional: true },
  { name: 'half', type: 'float16', tensor: 'half', optional: true },
  { name: 'yes', type: 'bool', tensor: 'yes', optional: true },
  { name: 'words', type: 'string', tensor: 'words', optional: true },
]

const SIGNATURE = {
  ...FAKE_SIGNATURE,
  inputs: [...FAKE_SIGNATURE.inputs, ...EXTRA.map(({ name, type }) => ({ name, type, shape: [-1, 1] }))],
  columns: [...FAKE_SIGNATURE.columns, ...EXTRA],
}

const NAMES = SIGNATURE.columns.map(({ name }) => name)

/** One way to send rows of plain values. */
interface Form {
  mediaType: string
  encode(names: readonly string[], rows: readonly Row[]): string | Uint8Array
  /** The flat columns of an answer, as text. */
  decode(body: Buffer): Promise<Record<string, string[]>>
}

function csvCell(value: unknown): string {
  if (value === null || value === undefined) return ''
  return typeof value === 'string' ? `"${value.replaceAll('"', '""')}"` : String(value)
}

function flat(predictions: Row[]): Record<string, string[]> {
  const columns: Record<string, string[]> = {}
  for (const prediction of predictions)
    for (const [name, value] of Object.entries(prediction))
      for (const [inner, part] of typeof value === 'object' ? Object.entries(value as Row) : [['', value]]) {
        const flatName = inner === '' ? name : `${name}_${inner}`
        columns[flatName] = [...(columns[flatName] ?? []), String(part)]
      }
  return columns
}

const FORMS: Form[] = [
  {
    mediaType: 'application/json',
    encode: (names, rows) => writeJson({ rows: rows.map((row) => pick(row, names)) })!,
    decode: async (body) => flat((JSON.parse(body.toString()) as { predictions: Row[] }).predictions),
  },
  {
    mediaType: 'application/x-ndjson',
    encode: (names, rows) => rows.map((row) => writeJson(pick(row, names))!).join('\n'),
    decode: async (body) =>
      flat(
        body
          .toString()
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line) as Row),
      ),
  },
  {
    mediaType: 'text/csv',
    encode: (names, rows) => [names.join(','), ...rows.map((row) => names.map((name) => csvCell(row[name])).join(','))].join('\n'),
    async decode(body) {
      const [head = [], ...rows] = body
        .toString()
        .trimEnd()
        .split('\r\n')
        .map((line) => line.split(','))
      return Object.fromEntries(head.map((name, i) => [name, rows.map((row) => row[i]!)]))
    },
  },
]

const ARROW_TYPES: Record<string, () => ArrowType> = { string: utf8, bool, int64, uint64, int8, float16, float32, float64 }

/** Wrong values need a wider type than their column's. */
function arrowTypeOf(name: string, values: readonly unknown[]): ArrowType {
  const type = SIGNATURE.columns.find((column) => column.name === name)?.type ?? 'float64'
  const bigs = values.filter((value) => typeof value === 'bigint')
  if (type === 'uint64') return values.some((value) => Number(value) < 0) ? int64() : uint64()
  if (type === 'int64' && bigs.length > 0) return int64()
  return type === 'string' || type === 'bool' ? ARROW_TYPES[type]!() : float64()
}

/** Values as Arrow's builders take them. */
function arrowValue(value: unknown, type: ArrowType): unknown {
  if (value === null || value === undefined) return null
  if (value === 'NaN' || value === '-Infinity') return Number(value)
  return type.typeId === 2 && typeof value === 'number' ? BigInt(value) : value
}

function arrowForm(format: 'stream' | 'file'): Form {
  return {
    mediaType: `application/vnd.apache.arrow.${format}`,
    encode(names, rows) {
      const columns = names.map((name): [string, Column<unknown>] => {
        const values = rows.map((row) => row[name])
        const type = arrowTypeOf(name, values)
        return [
          name,
          columnFromValues(
            values.map((value) => arrowValue(value, type)),
            type,
          ),
        ]
      })
      return tableToIPC(tableFromColumns(columns), { format }) as Uint8Array
    },
    async decode(body) {
      const table = tableFromIPC(body)
      return Object.fromEntries(table.names.map((name) => [String(name), [...(table.getChild(String(name)) as Iterable<unknown>)].map(shortest)]))
    },
  }
}

/** A float32 that was widened, with the digits that it has. */
function shortest(value: unknown): string {
  return typeof value === 'number' ? String(Number(value.toPrecision(7))) : String(value)
}

const PARQUET: Form = {
  mediaType: 'application/vnd.apache.parquet',
  encode(names, rows) {
    const columnData = names.map((name): ColumnSource => {
      const values = rows.map((row) => row[name])
      const { typeId } = arrowTypeOf(name, values)
      const type = ({ 5: 'STRING', 6: 'BOOLEAN', 2: 'INT64' } as const)[typeId as 2 | 5 | 6] ?? 'DOUBLE'
      return { name, type, data: values.map((value) => arrowValue(value, { typeId } as ArrowType)) as ColumnSource['data'] }
    })
    // the writer's own schema has no unsigned numbers
    const schema = columnData.map(({ name, type }): SchemaElement => {
      const unsigned = name === 'unsigned' && (columnData.find((column) => column.name === name)!.data as unknown[]).every((value) => Number(value) >= 0)
      const text = type === 'STRING' ? ({ type: 'BYTE_ARRAY', converted_type: 'UTF8' } as const) : { type: type as 'INT64' | 'DOUBLE' | 'BOOLEAN' }
      return { name, ...text, repetition_type: 'OPTIONAL', ...(unsigned && type === 'INT64' ? { converted_type: 'UINT_64' as const } : {}) }
    })
    return new Uint8Array(
      parquetWriteBuffer({
        schema: [{ name: 'root', num_children: schema.length }, ...schema],
        columnData: columnData.map(({ name, data }) => ({ name, data })),
      }),
    )
  },
  async decode(body) {
    const rows = await parquetReadObjects({ file: new Uint8Array(body).buffer })
    return Object.fromEntries(Object.keys(rows[0]!).map((name) => [name, rows.map((row) => shortest(row[name]))]))
  },
}

FORMS.push(arrowForm('stream'), arrowForm('file'), PARQUET)

function pick(row: Row, names: readonly string[]): Row {
  return Object.fromEntries(names.filter((name) => row[name] !== undefined).map((name) => [name, row[name]]))
}

const GOOD: Row[] = [
  {
    age: 35,
    purpose: 'car',
    amount: 2500.5,
    duration: 12,
    big: 9007199254740993n,
    unsigned: 18446744073709551615n,
    small: -128,
    exact: 0.1,
    half: 0.333,
    yes: true,
    words: 'a "b", c\nd é 😀',
  },
  {
    age: 18,
    purpose: 'education',
    amount: 8100,
    duration: 'NaN',
    big: -9223372036854775808n,
    unsigned: 0,
    small: 127,
    exact: 5e-324,
    half: 65504,
    yes: false,
    words: '',
  },
  { age: 120, purpose: null, amount: 1e-10, duration: '-Infinity', big: null, unsigned: null, small: null, exact: null, half: null, yes: null, words: null },
]

/** What the model saw, comparable: texts of the bytes, since NaN and -0 must be the same bits. */
function seen(inputs: Tensors): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(inputs).map(([name, { type, shape, data, nulls }]) => [
      name,
      [type, shape, Array.isArray(data) ? data : Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('hex'), nulls && [...nulls]],
    ]),
  )
}

test('the same rows are the same tensors and give the same answers in every form', async () => {
  await using serving = await testServing({ releases: [fakeRelease({ signature: SIGNATURE })], tables: [...arrowFormats, parquetFormat] })
  const answers: Record<string, string[]>[] = []
  for (const form of FORMS) {
    const response = await serving.post(PREDICT, form.encode(NAMES, GOOD), { 'content-type': form.mediaType })
    assert.equal(response.status, 200, `${form.mediaType}: ${await response.clone().text()}`)
    answers.push(await form.decode(Buffer.from(await response.arrayBuffer())))
  }
  const [json] = serving.world.predicted.map(({ request }) => seen(request.inputs))
  for (const [i, { mediaType }] of FORMS.entries()) {
    assert.deepEqual(seen(serving.world.predicted[i]!.request.inputs), json, mediaType)
    assert.deepEqual(answers[i], answers[0], mediaType)
  }
  assert.deepEqual(Object.keys(answers[0]!), ['label', 'probabilities_good', 'probabilities_bad'])
})

test('the same wrong rows are refused with the same codes at the same places in every form', async () => {
  await using serving = await testServing({ releases: [fakeRelease({ signature: SIGNATURE })], tables: [...arrowFormats, parquetFormat] })
  const row: Row = { ...GOOD[0], unsigned: 5 }
  const cases: [string, readonly string[], Row[]][] = [
    ['a column is missing', NAMES.filter((name) => name !== 'age'), [row, row]],
    ['an optional column is missing', NAMES.filter((name) => name !== 'exact'), [row]],
    [
      'a column is not known',
      [...NAMES, 'ages'],
      [
        { ...row, ages: 1 },
        { ...row, ages: 2 },
      ],
    ],
    ['one of each', [...NAMES.filter((name) => name !== 'amount'), 'other'], [{ ...row, other: 1 }]],
    ['required values are null', NAMES, [row, { ...row, age: null, amount: null }]],
    [
      'outside of ranges',
      NAMES,
      [
        { ...row, age: 17 },
        { ...row, age: 121 },
        { ...row, exact: 'NaN' },
      ],
    ],
    [
      'too large for their types',
      NAMES,
      [
        { ...row, small: 128 },
        { ...row, amount: 1e39 },
        { ...row, half: 70000 },
        { ...row, unsigned: -1 },
      ],
    ],
    ['not whole', NAMES, [{ ...row, age: 35.5 }, row, { ...row, small: 0.1 }]],
    ['a value nobody knows', NAMES, [{ ...row, purpose: 'boat' }]],
    ['more than are listed', NAMES, Array.from({ length: 30 }, () => ({ ...row, age: 1 }))],
  ]
  for (const [what, names, rows] of cases) {
    let first: unknown
    for (const { mediaType, encode } of FORMS) {
      const response = await serving.post(PREDICT, encode(names, rows), { 'content-type': mediaType, accept: 'application/json' })
      const { code, errors } = (await response.json()) as { code?: string; errors?: { path: string; code: string }[] }
      const said = [response.status, code, errors?.map((error) => [error.path, error.code])]
      first ??= said
      assert.deepEqual(said, first, `${what}: ${mediaType}`)
    }
  }
  assert.deepEqual(serving.errors, [])
})
