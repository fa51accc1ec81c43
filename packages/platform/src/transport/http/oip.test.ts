import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DATA_TYPES, type DataType, OIP_TYPES } from '@fairlead/contract'
import { emptySeries } from '../../domain/monitoring/index.ts'
import { fakeRelease } from '../../testing/fake-model.ts'
import { modelConfig } from '../model-config.ts'
import { OIP_EXTENSIONS } from '../oip-extensions.ts'
import type { ModelStatistics } from '../statistics.ts'
import { quoteNonFinite } from './json.ts'
import { decodeInput, encodeOutput, outputForm } from './oip-tensors.ts'
import { eachLane } from './testing/serving.ts'

const INFER = '/v2/models/credit/infer'
const INPUTS = [
  { name: 'age', shape: [2, 1], datatype: 'INT64', data: [20, 30] },
  { name: 'purpose', shape: [2], datatype: 'BYTES', data: ['car', 'education'] },
  { name: 'figures', shape: [2, 2], datatype: 'FP32', data: [2500, 1, 8100, 2] },
]

async function refusal(response: Response): Promise<string> {
  const body = (await response.json()) as { error: string }
  assert.deepEqual(Object.keys(body), ['error'])
  return body.error
}

eachLane('tensors are answered flat, with the id and the release', async (testServing) => {
  await using serving = await testServing()
  const response = await serving.post(`${INFER}?test_1=1`, { id: 'ü-42', inputs: INPUTS, parameters: { any: 1 }, model_name: 'ignored' })
  assert.equal(response.status, 200)
  assert.deepEqual(await response.json(), {
    model_name: 'credit',
    model_version: '1',
    id: 'ü-42',
    outputs: [
      { name: 'label', datatype: 'INT64', shape: [2], data: [0, 1] },
      { name: 'p', datatype: 'FP32', shape: [2, 2], data: [0.75, 0.25, 0.19, 0.81] },
    ],
  })
  assert.deepEqual([serving.world.predicted[0]!.request.interface, serving.world.predicted[0]!.request.rows], ['oip', 2])
})

eachLane('the id of the body comes back and is the request id of the log; the prediction has one of its own', async (testServing) => {
  await using serving = await testServing()
  const sent: [string | undefined, Record<string, string>][] = [
    ['order-1', {}],
    ['order-1', { 'x-request-id': 'proxy' }],
    ['ü'.repeat(1000), { 'x-request-id': 'proxy' }],
    [undefined, {}],
  ]
  const answers: [string, string][] = []
  for (const [id, headers] of sent) {
    const response = await serving.post(INFER, { id, inputs: INPUTS }, headers)
    answers.push([((await response.json()) as { id: string }).id, response.headers.get('x-fairlead-id')!])
  }
  const own = answers.map(([, id]) => id)
  assert.equal(new Set(own).size, 4)
  assert.deepEqual(
    answers.map(([id]) => id),
    ['order-1', 'order-1', 'ü'.repeat(1000), own[3]],
  )
  assert.deepEqual(
    serving.world.logged.map(({ request }) => [request.id, request.requestId]),
    [
      [own[0], 'order-1'],
      [own[1], 'order-1'],
      [own[2], 'proxy'],
      [own[3], undefined],
    ],
  )
  const long = await serving.post(INFER, { id: 'x'.repeat(1001), inputs: INPUTS })
  assert.deepEqual([long.status, await long.json()], [400, { error: '"id" must be text of at most 1000 characters' }])
})

eachLane('any content type, nested data and chosen outputs', async (testServing) => {
  await using serving = await testServing()
  const nested = [
    { ...INPUTS[0], data: [[20], [30]] },
    INPUTS[1],
    {
      ...INPUTS[2],
      data: [
        [1, 2],
        [3, 4],
      ],
    },
  ]
  for (const type of ['application/octet-stream', 'application/x-www-form-urlencoded', 'text/plain']) {
    const response = await serving.post('/v2/models/credit/versions/1/infer', { inputs: nested, outputs: [{ name: 'label' }] }, { 'content-type': type })
    const body = (await response.json()) as { id: string; outputs: { name: string }[] }
    assert.deepEqual(
      body.outputs.map((output) => output.name),
      ['label'],
    )
    assert.ok(body.id)
  }
})

eachLane("a caller's mistakes are 400 with one error text", async (testServing) => {
  await using serving = await testServing()
  const with0 = (change: object) => ({ inputs: [{ ...INPUTS[0], ...change }, ...INPUTS.slice(1)] })
  const cases: [unknown, RegExp][] = [
    ['{', /not valid JSON/],
    ['', /empty/],
    ['[]', /must be an object/],
    [{}, /"inputs" must be an array/],
    [{ inputs: [] }, /"age" is missing/],
    [{ inputs: [5] }, /inputs\[0\]/],
    [with0({ name: 'aeg' }), /did you mean "age"/],
    [with0({ name: undefined }), /inputs\[0\]\.name/],
    [with0({ datatype: 'INT32' }), /must be INT64, got INT32/],
    [with0({ datatype: 'INT65' }), /must be one of BOOL/],
    [with0({ shape: [3, 1] }), /does not match true shape/],
    [with0({ shape: [-1, 1] }), /shape\[0\]/],
    [with0({ shape: [1e9, 1e9] }), /too many values/],
    [with0({ shape: new Array(65).fill(1) }), /65 dimensions, at most 64/],
    [with0({ shape: '2' }), /shape/],
    [with0({ shape: [1, 2] }), /must have the shape/],
    [with0({ data: [[20], [30, 31]] }), /nesting/],
    [with0({ data: [20, 30, 31] }), /the data have 3, and the shape \[2,1\].*needs 2/],
    [with0({ data: [20, 'x'] }), /value 1: "x" is not a whole number/],
    [with0({ data: [20, 1.5] }), /1\.5 is not a whole number/],
    [with0({ data: [20, null] }), /null is not/],
    [with0({ name: '__proto__' }), /"__proto__"/],
    [{ inputs: [...INPUTS, { ...INPUTS[0], name: '__proto__' }, { ...INPUTS[0], name: '__proto__' }] }, /"__proto__" is there twice/],
    ['{"inputs":[{"name":"age","datatype":"INT64","shape":[1],"data":[1e999]}]}', /Infinity is not a whole number/],
    [with0({ data: [20, 200] }), /inputs\.age\[1\].*18 to 120/],
    [with0({ data: 5 }), /an array is needed/],
    [with0({ data: undefined }), /data are missing/],
    [{ inputs: [...INPUTS, INPUTS[0]] }, /"age" is there twice/],
    [{ inputs: INPUTS, outputs: [{ name: 'nope' }] }, /there is no output "nope"; the outputs are label, p/],
    [{ inputs: INPUTS, outputs: [{ name: 'p' }, { name: 'p' }] }, /'?p"? already exists in request/],
    [{ inputs: INPUTS, outputs: 5 }, /"outputs"/],
    [{ inputs: INPUTS, id: 5 }, /"id" must be text/],
    [{ inputs: INPUTS, parameters: 5 }, /"parameters"/],
    [{ inputs: INPUTS, parameters: { timeout: 'x' } }, /timeout/],
    [{ inputs: INPUTS, parameters: { priority: 'x' } }, /parameters\.priority must be/],
    [{ inputs: INPUTS, parameters: { nonfinite: 'x' } }, /nonfinite/],
    [`${'['.repeat(10_000)}`, /nested 10000 levels/],
  ]
  for (const [body, words] of cases) {
    const response = await serving.post(INFER, body)
    assert.equal(response.status, 400, JSON.stringify(body).slice(0, 200))
    assert.match(await refusal(response), words)
  }
  assert.deepEqual(serving.errors, [])
})

eachLane('server, model and health documents', async (testServing) => {
  await using serving = await testServing()
  const get = async (path: string) => {
    const response = await fetch(serving.url + path)
    return [response.status, await response.json()]
  }
  assert.deepEqual(await get('/v2'), [200, { name: 'fairlead', version: '1.2.3', extensions: OIP_EXTENSIONS }])
  assert.deepEqual(await get('/v2/health/live'), [200, { live: true }])
  assert.deepEqual(await get('/v2/health/ready'), [200, { ready: true }])
  assert.deepEqual(await get('/v2/models'), [200, { models: ['credit'] }])
  assert.deepEqual(await get('/v2/models/credit/versions/1/ready'), [200, { name: 'credit', ready: true }])
  const [, model] = await get('/v2/models/credit')
  assert.deepEqual(
    { ...(model as object), properties: undefined },
    {
      name: 'credit',
      versions: ['1'],
      platform: 'onnxruntime_onnx',
      inputs: [
        { name: 'age', datatype: 'INT64', shape: [-1, 1] },
        { name: 'purpose', datatype: 'BYTES', shape: [-1, 1] },
        { name: 'figures', datatype: 'FP32', shape: [-1, 2] },
      ],
      outputs: [
        { name: 'label', datatype: 'INT64', shape: [-1] },
        { name: 'p', datatype: 'FP32', shape: [-1, 2] },
      ],
      properties: undefined,
    },
  )
  for (const path of ['/v2/models/nope', '/v2/models/nope/ready', '/v2/models/credit/versions/7', '/v2/nowhere']) {
    const response = await fetch(serving.url + path)
    assert.equal(response.status, 404, path)
    assert.ok(await refusal(response))
  }
  const wrong = await fetch(serving.url + INFER)
  assert.deepEqual([wrong.status, wrong.headers.get('allow')], [405, 'POST'])
  assert.ok(await refusal(wrong))
})

eachLane('with more steps than the model, a tensor per column and the added field', async (testServing) => {
  await using serving = await testServing({
    releases: [fakeRelease({ pipeline: [{ model: {} }, { decide: { field: 'd', label: 'review', when: 'probability > 0.5', otherwise: null } }] })],
  })
  const response = await serving.post(INFER, {
    inputs: [
      { name: 'age', shape: [2], datatype: 'INT64', data: [20, 30] },
      { name: 'amount', shape: [2], datatype: 'FP32', data: [1, 9000] },
      { name: 'duration', shape: [2, 1], datatype: 'FP32', data: [1, 2] },
    ],
    outputs: [{ name: 'd' }],
  })
  assert.deepEqual(((await response.json()) as { outputs: unknown }).outputs, [{ name: 'd', datatype: 'BYTES', shape: [2], data: ['', 'review'] }])
})

test('every type survives JSON', () => {
  const values: Record<DataType, unknown[]> = {
    bool: [true, false],
    int8: [-128, 127],
    int16: [-32768, 32767],
    int32: [-2147483648, 2147483647],
    int64: [-9223372036854775808n, 9223372036854775807n],
    uint8: [0, 255],
    uint16: [0, 65535],
    uint32: [0, 4294967295],
    uint64: [0n, 18446744073709551615n],
    float16: [0.1, -2],
    float32: [0.1, 3.4028235e38],
    float64: [0.1, 5e-324],
    string: ['', 'a\u0000"ü'],
  }
  for (const type of DATA_TYPES) {
    const { tensor } = decodeInput({ name: 'x', datatype: OIP_TYPES[type], shape: [2], data: values[type] }, 0)
    const text = encodeOutput(outputForm('x', tensor.type), tensor, 'null')
    const written = /"data":\[(.*)\]}$/.exec(text)![1]!
    assert.equal(
      written,
      values[type].map((value) => (typeof value === 'string' ? JSON.stringify(value) : String(value).replace('e+38', 'e+38'))).join(','),
      type,
    )
  }
})

test('numbers that JSON lacks are read in every form and written as asked', () => {
  const read = (text: string) => decodeInput(JSON.parse(quoteNonFinite(`{"name":"x","datatype":"FP32","shape":[5],"data":${text}}`)), 0).tensor
  const tensor = read('[NaN, -Infinity, null, "Infinity", 1]')
  assert.deepEqual(tensor.data, new Float32Array([Number.NaN, Number.NEGATIVE_INFINITY, Number.NaN, Number.POSITIVE_INFINITY, 1]))
  assert.match(encodeOutput(outputForm('y', tensor.type), tensor, 'null'), /"parameters":\{"nonfinite":"null"\},"data":\[null,null,null,null,1\]/)
  assert.match(encodeOutput(outputForm('y', tensor.type), tensor, 'tokens'), /\[NaN,-Infinity,NaN,Infinity,1\]/)
  assert.match(encodeOutput(outputForm('y', tensor.type), tensor, 'strings'), /\["NaN","-Infinity","NaN","Infinity",1\]/)
  assert.equal(quoteNonFinite('{"NaN":"a NaN \\" Infinity"}'), '{"NaN":"a NaN \\" Infinity"}')
})

eachLane('what is not offered says so, and what to do instead', async (testServing) => {
  await using serving = await testServing({ releases: [fakeRelease()] })
  const error = async (response: Response) => [response.status, ((await response.json()) as { error: string }).error] as const
  for (const more of [
    { inputs: INPUTS, outputs: [{ name: 'p', parameters: { classification: 2 } }] },
    { inputs: [{ name: 'age', shape: [2, 1], datatype: 'INT64', parameters: { shared_memory_region: 'r' } }, ...INPUTS.slice(1)] },
  ]) {
    const [status, words] = await error(await serving.post(INFER, more))
    assert.deepEqual([status, /classification|shared memory/.test(words)], [501, true])
  }
  assert.equal((await fetch(`${serving.url}/v2/models/other`)).status, 404)
})

eachLane('statistics and configuration of a release, of a deployment, and of all', async (testServing) => {
  const counted = async () => [{ ...emptySeries('credit', 2), rows: 7, runs: 3 }]
  await using serving = await testServing({ releases: [fakeRelease(), fakeRelease({ number: 2 })], counted })
  const get = async (path: string) => {
    const response = await fetch(serving.url + path)
    return [response.status, await response.json()] as [number, { error: string; model_stats: ModelStatistics[] }]
  }
  for (const [path, expected] of [
    ['/v2/models/stats', ['1 0', '2 7']],
    ['/v2/models/credit/stats', ['1 0', '2 7']],
    ['/v2/models/credit/versions/2/stats', ['2 7']],
  ] as const) {
    const [status, { model_stats }] = await get(path)
    assert.equal(status, 200)
    assert.deepEqual(
      model_stats.map(({ version, inference_count }) => `${version} ${inference_count}`),
      expected,
    )
  }
  for (const what of ['stats', 'config']) {
    for (const [path, words] of [
      [`/v2/models/other/${what}`, /there is no deployment "other"/],
      [`/v2/models/credit/versions/9/${what}`, /release 9/],
      [`/v2/models/credit/versions/x/${what}`, /release "x"/],
    ] as const) {
      const [status, { error }] = await get(path)
      assert.equal(status, 404, path)
      assert.match(error, words)
    }
  }
  const [status, config] = await get('/v2/models/credit/config')
  assert.deepEqual([status, config], [200, { ...modelConfig(serving.inference.resolve('credit')) }])
  assert.equal((await get('/v2/models/credit/versions/1/config'))[0], 200)
})
