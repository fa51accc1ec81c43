import assert from 'node:assert/strict'
import { type Explanation, FairleadError, type PredictResponse } from '@fairlead/contract'
import type { Tensors } from '../../domain/inference/index.ts'
import { FAKE_ROW, FAKE_SIGNATURE, fakeModel, fakeRelease, fakeSession } from '../../testing/fake-model.ts'
import { eachLane } from './testing/serving.ts'

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/
const PREDICT = '/v1/deployments/credit/predict'

async function problem(response: Response) {
  assert.equal(response.headers.get('content-type'), 'application/problem+json')
  const body = (await response.json()) as { code: string; status: number; detail: string; requestId: string; errors?: { path: string; code: string }[] }
  assert.equal(body.status, response.status)
  assert.equal(body.requestId, response.headers.get('x-request-id'))
  return body
}

eachLane('rows are answered by name', async (testServing) => {
  await using serving = await testServing()
  const response = await serving.post(PREDICT, { rows: [FAKE_ROW, { ...FAKE_ROW, amount: 8100 }] })
  assert.equal(response.status, 200)
  const { id, ...rest } = (await response.json()) as { id: string }
  assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-7/)
  assert.equal(response.headers.get('x-request-id'), id)
  assert.deepEqual(rest, {
    deployment: 'credit',
    release: 1,
    predictions: [
      { label: 'good', probabilities: { good: 0.75, bad: 0.25 } },
      { label: 'bad', probabilities: { good: 0.19, bad: 0.81 } },
    ],
  })
})

eachLane('what the caller says of the request reaches the event', async (testServing) => {
  await using serving = await testServing()
  const trace = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
  const response = await serving.post(
    '/v1/deployments/credit/releases/1/predict',
    { rows: [FAKE_ROW], ids: ['order-17'], key: 'customer-4', parameters: { timeout: 500 } },
    { 'x-request-id': 'my-1', traceparent: trace },
  )
  assert.equal(response.headers.get('traceparent'), trace)
  assert.equal(response.headers.get('x-request-id'), 'my-1')
  const { id } = (await response.json()) as { id: string }
  assert.match(id, UUID)
  const { request, renderMs } = serving.world.predicted[0]!
  assert.deepEqual(
    [request.id, request.requestId, request.ids, request.key, request.release, request.traceId, request.interface],
    [id, 'my-1', ['order-17'], 'customer-4', 1, '0af7651916cd43dd8448eb211c80319c', 'rows'],
  )
  assert.ok(request.deadline <= Date.now() + 500 && request.parsedAt >= request.receivedAt && renderMs! >= 0)
})

const EXPLANATION: Explanation = {
  method: 'linear',
  outputs: [{ of: 'bad', margin: Number.NaN, bias: 0.5, contributions: { age: 1.5 }, reasons: ['age = 35 raises it by 1.5'] }],
}

eachLane('explanations come beside the predictions when they are asked for', async (testServing) => {
  const session = { ...fakeSession(fakeModel()), explain: async ({ age }: Tensors) => Array.from({ length: age!.data.length }, () => EXPLANATION) }
  await using serving = await testServing({ session })
  const answer = (await (await serving.post(PREDICT, { rows: [FAKE_ROW, FAKE_ROW], explain: true })).json()) as PredictResponse
  assert.equal(answer.predictions.length, 2)
  const written = { ...EXPLANATION, outputs: [{ ...EXPLANATION.outputs[0], margin: 'NaN' }] }
  assert.deepEqual(answer.explanations, [written, written])
  const without = (await (await serving.post(PREDICT, { rows: [FAKE_ROW], explain: false })).json()) as PredictResponse
  assert.equal('explanations' in without, false)
  const wrong = await problem(await serving.post(PREDICT, { rows: [FAKE_ROW], explain: 'yes' }))
  assert.deepEqual([wrong.code, wrong.errors?.[0]?.path], ['request-invalid', 'explain'])
  const csv = await problem(await serving.post(PREDICT, { rows: [FAKE_ROW], explain: true }, { accept: 'text/csv' }))
  assert.deepEqual([csv.code, csv.errors?.[0]?.path], ['request-invalid', 'explain'])
  const many = await problem(await serving.post(PREDICT, { rows: Array.from({ length: 101 }, () => FAKE_ROW), explain: true }))
  assert.deepEqual([many.code, serving.world.failed.at(-1)?.code], ['rows-too-many', 'rows-too-many'])
})

eachLane('a release that cannot be explained says so', async (testServing) => {
  await using serving = await testServing()
  const refused = await problem(await serving.post(PREDICT, { rows: [FAKE_ROW], explain: true }))
  assert.deepEqual([refused.code, refused.status], ['explanation-unavailable', 422])
  assert.match(refused.detail, /runs with fake/)
})

eachLane('a request id that comes twice names two predictions', async (testServing) => {
  await using serving = await testServing()
  const ids: string[] = []
  for (let i = 0; i < 2; i++) ids.push(((await (await serving.post(PREDICT, { rows: [FAKE_ROW] }, { 'x-request-id': 'retry' })).json()) as { id: string }).id)
  const own = await serving.post(PREDICT, { rows: [FAKE_ROW] })
  ids.push(((await own.json()) as { id: string }).id)
  assert.equal(new Set(ids).size, 3)
  assert.equal(own.headers.get('x-request-id'), ids[2])
  assert.deepEqual(
    serving.world.logged.map(({ request }) => [request.id, request.requestId]),
    [
      [ids[0], 'retry'],
      [ids[1], 'retry'],
      [ids[2], undefined],
    ],
  )
})

eachLane('an odd request id or trace is replaced, not echoed', async (testServing) => {
  await using serving = await testServing()
  const response = await serving.post(PREDICT, { rows: [FAKE_ROW] }, { 'x-request-id': 'a"b', traceparent: 'nonsense' })
  assert.match(response.headers.get('x-request-id')!, /^[0-9a-f-]{36}$/)
  assert.equal(response.headers.get('traceparent'), null)
})

eachLane('a priority is taken from the parameters, else from the header', async (testServing) => {
  await using serving = await testServing()
  const level = async (parameters: object, headers: Record<string, string>) => {
    assert.equal((await serving.post(PREDICT, { rows: [FAKE_ROW], parameters }, headers)).status, 200)
    return serving.world.logged.at(-1)!.request.priority
  }
  assert.equal(await level({}, {}), undefined)
  assert.equal(await level({ priority: 2 }, { 'x-request-priority': '9' }), 2)
  assert.equal(await level({ timeout: '1s' }, { 'x-request-priority': '9' }), 9)
  assert.equal(await level({ priority: 0 }, {}), undefined)
  const refused = await serving.post(PREDICT, { rows: [FAKE_ROW] }, { 'x-request-priority': 'high' })
  assert.equal(refused.status, 400)
  assert.match((await problem(refused)).detail!, /X-Request-Priority must be a whole number from 1/)
})

eachLane('wrong rows are 422 with their places, and counted as failures', async (testServing) => {
  await using serving = await testServing()
  const response = await serving.post(PREDICT, { rows: [FAKE_ROW, { ...FAKE_ROW, age: 'x' }, { amount: 1, duration: 2 }] })
  assert.equal(response.status, 422)
  const { code, errors } = await problem(response)
  assert.equal(code, 'value-type')
  assert.deepEqual(
    errors?.map((error) => [error.path, error.code]),
    [
      ['rows[1].age', 'value-type'],
      ['rows[2].age', 'column-missing'],
    ],
  )
  assert.deepEqual(
    serving.world.failed.map((event) => [event.code, event.status, event.release]),
    [['value-type', 422, 1]],
  )
})

eachLane('bodies of the wrong form are refused with the right code', async (testServing) => {
  await using serving = await testServing({ releases: [fakeRelease({ settings: { maxRows: 2 } })] })
  const deep = `${'['.repeat(10_000)}${']'.repeat(10_000)}`
  const cases: [string | Uint8Array, number, string][] = [
    ['', 400, 'json-invalid'],
    ['{"rows":', 400, 'json-invalid'],
    ['{"rows":[{"age":NaN}]}', 400, 'json-invalid'],
    [deep, 400, 'json-too-deep'],
    [`{"rows":[{"age":${deep}}]}`, 400, 'json-too-deep'],
    ['{"a":'.repeat(10_000), 400, 'json-too-deep'],
    [new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x7d]), 400, 'utf8-invalid'],
    ['[]', 400, 'request-invalid'],
    ['null', 400, 'request-invalid'],
    ['{}', 400, 'request-invalid'],
    ['{"row":[]}', 400, 'request-invalid'],
    ['{"rows":{}}', 400, 'request-invalid'],
    ['{"rows":[],"rows":[]}', 400, 'request-invalid'],
    ['{"rows":[{"age":1,"age":2}]}', 400, 'request-invalid'],
    ['{"rows":[1]}', 400, 'request-invalid'],
    ['{"rows":[]}', 422, 'rows-empty'],
    ['{"rows":[{},{},{}]}', 422, 'rows-too-many'],
    ['{"rows":[{}],"ids":["a","b"]}', 400, 'request-invalid'],
    ['{"rows":[{}],"ids":[1]}', 400, 'request-invalid'],
    ['{"rows":[{},{}],"ids":["a","a"]}', 400, 'request-invalid'],
    ['{"rows":[{}],"key":5}', 400, 'request-invalid'],
    ['{"rows":[{}],"parameters":[]}', 400, 'request-invalid'],
    ['{"rows":[{}],"parameters":{"timeout":-1}}', 400, 'request-invalid'],
    ['{"rows":[{}],"parameters":{"a":{}}}', 400, 'request-invalid'],
    ['{"rows":[{}],"parameters":{"priority":11}}', 400, 'request-invalid'],
  ]
  for (const [body, status, code] of cases) {
    const response = await serving.post(PREDICT, body)
    assert.deepEqual([response.status, (await problem(response)).code], [status, code], String(body).slice(0, 60))
  }
  assert.deepEqual(serving.errors, [])
  assert.equal((await serving.post(PREDICT, { rows: [FAKE_ROW] })).status, 200)
})

eachLane('errors in JSON name the place, and repeated keys the key', async (testServing) => {
  await using serving = await testServing()
  assert.match((await problem(await serving.post(PREDICT, '{"rows": [\n  {"age": 5,}\n]}'))).detail, /line 2, column 13/)
  assert.match((await problem(await serving.post(PREDICT, '{"rows":[{"age":1,"a\\"}":1,"\\u0061ge":2}]}'))).detail, /"age" stands twice/)
})

eachLane('64-bit integers are exact both ways', async (testServing) => {
  const big = '9007199254740993'
  const age = { name: 'age', type: 'int64' as const, tensor: 'age' }
  const signature = { ...FAKE_SIGNATURE, columns: [age, ...FAKE_SIGNATURE.columns.slice(1)] }
  await using serving = await testServing({ releases: [fakeRelease({ signature })] })
  assert.equal((await serving.post(PREDICT, `{"rows":[{"age":${big},"amount":1,"duration":2}]}`)).status, 200)
  assert.deepEqual(serving.world.predicted[0]!.request.inputs.age!.data, new BigInt64Array([BigInt(big)]))
  const over = await serving.post(PREDICT, '{"rows":[{"age":9223372036854775808,"amount":1,"duration":2}]}')
  assert.equal((await problem(over)).code, 'value-range')
})

eachLane('other content types and encodings are 415 and say what is taken', async (testServing) => {
  await using serving = await testServing()
  const xml = await serving.post(PREDICT, '<a/>', { 'content-type': 'text/xml' })
  assert.deepEqual([xml.status, (await problem(xml)).detail.includes('application/json')], [415, true])
  const zipped = await serving.post(PREDICT, '{}', { 'content-encoding': 'br' })
  assert.deepEqual([zipped.status, (await problem(zipped)).code], [415, 'encoding-unsupported'])
  assert.equal((await serving.post(PREDICT, { rows: [FAKE_ROW] }, { 'content-type': 'application/json; charset=utf-8' })).status, 200)
})

eachLane('deployments, releases, paths and methods that are not there', async (testServing) => {
  await using serving = await testServing()
  const unknown = await serving.post('/v1/deployments/credti/predict', {})
  assert.match((await problem(unknown)).detail, /did you mean "credit"/)
  for (const release of ['9', '0', 'x', '1.0', '99999999999']) {
    assert.equal((await problem(await serving.post(`/v1/deployments/credit/releases/${release}/predict`, {}))).code, 'release-unknown')
  }
  assert.equal((await problem(await serving.post('/v1/deployments/%ff/predict', {}))).code, 'path-unknown')
  const nowhere = await problem(await fetch(`${serving.url}/nowhere?x=1`))
  assert.deepEqual([nowhere.code, /nothing at \/nowhere; predictions are at \/v1\//.test(nowhere.detail)], ['path-unknown', true])
  const wrong = await fetch(serving.url + PREDICT)
  assert.deepEqual([wrong.status, wrong.headers.get('allow')], [405, 'POST'])
  const list = await fetch(`${serving.url}/v1/deployments`, { method: 'DELETE' })
  assert.deepEqual([list.status, list.headers.get('allow')], [405, 'GET, HEAD'])
})

eachLane('access is asked before the body is read', async (testServing) => {
  const seen: unknown[] = []
  await using serving = await testServing({
    releases: [fakeRelease({ settings: { requireKey: true } })],
    authorize: ({ presented, loopback, deployment, requireKey }) => {
      seen.push([loopback, deployment, requireKey])
      if (presented === 'good') return { kind: 'key', id: 'k1' }
      throw new FairleadError('not-authenticated', 'a key is needed')
    },
  })
  assert.equal((await problem(await serving.post(PREDICT, 'not json'))).code, 'not-authenticated')
  assert.deepEqual(seen, [[true, 'credit', true]])
  assert.equal((await serving.post(PREDICT, { rows: [FAKE_ROW] }, { 'x-api-key': 'good' })).status, 200)
  assert.deepEqual(serving.world.predicted[0]!.request.caller, { kind: 'key', id: 'k1' })
  for (const path of ['/v1/deployments', '/v1/deployments/credit', '/v1/deployments/credit/openapi.json', '/v2/models', '/v2/models/credit']) {
    assert.equal((await fetch(serving.url + path)).status, 401, path)
  }
  assert.equal((await fetch(`${serving.url}/v1/deployments/credit/docs`)).status, 200)
})

eachLane('a model that fails is 500 with its words, and what is unexpected is internal without them', async (testServing) => {
  await using serving = await testServing()
  serving.world.model.poison = 13
  assert.equal((await problem(await serving.post(PREDICT, { rows: [{ ...FAKE_ROW, amount: 13 }] }))).code, 'model-run-failed')
  serving.world.durable = Promise.reject(new TypeError('secret'))
  serving.world.durable.catch(() => {})
  const { code, detail } = await problem(await serving.post(PREDICT, { rows: [FAKE_ROW] }))
  assert.equal(code, 'internal')
  assert.doesNotMatch(detail, /secret/)
  assert.equal(serving.errors.length, 1)
})

eachLane('a deadline that cannot be kept is 504, a full queue 503 with Retry-After', async (testServing) => {
  await using serving = await testServing({ releases: [fakeRelease({ settings: { queueRows: 2 } })] })
  serving.world.model.delayMs = 200
  await serving.inference.converge({
    revision: 2,
    deployments: [{ name: 'credit', current: 2, releases: [fakeRelease({ number: 2, settings: { queueRows: 2 } })] }],
  })
  const first = serving.post(PREDICT, { rows: [FAKE_ROW] })
  await new Promise((resolve) => setTimeout(resolve, 50))
  const late = serving.post(PREDICT, { rows: [FAKE_ROW] }, { 'x-request-timeout': '20ms' })
  await new Promise((resolve) => setTimeout(resolve, 20))
  const queued = serving.post(PREDICT, { rows: [FAKE_ROW] })
  await new Promise((resolve) => setTimeout(resolve, 20))
  const full = await serving.post(PREDICT, { rows: [FAKE_ROW, FAKE_ROW] })
  assert.deepEqual([full.status, full.headers.get('retry-after')], [503, '1'])
  assert.equal((await problem(await late)).code, 'deadline-exceeded')
  assert.deepEqual([(await first).status, (await queued).status], [200, 200])
  assert.equal((await problem(await serving.post(PREDICT, '{}', { 'x-request-timeout': 'soon' }))).code, 'request-invalid')
})

eachLane('an answer in a form that there is not is refused before anything is run', async (testServing) => {
  await using serving = await testServing()
  const { status, code } = await problem(await serving.post(PREDICT, { rows: [FAKE_ROW] }, { accept: 'text/html' }))
  assert.deepEqual([status, code, serving.world.model.runs.length], [406, 'not-acceptable', 0])
  assert.equal((await serving.post(PREDICT, { rows: [FAKE_ROW] }, { accept: 'text/html;q=1, */*;q=0.1' })).status, 200)
})

eachLane('parameters that do not exist are named', async (testServing) => {
  await using serving = await testServing()
  const { status, errors } = await problem(await serving.post(PREDICT, { rows: [FAKE_ROW], parameters: { timeout: 500, threshold: 0.5 } }))
  assert.deepEqual([status, errors?.map(({ path }) => path)], [400, ['parameters.threshold']])
})

eachLane('a release that is out of service is told apart from one that never was', async (testServing) => {
  await using serving = await testServing({ releases: [fakeRelease({ number: 3 })] })
  const ask = async (release: number) => {
    const { status, code } = await problem(await serving.post(`/v1/deployments/credit/releases/${release}/predict`, { rows: [FAKE_ROW] }))
    return [status, code]
  }
  assert.deepEqual(
    [await ask(2), await ask(4)],
    [
      [409, 'release-not-loaded'],
      [404, 'release-unknown'],
    ],
  )
  assert.equal((await fetch(`${serving.url}/v2/models/credit/versions/2/ready`)).status, 400)
})

eachLane('whoever is refused is counted for no deployment, and told how to sign in', async (testServing) => {
  await using serving = await testServing({
    authorize: ({ presented }) => {
      if (presented === 'good') return { kind: 'key', id: 'k1' }
      throw new FairleadError(presented === undefined ? 'not-authenticated' : 'not-allowed', 'no')
    },
  })
  const refused = await serving.post(PREDICT, { rows: [FAKE_ROW] })
  assert.deepEqual([refused.status, refused.headers.get('www-authenticate')], [401, 'Bearer'])
  const oip = await serving.post('/v2/models/credit/infer', {}, { authorization: 'bearer other' })
  assert.deepEqual([oip.status, oip.headers.get('www-authenticate')], [403, null])
  for (const [path, body] of [
    ['/v1/deployments/made-up-1/predict', {}],
    ['/v1/nothing', {}],
    ['/v1/deployments', {}],
  ] as const)
    await serving.post(path, body, { authorization: 'bearer good' })
  assert.deepEqual(
    serving.world.failed.map(({ deployment, code }) => [deployment, code]),
    [
      ['', 'not-authenticated'],
      ['', 'not-allowed'],
      ['', 'deployment-unknown'],
      ['', 'path-unknown'],
      ['', 'method-not-allowed'],
    ],
  )
})

eachLane('metrics are asked for as something that tells of all deployments', async (testServing) => {
  const asked: unknown[] = []
  await using serving = await testServing({
    authorize: ({ presented, action, deployment }) => {
      asked.push([presented, action, deployment])
      if (presented === 'reader') return { kind: 'key', id: 'k1' }
      throw new FairleadError('not-authenticated', 'no')
    },
  })
  assert.equal((await fetch(`${serving.url}/metrics`)).status, 401)
  assert.equal((await fetch(`${serving.url}/metrics`, { headers: { authorization: 'Bearer reader' } })).status, 200)
  assert.deepEqual(asked, [
    [undefined, 'read', undefined],
    ['reader', 'read', undefined],
  ])
})

eachLane('ids are not looked through where the rows are none', async (testServing) => {
  await using serving = await testServing()
  const response = await serving.post(PREDICT, { ids: [1, 2], rows: 5 })
  assert.equal(response.status, 400)
  assert.deepEqual(((await response.json()) as { errors: { path: string }[] }).errors[0]?.path, 'rows')
})
