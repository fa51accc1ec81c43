import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FairleadError } from '@fairlead/contract'
import { FAKE_ROW, FAKE_SIGNATURE, fakeRelease } from '../../../testing/fake-model.ts'
import { eachLane, testServing } from '../testing/serving.ts'
import { castOf } from './cast.ts'

const PATH = '/deployments/credit/invocations'
const PYTHON = { 'user-agent': 'python-requests/2.32' }

interface Failure {
  error_code: string
  message: string
}

eachLane('a classifier of columns answers a record a row, with its own outputs', async (testServing) => {
  await using serving = await testServing({
    releases: [fakeRelease({ pipeline: [{ model: {} }, { decide: { field: 'decision', label: 'ask', when: 'probability > 0.5', otherwise: null } }] })],
  })
  const response = await serving.post(PATH, { dataframe_records: [FAKE_ROW, { ...FAKE_ROW, amount: 8100 }] }, { 'x-request-id': 'r-1' })
  assert.equal(response.status, 200)
  assert.deepEqual([response.headers.get('content-type'), response.headers.get('x-request-id')], ['application/json', 'r-1'])
  assert.deepEqual(await response.json(), {
    predictions: [
      { label: 0, p: [0.75, 0.25], decision: null },
      { label: 1, p: [0.1899999976158142, 0.8100000023841858], decision: 'ask' },
    ],
  })
  const { request } = serving.world.predicted[0]!
  assert.deepEqual([request.interface, request.requestId, request.id], ['mlflow', 'r-1', response.headers.get('x-fairlead-id')])
})

test('outputs of one size are laid flat as MLflow lays them', async () => {
  const signature = { ...FAKE_SIGNATURE, outputs: FAKE_SIGNATURE.outputs.slice(1), fields: FAKE_SIGNATURE.fields.slice(1) }
  await using serving = await testServing({ releases: [fakeRelease({ signature })] })
  const response = await serving.post(PATH, { dataframe_split: { columns: Object.keys(FAKE_ROW), data: [Object.values(FAKE_ROW)] } })
  assert.deepEqual(await response.json(), { predictions: [{ p: 0.75 }, { p: 0.25 }] })
})

test('what is no number is a bare word for clients in Python, and null for others', async () => {
  await using serving = await testServing()
  const body = '{"dataframe_records":[{"age":35,"purpose":null,"amount":NaN,"duration":1}]}'
  const answer = async (path: string, headers = {}) => (await serving.post(path, body, headers)).text()
  const [words, nulls] = ['{"predictions":[{"label":0,"p":[NaN,NaN]}]}', '{"predictions":[{"label":0,"p":[null,null]}]}']
  assert.deepEqual(
    [await answer(PATH), await answer(PATH, PYTHON), await answer(`${PATH}?nonfinite=tokens`), await answer(`${PATH}?nonfinite=null`, PYTHON)],
    [nulls, words, words, nulls],
  )
  assert.equal((await serving.post(`${PATH}?nonfinite=x`, body)).status, 400)
})

eachLane('errors have the form of MLflow', async (testServing) => {
  await using serving = await testServing({
    releases: [fakeRelease({ settings: { maxRows: 3 } })],
    authorize: ({ presented }) => {
      if (presented === 'bad') throw new FairleadError('not-authenticated', 'no such key')
      return { kind: 'loopback', id: 'loopback' }
    },
  })
  serving.world.model.poison = 13
  const many = (key: string) => ({ [key]: [FAKE_ROW, FAKE_ROW, FAKE_ROW, FAKE_ROW] })
  const cases: [path: string, body: unknown, headers: Record<string, string>, status: number, code: string, words: RegExp][] = [
    [
      PATH,
      { dataframe_records: [{ ...FAKE_ROW, age: 17 }] },
      {},
      400,
      'INVALID_PARAMETER_VALUE',
      /Failed to enforce schema of data.*rows\[0\]\.age: 17 is outside/s,
    ],
    [PATH, { dataframe_records: [{ ...FAKE_ROW, amount: 13 }] }, {}, 400, 'BAD_REQUEST', /unexpected error while evaluating the model/],
    [PATH, many('dataframe_records'), {}, 400, 'INVALID_PARAMETER_VALUE', /at most 3/],
    [PATH, 'age,amount,duration\n20,1,1\n20,1,1\n20,1,1\n20,1,1\n', { 'content-type': 'text/csv' }, 400, 'INVALID_PARAMETER_VALUE', /at most 3/],
    [PATH, 'age,amount,duration\n20.5,1,1', { 'content-type': 'text/csv' }, 400, 'BAD_REQUEST', /Failed to parse input as a Pandas DataFrame/],
    [
      PATH,
      { instances: [[1, 2]] },
      {},
      400,
      'INVALID_PARAMETER_VALUE',
      /missing inputs \['age', 'amount', 'duration'\]. Note that there were extra inputs: \['0', '1'\]/,
    ],
    [PATH, { inputs: { age: [1, 2], amount: [1] } }, {}, 400, 'BAD_REQUEST', /same length/],
    [PATH, { prompt: 'hi' }, {}, 400, 'INVALID_PARAMETER_VALUE', /missing inputs/],
    [PATH, { dataframe_records: [{ age: [[1]] }] }, {}, 400, 'BAD_REQUEST', /Failed to convert column age to type 'int64'/],
    [PATH, '{}', { 'x-request-timeout': 'soon' }, 400, 'BAD_REQUEST', /exactly one of the input fields/],
    [PATH, '{}', { authorization: 'Bearer bad' }, 401, 'UNAUTHENTICATED', /no such key/],
    ['/deployments/other/invocations', '{}', {}, 404, 'RESOURCE_DOES_NOT_EXIST', /"other"/],
    ['/deployments/credit/nothing', '{}', {}, 404, 'RESOURCE_DOES_NOT_EXIST', /nothing at/],
    ['/deployments/credit/ping', '{}', {}, 405, 'BAD_REQUEST', /use GET/],
  ]
  for (const [path, body, headers, status, code, words] of cases) {
    const response = await serving.post(path, body, headers)
    const text = await response.text()
    const { error_code, message } = JSON.parse(text) as Failure
    assert.deepEqual([response.status, error_code, words.test(message)], [status, code, true], text)
  }
  const typed = await serving.post(PATH, '{}', { 'content-type': 'text/xml' })
  assert.deepEqual([typed.status, typed.headers.get('content-type')], [415, 'text/plain; charset=utf-8'])
  assert.ok(serving.world.failed.some(({ code, status }) => code === 'model-run-failed' && status === 500))
  assert.deepEqual(serving.errors, [])
})

test('at the root the only deployment answers, and none where there are several or none is ready', async () => {
  await using serving = await testServing()
  assert.equal((await serving.post('/invocations', { dataframe_records: [FAKE_ROW] })).status, 200)
  await serving.inference.converge({
    revision: 2,
    deployments: ['credit', 'other'].map((name) => ({ name, current: 1, releases: [fakeRelease({ deployment: name })] })),
  })
  for (const path of ['/ping', '/health', '/version']) {
    assert.equal((await fetch(serving.url + path)).status, 404)
    assert.equal((await fetch(`${serving.url}/deployments/other${path}`)).status, 200)
  }
  const response = await serving.post('/invocations', { dataframe_records: [FAKE_ROW] })
  assert.deepEqual([response.status, /there are 2/.test(((await response.json()) as Failure).message)], [404, true])
})

test('tensors of shape [N, 1] are columns of plain values', async () => {
  await using serving = await testServing()
  const inputs = { age: [[35], [40]], purpose: [['car'], ['car']], amount: [[2500], [8100]], duration: [12, 12] }
  const response = await serving.post(PATH, { inputs })
  assert.deepEqual(
    ((await response.json()) as { predictions: { label: number }[] }).predictions.map(({ label }) => label),
    [0, 1],
  )
})

test('values are cast as NumPy casts them', () => {
  const cast = (type: Parameters<typeof castOf>[0]['type'], value: unknown) => castOf({ name: 'c', type, tensor: 'c' })(value)
  const good: [Parameters<typeof cast>[0], unknown, unknown][] = [
    ['int64', 1.9, 1n],
    ['int64', -1.9, -1n],
    ['int64', ' +7 ', 7n],
    ['int64', true, 1n],
    ['int64', 9007199254740993n, 9007199254740993n],
    ['uint8', 255.9, 255n],
    ['float64', '1e3', 1000],
    ['float64', 'inf', 'Infinity'],
    ['float64', null, 'NaN'],
    ['float32', false, 0],
    ['float32', 5n, 5n],
    ['bool', null, false],
    ['bool', 'false', true],
    ['bool', '', false],
    ['bool', 2, true],
    ['bool', 0n, false],
    ['string', 5, '5'],
    ['string', true, 'True'],
    ['string', null, null],
  ]
  for (const [type, value, wanted] of good) assert.deepEqual(cast(type, value), wanted, `${type} ${value}`)
  const bad: [Parameters<typeof cast>[0], unknown, RegExp][] = [
    ['int64', null, /cannot convert float NaN to integer/],
    ['int64', 'NaN', /cannot convert 'NaN' to integer/],
    ['int64', '1.5', /invalid literal for int\(\)/],
    ['int64', '9'.repeat(100_000), /invalid literal/],
    ['int64', 2n ** 63n, /out of bounds for int64/],
    ['int32', 3e9, /out of bounds for int32/],
    ['int64', Number.POSITIVE_INFINITY, /to integer/],
    ['float64', 'x', /could not convert string to float: 'x'/],
    ['float64', '0x10', /could not convert/],
    ['string', ['a'], /sequence/],
    ['float64', {}, /sequence/],
  ]
  for (const [type, value, words] of bad) assert.throws(() => cast(type, value), words, `${type} ${value}`)
})
