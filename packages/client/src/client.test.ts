import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gunzipSync, gzipSync } from 'node:zlib'
import { createClient, PredictionError } from './index.ts'
import { json, problem, serving } from './testing/serving.ts'

test('predictions: one row, rows, or a whole request; a release by its number', async () => {
  const answer = { id: 'i', deployment: 'a', release: 1, predictions: [{ label: 'good' }] }
  const two = json({ ...answer, predictions: [{ label: 'good' }, { label: 'bad' }] })
  const tensors = json({ model_name: 'a', outputs: [{ name: 'y', shape: [1], datatype: 'FP32', data: [0.5] }] })
  await using s = await serving(json(answer), two, json(answer), tensors)
  const client = createClient({ url: s.url, apiKey: 'fl_k' })
  assert.deepEqual(await client.predict('a', { age: 1 }), answer)
  await client.predict('a', [{ age: 1 }, { age: 2 }], { release: 3 })
  await client.predict('a', { rows: [{ age: 1 }], key: 'customer-4' })
  await client.infer('a', { inputs: [{ name: 'x', shape: [1], datatype: 'FP32', data: [1] }] }, { release: 2, binary: false })
  assert.deepEqual(
    s.seen.map((one) => [one.url, JSON.parse(one.body)]),
    [
      ['/v1/deployments/a/predict', { rows: [{ age: 1 }] }],
      ['/v1/deployments/a/releases/3/predict', { rows: [{ age: 1 }, { age: 2 }] }],
      ['/v1/deployments/a/predict', { rows: [{ age: 1 }], key: 'customer-4' }],
      ['/v2/models/a/versions/2/infer', { inputs: [{ name: 'x', shape: [1], datatype: 'FP32', data: [1] }] }],
    ],
  )
  assert.equal(s.seen[0]?.headers.authorization, 'Bearer fl_k')
})

test('whole numbers beyond 2^53 are exact both ways, and NaN is not lost', async () => {
  await using s = await serving(json('{"predictions":[{"value":9007199254740993,"share":0.12345678901234567,"small":3}]}'))
  const answer = await createClient({ url: s.url }).predict('a', { id: 18446744073709551615n, ratio: Number.NaN, low: Number.NEGATIVE_INFINITY })
  assert.equal(s.seen[0]?.body, '{"rows":[{"id":18446744073709551615,"ratio":"NaN","low":"-Infinity"}]}')
  assert.deepEqual(answer.predictions[0], { value: 9007199254740993n, share: 0.12345678901234566, small: 3 })
})

test('what may pass is tried again after the time asked for, what cannot is not', async () => {
  await using s = await serving(
    problem(503, 'queue-full', { 'retry-after': '0.05' }),
    (response) => void response.destroy(),
    json({ id: 'i', predictions: [] }),
  )
  const from = Date.now()
  assert.deepEqual(await createClient({ url: s.url }).predict('a', []), { id: 'i', predictions: [] })
  assert.equal(s.seen.length, 3)
  assert.ok(Date.now() - from >= 90)
  await using wrong = await serving(problem(422, 'column-missing'))
  await assert.rejects(createClient({ url: wrong.url }).predict('a', []), (error) => error instanceof PredictionError && error.code === 'column-missing')
  assert.equal(wrong.seen.length, 1)
  await using full = await serving(problem(503, 'queue-full', { 'retry-after': '0' }))
  await assert.rejects(createClient({ url: full.url, retries: 1 }).predict('a', []), (error) => error instanceof PredictionError && error.retryable)
  assert.equal(full.seen.length, 2)
})

test('an abort ends the wait for a retry at once; errors of the Open Inference Protocol have a code too', async () => {
  await using s = await serving(problem(503, 'queue-full', { 'retry-after': '20' }))
  const abort = new AbortController()
  setTimeout(() => abort.abort(new Error('enough')), 50)
  await assert.rejects(createClient({ url: s.url }).predict('a', [], { signal: abort.signal }), /enough/)
  await using v2 = await serving(json({ error: 'no such tensor' }, 400))
  const failed = createClient({ url: v2.url }).infer('a', { inputs: [] })
  await assert.rejects(failed, (error) => error instanceof PredictionError && error.code === 'request-invalid' && error.detail === 'no such tensor')
})

test('the platform is told how long the answer is waited for, and the deadline ends attempts and waits', async () => {
  await using s = await serving(problem(503, 'queue-full', { 'retry-after': '0' }), problem(503, 'queue-full', { 'retry-after': '60' }))
  const from = Date.now()
  const failed = createClient({ url: s.url, retries: 9 }).predict('a', [], { timeoutMs: 20_000, deadlineMs: 15_000 })
  await assert.rejects(failed, (error) => error instanceof PredictionError && error.code === 'queue-full')
  assert.ok(Date.now() - from < 10_000, 'it does not wait for what would be too late')
  const told = s.seen.map((one) => Number(one.headers['x-request-timeout']))
  assert.equal(told.length, 2)
  assert.ok(told[0]! > 10_000 && told[0]! <= 15_000 && told[1]! <= told[0]!, `${told}`)
  await assert.rejects(createClient({ url: s.url, timeoutMs: Infinity, retries: 0 }).predict('a', []))
  assert.equal(s.seen[2]?.headers['x-request-timeout'], '2147483647')
})

test('a date in Retry-After is meant by the clock of the platform', async () => {
  const platform = Date.parse('2001-01-01T00:00:00Z')
  const headers = { date: new Date(platform).toUTCString(), 'retry-after': new Date(platform + 3000).toUTCString() }
  await using s = await serving(problem(503, 'not-ready', headers))
  await assert.rejects(createClient({ url: s.url, retries: 0 }).predict('a', []), (error: PredictionError) => error.retryAfterMs === 3000)
})

test('what is no answer of a serve port says so, with its address, and is not asked again', async () => {
  const wrong: [Parameters<typeof serving>[0], RegExp][] = [
    [json('<h1>hello</h1>'), /not JSON; is this the serve port/],
    [json('[]'), /no JSON object/],
    [json('{}'), /no predictions for 1 rows/],
    [json({ predictions: [{}, {}] }), /2 predictions for 1 rows/],
    [(response) => void response.writeHead(200, { 'content-length': '2000' }).end('x'.repeat(2000)), /larger than 1000 bytes/],
    [(response) => void response.write('x'.repeat(600), () => response.end('y'.repeat(600))), /larger than 1000 bytes/],
  ]
  for (const [answer, reason] of wrong) {
    await using s = await serving(answer)
    await assert.rejects(createClient({ url: s.url, maxAnswerBytes: 1000 }).predict('a', {}), (error: PredictionError) => {
      assert.match(error.detail, reason)
      assert.ok(error.detail.includes(`${s.url}/v1/deployments/a/predict`))
      assert.deepEqual([error.code, error.retryable, s.seen.length], ['answer-invalid', false, 1])
      return true
    })
  }
})

test('an address that cannot be one is refused at once', () => {
  for (const url of ['localhost:7310', 'ftp://a', '//a', 'http://', 'a'])
    assert.throws(() => createClient({ url }), { name: 'TypeError', message: `The url must begin with http:// or https://, got ${JSON.stringify(url)}` })
  for (const url of ['', '/fairlead/', 'https://a.example/b/']) createClient({ url })
})

test('an answer that is cut off is asked for again; an abort in its middle ends with the reason given', async () => {
  const cutting: Parameters<typeof serving>[0] = (response) => {
    response.writeHead(200, { 'content-length': '500' }).write('{"predictions"')
    setTimeout(() => response.destroy(), 20)
  }
  await using s = await serving(cutting, json({ predictions: [{}] }))
  assert.deepEqual(await createClient({ url: s.url }).predict('a', {}), { predictions: [{}] })
  await using slow = await serving((response) => void response.writeHead(200).write('{"predictions"'))
  const abort = new AbortController()
  setTimeout(() => abort.abort(new Error('changed my mind')), 100)
  await assert.rejects(createClient({ url: slow.url }).predict('a', {}, { signal: abort.signal }), /changed my mind/)
})

test('an endless page of an error is cut off', async () => {
  await using s = await serving((response) => {
    response.writeHead(404)
    const more = () => void (response.destroyed || response.write('x'.repeat(1 << 16), more))
    more()
  })
  await assert.rejects(createClient({ url: s.url }).predict('a', {}), (error: PredictionError) => error.status === 404 && error.detail.length < 300)
})

test('the limit holds for what comes out of a compressed answer, also where its encoding is hidden', async () => {
  const large = Buffer.from(JSON.stringify({ predictions: [{ text: 'x'.repeat(50_000) }] }))
  await using s = await serving((response) => {
    const packed = gzipSync(large)
    response.writeHead(200, { 'content-encoding': 'gzip', 'content-length': packed.length }).end(packed)
  })
  const tooLarge = (error: PredictionError) => error.code === 'answer-invalid' && /larger than 10000 bytes/.test(error.detail)
  await assert.rejects(createClient({ url: s.url, maxAnswerBytes: 10_000 }).predict('a', {}), tooLarge)
  const hidden = async () => new Response(large, { headers: { 'content-length': '90' } })
  await assert.rejects(createClient({ url: s.url, maxAnswerBytes: 10_000, fetch: hidden }).predict('a', {}), tooLarge)
})

test('large requests go compressed where that is wanted', async () => {
  await using s = await serving(json({ predictions: [{}] }))
  const client = createClient({ url: s.url, compressAbove: 1000 })
  await client.predict('a', { text: 'x'.repeat(5000) })
  await client.predict('a', { text: 'x' })
  assert.deepEqual(
    s.seen.map((one) => one.headers['content-encoding']),
    ['gzip', undefined],
  )
  assert.equal(gunzipSync(s.seen[0]!.bytes).toString(), JSON.stringify({ rows: [{ text: 'x'.repeat(5000) }] }))
})

test('readiness and metadata', async () => {
  const described = { name: 'a', versions: ['3'], platform: 'onnx', inputs: [{ name: 'x', datatype: 'FP32', shape: [-1, 3] }], outputs: [] }
  await using s = await serving(json(''), problem(503, 'not-ready'), json({ error: 'not ready' }, 400), json({ error: 'no such model' }, 404), json(described))
  const client = createClient({ url: s.url })
  assert.deepEqual([await client.ready(), await client.ready('a'), await client.ready('a', { release: 3 })], [true, false, false])
  await assert.rejects(client.ready('b'), (error: PredictionError) => error.status === 404)
  assert.deepEqual(await client.metadata('a'), described)
  assert.deepEqual(
    s.seen.map(({ method, url }) => `${method} ${url}`),
    ['GET /v2/health/ready', 'GET /v2/models/a/ready', 'GET /v2/models/a/versions/3/ready', 'GET /v2/models/b/ready', 'GET /v2/models/a'],
  )
  await assert.rejects(createClient({ url: 'http://127.0.0.1:1' }).ready(), (error: PredictionError) => error.code === 'unreachable')
})

test('the error names the row it is about', async () => {
  await using s = await serving(problem(422, 'column-missing'), json({ error: 'x' }, 400))
  const client = createClient({ url: s.url })
  await assert.rejects(client.predict('a', {}), (error: PredictionError) => error.row === 0)
  await assert.rejects(client.predict('a', {}), (error: PredictionError) => error.row === undefined)
})
