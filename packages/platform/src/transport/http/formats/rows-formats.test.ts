import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FAKE_ROW, FAKE_SIGNATURE, fakeRelease } from '../../../testing/fake-model.ts'
import { eachLane, testServing } from '../testing/serving.ts'
import { readNdjson } from './ndjson.ts'

const PREDICT = '/v1/deployments/credit/predict'
const CSV = { 'content-type': 'text/csv' }
const NDJSON = { 'content-type': 'application/x-ndjson' }

interface Problem {
  code: string
  detail: string
  errors?: { path: string; code: string; detail: string }[]
}

eachLane('CSV is answered in CSV, with flat columns and what else there is to say in headers', async (testServing) => {
  await using serving = await testServing({
    releases: [fakeRelease({ pipeline: [{ model: {} }, { decide: { field: 'decision', label: 'ask, "now"', when: 'probability > 0.5', otherwise: null } }] })],
  })
  const response = await serving.post(PREDICT, 'duration,age,purpose,amount\r\n12,35,car,2500\r\n12,35,,8100\r\n', CSV)
  assert.equal(response.status, 200)
  assert.equal(response.headers.get('content-type'), 'text/csv')
  assert.equal(await response.text(), 'label,probabilities_good,probabilities_bad,decision\r\ngood,0.75,0.25,\r\nbad,0.19,0.81,"ask, ""now"""\r\n')
  const { request } = serving.world.predicted[0]!
  assert.deepEqual(
    ['id', 'deployment', 'release'].map((name) => response.headers.get(`x-fairlead-${name}`)),
    [request.id, 'credit', '1'],
  )
  assert.deepEqual(
    [request.interface, request.rows, request.inputs.purpose!.data, request.inputs.purpose!.nulls],
    ['rows', 2, ['car', ''], new Uint8Array([0, 1])],
  )
})

eachLane('NDJSON is answered line by line', async (testServing) => {
  await using serving = await testServing()
  const response = await serving.post(PREDICT, `${JSON.stringify(FAKE_ROW)}\n\r\n  \n${JSON.stringify({ ...FAKE_ROW, amount: 8100 })}`, NDJSON)
  assert.deepEqual([response.status, response.headers.get('content-type')], [200, 'application/x-ndjson'])
  assert.equal(await response.text(), '{"label":"good","probabilities":{"good":0.75,"bad":0.25}}\n{"label":"bad","probabilities":{"good":0.19,"bad":0.81}}\n')
})

eachLane('Accept asks for another form than that of the body', async (testServing) => {
  await using serving = await testServing()
  const csv = await serving.post(PREDICT, { rows: [FAKE_ROW], ids: ['a'] }, { accept: 'text/csv' })
  assert.equal(await csv.text(), 'label,probabilities_good,probabilities_bad\r\ngood,0.75,0.25\r\n')
  const json = await serving.post(PREDICT, 'age,amount,duration\n35,2500,12', { ...CSV, accept: 'application/json' })
  assert.deepEqual(((await json.json()) as { predictions: unknown }).predictions, [{ label: 'good', probabilities: { good: 0.75, bad: 0.25 } }])
  assert.deepEqual(
    serving.world.predicted.map(({ request }) => request.ids),
    [['a'], undefined],
  )
})

eachLane('key and timeout come in the query where the body has rows alone', async (testServing) => {
  await using serving = await testServing()
  const csv = 'age,amount,duration\n35,2500,12'
  assert.equal((await serving.post(`${PREDICT}?key=customer%204&timeout=300ms`, csv, CSV)).status, 200)
  const { request } = serving.world.predicted[0]!
  assert.ok(request.key === 'customer 4' && request.deadline <= Date.now() + 300)
  for (const [query, words] of [
    ['kye=1', /kye: there is no such parameter; did you mean "key"/],
    ['key=1&key=2', /key: it stands twice/],
    [`key=${'a'.repeat(1001)}`, /at most 1000 characters/],
    ['timeout=soon', /timeout must be milliseconds/],
  ] as const) {
    const response = await serving.post(`${PREDICT}?${query}`, csv, CSV)
    assert.deepEqual([response.status, words.test(((await response.json()) as Problem).detail)], [400, true], query)
  }
})

eachLane('wrong values in CSV and NDJSON are named by row, column and line', async (testServing) => {
  await using serving = await testServing()
  const csv = await serving.post(PREDICT, 'age,amount,duration\n35,1,2\n\n35,"x\ny",2\n12.5,1,\n', CSV)
  assert.equal(csv.status, 422)
  const { code, detail, errors } = (await csv.json()) as Problem
  assert.match(detail, /^rows\[2\]\.age: 12\.5 is not a whole number \(line 6\) \(and 2 more\)/)
  assert.deepEqual(
    [code, errors!.map(({ path, code, detail }) => [path, code, /\(line \d\)$/.exec(detail)?.[0]])],
    [
      'value-type',
      [
        ['rows[2].age', 'value-type', '(line 6)'],
        ['rows[1].amount', 'value-type', '(line 4)'],
        ['rows[2].duration', 'value-missing', '(line 6)'],
      ],
    ],
  )
  const lines = await serving.post(PREDICT, `${JSON.stringify(FAKE_ROW)}\n\n{"age":"x"}`, NDJSON)
  assert.equal(lines.status, 422)
  const problem = (await lines.json()) as Problem
  assert.match(problem.detail, /^rows\[1\]\.age: "x" is not a whole number \(line 3\) \(and 2 more\)/)
  assert.deepEqual(problem.errors![1], { path: 'rows[1].amount', code: 'column-missing', detail: 'the required column "amount" is missing (line 3)' })
})

eachLane('bodies of the wrong form are refused with the right code', async (testServing) => {
  await using serving = await testServing({ releases: [fakeRelease({ settings: { maxRows: 2 } })] })
  const head = 'age,amount,duration\n'
  const cases: [Record<string, string>, string | Uint8Array, number, string, RegExp][] = [
    [CSV, '', 400, 'table-invalid', /it is empty/],
    [CSV, head, 422, 'rows-empty', /the table has no rows/i],
    [CSV, 'age,amount,duration20,1,1', 422, 'rows-empty', /one line.*--data-binary/],
    [CSV, '[{"age": 20}]\n', 400, 'table-invalid', /is text\/csv, and it begins like application\/json/],
    [CSV, 'PAR1"', 400, 'table-invalid', /begins like application\/vnd\.apache\.parquet/],
    [CSV, `${head}1,2`, 400, 'table-invalid', /line 2, column 1/],
    [CSV, `${head}${'20,1,1\n'.repeat(3)}`, 422, 'rows-too-many', /at most 2/],
    [CSV, new Uint8Array([0x61, 0xff]), 400, 'utf8-invalid', /byte 1/],
    [CSV, 'age,age,amount,duration\n20,20,1,1', 400, 'request-invalid', /"age" is there twice/],
    [CSV, 'nothing\n1', 422, 'column-missing', /rows\[0\]\.age/],
    [CSV, 'age,amount,duratoin\n20,1,1', 422, 'column-missing', /"duration" is missing/],
    [CSV, ',age,amount,duration\n0,20,1,1', 422, 'column-unknown', /there is no column ""; pandas/],
    [NDJSON, '', 422, 'rows-empty', /./],
    [NDJSON, '{}\n{', 400, 'json-invalid', /^line 2: .*\(column 2\)/],
    [NDJSON, '{}\n{"a":1,"a":2}', 400, 'request-invalid', /^line 2: .*"a" stands twice/],
    [NDJSON, '[]', 400, 'request-invalid', /^line 1: an object/],
    [NDJSON, '{"a":NaN}', 400, 'json-invalid', /./],
    [NDJSON, '{} {}', 400, 'json-invalid', /./],
    [NDJSON, '{}\n{}\n{}', 422, 'rows-too-many', /at most 2/],
    [NDJSON, `{"a":${'['.repeat(200)}`, 400, 'json-too-deep', /./],
    [NDJSON, new Uint8Array([0x7b, 0xff]), 400, 'utf8-invalid', /./],
  ]
  for (const [headers, body, status, code, words] of cases) {
    const response = await serving.post(PREDICT, body, headers)
    const problem = (await response.json()) as Problem
    assert.deepEqual([response.status, problem.code, words.test(problem.detail)], [status, code, true], `${body}: ${problem.detail}`)
  }
  assert.deepEqual([serving.errors, serving.world.failed.length], [[], cases.length])
})

test('CSV values are read by the types of their columns', async () => {
  const types = ['int64', 'uint8', 'float32', 'float64', 'float16', 'bool', 'string'] as const
  const columns = types.map((type) => ({ name: type, type, tensor: type, optional: true }))
  const inputs = types.map((type) => ({ name: type, type, shape: [-1, 1] }))
  const pixels = { name: 'pixels', type: 'float64' as const, shape: [-1, 2] }
  const signature = {
    ...FAKE_SIGNATURE,
    inputs: [...FAKE_SIGNATURE.inputs, ...inputs, pixels],
    columns: [...FAKE_SIGNATURE.columns, ...columns, { name: 'pixels', type: 'float64' as const, tensor: 'pixels', shape: [2], optional: true }],
  }
  await using serving = await testServing({ releases: [fakeRelease({ signature })] })
  const head = `age,amount,duration,${types.join(',')},pixels`
  const answer = await serving.post(
    PREDICT,
    `${head}\n20,1,1,9223372036854775807,+255,0.1,1e-7,0.5,True,"a,b","[1,""NaN""]"\n20,1,1,-9007199254740993, 7 ,inf,NaN,-Inf,0,"",\n20,"1","1.0",3.0,"",,.5,,,,\n20,1,1,,1e1,-0,123456789.12345678,,FALSE, x ,\n`,
    CSV,
  )
  assert.equal(answer.status, 200, await answer.clone().text())
  const tensors = serving.world.predicted[0]!.request.inputs
  const of = (name: string) => tensors[name]!
  assert.deepEqual(of('int64').data, new BigInt64Array([9223372036854775807n, -9007199254740993n, 3n, 0n]))
  assert.deepEqual([of('uint8').data, of('uint8').nulls], [new Uint8Array([255, 7, 0, 10]), new Uint8Array([0, 0, 1, 0])])
  assert.deepEqual(of('float32').data, new Float32Array([0.1, Number.POSITIVE_INFINITY, Number.NaN, -0]))
  assert.deepEqual(of('float64').data, new Float64Array([1e-7, Number.NaN, 0.5, 123456789.12345678]))
  assert.deepEqual(
    new Float16Array((of('float16').data as Uint16Array).slice().buffer),
    new Float16Array([0.5, Number.NEGATIVE_INFINITY, Number.NaN, Number.NaN]),
  )
  assert.deepEqual([of('bool').data, of('bool').nulls], [new Uint8Array([1, 0, 0, 0]), new Uint8Array([0, 0, 1, 0])])
  assert.deepEqual([of('string').data, of('string').nulls], [['a,b', '', '', ' x '], new Uint8Array([0, 0, 1, 0])])
  assert.deepEqual(of('pixels').data, new Float64Array([1, Number.NaN, ...Array(6).fill(Number.NaN)]))
  const wrong = '20,1,1,0x10,256,x,1e999,70000,2,,[1]\n20,1,1,1.5,-1,1_0,1e,"1,5",yes,,nonsense'
  const refused = (await (await serving.post(PREDICT, `${head}\n${wrong}`, CSV)).json()) as Problem
  assert.deepEqual(
    refused.errors!.map(({ path, code }) => `${path} ${code}`),
    [
      ...['int64 value-type', 'int64 value-type', 'uint8 value-range', 'uint8 value-range', 'float32 value-type', 'float32 value-type', 'float64 value-range'],
      ...[
        'float64 value-type',
        'float16 value-range',
        'float16 value-type',
        'bool value-type',
        'bool value-type',
        'pixels shape-mismatch',
        'pixels shape-mismatch',
      ],
    ].map((text, i) => `rows[${i % 2}].${text}`),
  )
})

test('extra columns of a table pass when told', async () => {
  await using serving = await testServing({ releases: [fakeRelease({ settings: { extraColumns: 'ignore' } })] })
  assert.equal((await serving.post(PREDICT, ',age,amount,duration,more\n0,20,1,1,"x"', CSV)).status, 200)
})

test('the OpenAPI document lists the forms, and its NDJSON example works when pasted', async () => {
  await using serving = await testServing()
  const doc = (await (await fetch(`${serving.url}/v1/deployments/credit/openapi.json`)).json()) as {
    paths: Record<string, { post: { requestBody: { content: Record<string, { example?: string }> }; responses: Record<string, { content: object }> } }>
  }
  const { requestBody, responses } = doc.paths[PREDICT]!.post
  const forms = ['application/json', 'application/x-ndjson', 'text/csv']
  assert.deepEqual([Object.keys(requestBody.content), Object.keys(responses[200]!.content)], [forms, forms])
  assert.equal((await serving.post(PREDICT, requestBody.content['application/x-ndjson']!.example, NDJSON)).status, 200)
})

test('millions of blank lines and of lines without a row cost little', async () => {
  await using serving = await testServing()
  const blank = Buffer.alloc(30_000_000, ' \n')
  const started = performance.now()
  const found = readNdjson(Buffer.concat([blank, Buffer.from(' {"a":1} \n'), blank]), { exact: true, maxRows: 10 })
  assert.ok(performance.now() - started < 5000)
  assert.deepEqual(found, { rows: [{ a: 1 }], lines: [15_000_001] })
  const keys = Array.from({ length: 3000 }, (_, k) => `"${k}":1`).join()
  const response = await serving.post(PREDICT, `{${keys}}\n`.repeat(700), NDJSON)
  assert.deepEqual([response.status, ((await response.json()) as { code: string }).code], [413, 'body-too-large'])
})
