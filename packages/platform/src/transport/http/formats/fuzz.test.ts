import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FairleadError, type Row, writeJson } from '@fairlead/contract'
import { columnFromValues, dictionary, float64, int64, list, tableFromColumns, tableToIPC, utf8 } from '@uwdata/flechette'
import { parquetWriteBuffer } from 'hyparquet-writer'
import { arrowFormats } from '../../../adapters/arrow/index.ts'
import { parquetFormat } from '../../../adapters/parquet/index.ts'
import { ReleasePlan, type Tensors } from '../../../domain/inference/index.ts'
import { FAKE_ROW, FAKE_SIGNATURE, fakeRelease } from '../../../testing/fake-model.ts'
import { Random } from '../lane/testing/random.ts'
import { testServing } from '../testing/serving.ts'
import { FormChoice } from './forms.ts'
import { readOtherRows } from './read-rows.ts'
import { mutated } from './testing/mutations.ts'

/** Milliseconds for each form, and bodies that are tried at most. */
const TIME_MS = 700
const MOST = 20_000
/** No body may take longer, by far, on a busy machine. */
const LONGEST_MS = 5000

const SIGNATURE = {
  ...FAKE_SIGNATURE,
  inputs: [...FAKE_SIGNATURE.inputs, { name: 'pixels', type: 'float32' as const, shape: [-1, -1] }],
  columns: [...FAKE_SIGNATURE.columns, { name: 'pixels', type: 'float32' as const, tensor: 'pixels', shape: [-1], optional: true }],
}
const PLAN = new ReleasePlan(fakeRelease({ signature: SIGNATURE, settings: { maxRows: 40, extraColumns: 'ignore' } }))
const FORMS = new FormChoice([...arrowFormats, parquetFormat])

const ROWS: Row[] = Array.from({ length: 12 }, (_, i) => ({ ...FAKE_ROW, age: 18 + i, amount: i / 7, purpose: i % 3 === 0 ? null : 'car' }))
const PURPOSES = ROWS.map(({ purpose }) => purpose)

function arrow(maxBatchRows: number): Uint8Array {
  const column = (values: unknown[], type: Parameters<typeof columnFromValues>[1]) => columnFromValues(values, type, { maxBatchRows } as never)
  const columns: [string, ReturnType<typeof columnFromValues>][] = [
    [
      'age',
      column(
        ROWS.map(({ age }) => BigInt(age as number)),
        int64(),
      ),
    ],
    ['purpose', column(PURPOSES, maxBatchRows > 5 ? dictionary(utf8()) : utf8())],
    [
      'amount',
      column(
        ROWS.map(({ amount }) => amount),
        float64(),
      ),
    ],
    [
      'duration',
      column(
        ROWS.map(() => 12),
        float64(),
      ),
    ],
    [
      'pixels',
      column(
        ROWS.map(() => [1, 2]),
        list(float64()),
      ),
    ],
    ['more', column(PURPOSES, utf8())],
  ]
  return tableToIPC(tableFromColumns(columns), { format: 'stream' }) as Uint8Array
}

function parquet(codec: 'SNAPPY' | 'UNCOMPRESSED', rowGroupSize: number): Uint8Array {
  const buffer = parquetWriteBuffer({
    codec,
    rowGroupSize,
    columnData: [
      { name: 'age', type: 'INT64', data: ROWS.map(({ age }) => BigInt(age as number)), encoding: 'DELTA_BINARY_PACKED' },
      { name: 'purpose', type: 'STRING', data: PURPOSES as string[], encoding: codec === 'SNAPPY' ? 'RLE_DICTIONARY' : 'DELTA_LENGTH_BYTE_ARRAY' },
      { name: 'amount', type: 'DOUBLE', data: ROWS.map(({ amount }) => amount as number) },
      { name: 'duration', type: 'FLOAT', data: ROWS.map(() => 12), encoding: 'BYTE_STREAM_SPLIT' },
      { name: 'more', type: 'BOOLEAN', data: ROWS.map((_, i) => i > 3), encoding: 'RLE' },
    ],
  })
  return new Uint8Array(buffer)
}

const CSV = [
  'age,purpose,amount,duration,pixels,"more ""x"""',
  ...ROWS.map(({ age, purpose, amount }) => `${age},${purpose ?? ''},${amount},1e1,"[1,2]","a\nb"`),
].join('\r\n')

const SEEDS: [mediaType: string, bodies: (string | Uint8Array)[]][] = [
  ['text/csv', [CSV]],
  ['application/x-ndjson', [ROWS.map((row) => writeJson({ ...row, pixels: [1, 2] })).join('\n')]],
  ['application/vnd.apache.arrow.stream', [arrow(100), arrow(5)]],
  ['application/vnd.apache.parquet', [parquet('SNAPPY', 100), parquet('UNCOMPRESSED', 5)]],
]

function checkTensors(inputs: Tensors, rows: number): void {
  assert.ok(rows >= 1 && rows <= 40)
  for (const { name, shape } of SIGNATURE.inputs) {
    const tensor = inputs[name]!
    assert.equal(tensor.shape.length, shape.length)
    assert.equal(tensor.shape[0], rows)
    assert.equal(
      tensor.data.length,
      tensor.shape.reduce((a, b) => a * b, 1),
    )
  }
}

for (const [mediaType, bodies] of SEEDS) {
  test(`whatever is done to a body of ${mediaType}, it is refused as it should be or read`, async () => {
    const random = new Random(20_261_121)
    const form = FORMS.choose(mediaType, undefined).body
    for (const body of bodies) checkTensors((await readOtherRows(Buffer.from(body), form, PLAN)).inputs, ROWS.length)
    const before = process.memoryUsage().rss
    const end = Date.now() + TIME_MS
    let [tried, refused] = [0, 0]
    for (; tried < MOST && Date.now() < end; tried++) {
      const body = mutated(Buffer.from(bodies[tried % bodies.length]!), random)
      const started = Date.now()
      try {
        const { inputs, rows } = await readOtherRows(body, form, PLAN)
        checkTensors(inputs, rows)
      } catch (error) {
        const expected = error instanceof FairleadError && error.status >= 400 && error.status < 500
        if (!expected) assert.fail(`body ${tried} of ${mediaType}: ${(error as Error).stack}\n${body.toString('base64')}`)
        refused++
      }
      assert.ok(Date.now() - started < LONGEST_MS, `body ${tried} of ${mediaType}: ${body.toString('base64')}`)
    }
    assert.ok(refused > 0)
    assert.ok(process.memoryUsage().rss - before < 400 * 1024 * 1024)
  })
}

test('whatever is done to a body for the scoring of MLflow, no answer is an error of ours', async () => {
  await using serving = await testServing({ releases: [fakeRelease({ settings: { maxRows: 40 } })], tables: [parquetFormat] })
  const random = new Random(7)
  const names = Object.keys(FAKE_ROW)
  const seeds: [string, string | Uint8Array][] = [
    ['application/json', writeJson({ dataframe_split: { index: [0], columns: names, data: ROWS.map((row) => names.map((name) => row[name])) } })!],
    ['application/json', writeJson({ dataframe_records: ROWS, params: { a: 1 } })!],
    ['application/json', writeJson({ instances: ROWS })!],
    ['application/json', writeJson({ inputs: Object.fromEntries(names.map((name) => [name, ROWS.map((row) => row[name])])) })!],
    ['text/csv', CSV],
    ['application/vnd.apache.parquet', parquet('SNAPPY', 100)],
  ]
  const end = Date.now() + 2 * TIME_MS
  const statuses = new Map<number, number>()
  for (let tried = 0; tried < MOST && Date.now() < end; tried++) {
    const [type, seed] = seeds[tried % seeds.length]!
    const body = mutated(Buffer.from(seed), random)
    const response = await serving.post('/invocations', body, { 'content-type': type })
    const text = await response.text()
    assert.ok(response.status === 200 || (response.status >= 400 && response.status < 500), `${type}: ${text}\n${body.toString('base64')}`)
    statuses.set(response.status, (statuses.get(response.status) ?? 0) + 1)
  }
  assert.ok(statuses.get(200)! > 0 && statuses.get(400)! > 0)
  assert.deepEqual(serving.errors, [])
})
