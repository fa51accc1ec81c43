import assert from 'node:assert/strict'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { ControlError, createClient, createControl, PredictionError } from './index.ts'

interface Seen {
  method: string | undefined
  url: string | undefined
  headers: IncomingMessage['headers']
  body: string
}

/** A real server that keeps what it was asked; answers in turn, the last one for all that follow. */
async function serving(...answers: ((response: ServerResponse, seen: Seen) => void)[]) {
  const seen: Seen[] = []
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const piece of request) body += piece
    const one = { method: request.method, url: request.url, headers: request.headers, body }
    seen.push(one)
    answers[Math.min(seen.length, answers.length) - 1]?.(response, one)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

const json =
  (value: unknown, status = 200, headers: Record<string, string> = {}) =>
  (response: ServerResponse) =>
    void response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(typeof value === 'string' ? value : JSON.stringify(value))
const problem = (status: number, code: string, headers: Record<string, string> = {}) =>
  json({ type: 'x', title: 't', status, code, detail: 'because', errors: [{ path: 'rows[0].age', code, detail: 'd' }], requestId: 'r1' }, status, headers)

test('a call fills path, query and body, and answers what the operation answers', async () => {
  await using s = await serving(json({ name: 'a b' }), json('', 204))
  const control = createControl({ url: `${s.url}/`, token: 'secret' })
  const model = await control.call('importVersion', { params: { model: 'a b' }, body: { upload: 'u' }, headers: { 'idempotency-key': 'k' } })
  assert.deepEqual(model, { name: 'a b' })
  const [first] = s.seen
  assert.deepEqual([first?.method, first?.url, first?.body], ['POST', '/api/v1/models/a%20b/versions', '{"upload":"u"}'])
  assert.deepEqual(
    [first?.headers.authorization, first?.headers['content-type'], first?.headers['idempotency-key']],
    ['Bearer secret', 'application/json', 'k'],
  )
  assert.equal(await control.call('deleteModel', { params: { model: 'm' } }), undefined)
  await control.raw('getVersionFile', { params: { model: 'm', version: 2, '*': 'data/x y#z' } })
  assert.equal(s.seen[2]?.url, '/api/v1/models/m/versions/2/files/data/x%20y%23z')
  await control.call('listModels', { query: { limit: 3, next: undefined } }).catch(() => {})
  assert.equal(s.seen[3]?.url, '/api/v1/models?limit=3')
  await assert.rejects(control.call('getModel', { params: { model: '' } }), /path parameter model/)
})

test('a problem is thrown with all it says', async () => {
  await using s = await serving(problem(503, 'not-ready', { 'retry-after': '2' }))
  await assert.rejects(createControl({ url: s.url }).call('getStatus'), (error) => {
    assert.ok(error instanceof ControlError)
    assert.deepEqual(
      [error.name, error.status, error.code, error.detail, error.requestId, error.retryable, error.retryAfterMs],
      ['ControlError', 503, 'not-ready', 'because', 'r1', true, 2000],
    )
    assert.equal(error.errors[0]?.path, 'rows[0].age')
    return true
  })
})

test('answers that are no problem documents, no JSON, or no answer at all are errors of the same kind', async () => {
  await using s = await serving(json('<h1>Bad Gateway</h1>', 502), json('<h1>hello</h1>'), (response) => void response.destroy())
  const control = createControl({ url: s.url })
  const codes: unknown[] = []
  for (let i = 0; i < 3; i++)
    await control.call('getStatus').catch((error: ControlError) => codes.push([error.name, error.code, error.status, error.retryable]))
  await createControl({ url: 'http://127.0.0.1:1' })
    .call('getStatus')
    .catch((error: ControlError) => codes.push([error.name, error.code, error.status, error.retryable]))
  assert.deepEqual(codes, [
    ['ControlError', 'internal', 502, true],
    ['ControlError', 'unreachable', 0, true],
    ['ControlError', 'unreachable', 0, true],
    ['ControlError', 'unreachable', 0, true],
  ])
})

test('a call ends at its time limit, and with the caller`s own reason when they abort', async () => {
  await using s = await serving(() => {})
  const control = createControl({ url: s.url, timeoutMs: 50 })
  await assert.rejects(control.call('getStatus'), (error) => error instanceof ControlError && error.code === 'deadline-exceeded')
  const reason = new Error('changed my mind')
  await assert.rejects(control.call('getStatus', { signal: AbortSignal.abort(reason) }), reason)
})

test('an answer that begins and does not end in time is late, not unreachable', async () => {
  await using s = await serving((response) => void response.writeHead(200, { 'content-type': 'application/json' }).write('{"id":'))
  for (const call of [
    createControl({ url: s.url, timeoutMs: 100 }).call('getStatus'),
    createClient({ url: s.url, timeoutMs: 100, retries: 0 }).predict('d', { rows: [{}] }),
  ]) {
    await assert.rejects(call, (error: ControlError) => error.status === 504 && error.code === 'deadline-exceeded' && error.retryable)
  }
})

test('rows of 64 bits are exact over control too, other numbers stay numbers', async () => {
  await using s = await serving(json('{"signature":{"columns":[{"min":-9223372036854775808}]},"example":[{"id":9007199254740993}]}'))
  const control = createControl({ url: s.url })
  const found = await control.call('getDeploymentSignature', { params: { deployment: 'd' } })
  assert.deepEqual([found.example[0]?.id, found.signature.columns[0]?.min], [9007199254740993n, -(2 ** 63)])
  await control.call('tryDeployment', { params: { deployment: 'd' }, body: { rows: found.example } })
  assert.equal(s.seen[1]?.body, '{"rows":[{"id":9007199254740993}]}')
})

test('events are read in any pieces, and leaving the loop closes the connection', async () => {
  let closed = false
  await using s = await serving((response) => {
    response.on('close', () => {
      closed = true
    })
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    const text = 'retry: 1\n\n: here\n\nevent: status\r\ndata: {"sentence":\r\ndata: "größer"}\r\n\r\nevent: status\ndata: {"sentence":"two"}\n\n'
    const bytes = Buffer.from(text)
    let at = 0
    const timer = setInterval(() => {
      response.write(bytes.subarray(at, at + 7))
      at += 7
      if (at >= bytes.length) clearInterval(timer)
    }, 1)
  })
  const seen: string[] = []
  for await (const { event, data } of createControl({ url: s.url }).stream('watchStatus')) {
    seen.push(`${event} ${data.sentence}`)
    if (seen.length === 2) break
  }
  assert.deepEqual(seen, ['status größer', 'status two'])
  for (let i = 0; i < 100 && !closed; i++) await new Promise((resolve) => setTimeout(resolve, 10))
  assert.ok(closed)
})

test('predictions: one row, rows, or a whole request; a release by its number', async () => {
  const answer = { id: 'i', deployment: 'a', release: 1, predictions: [{ label: 'good' }] }
  await using s = await serving(json(answer))
  const client = createClient({ url: s.url, apiKey: 'fl_k' })
  assert.deepEqual(await client.predict('a', { age: 1 }), answer)
  await client.predict('a', [{ age: 1 }, { age: 2 }], { release: 3 })
  await client.predict('a', { rows: [{ age: 1 }], key: 'customer-4' })
  await client.infer('a', { inputs: [{ name: 'x', shape: [1], datatype: 'FP32', data: [1] }] }, { release: 2 })
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
  await using s = await serving(problem(503, 'queue-full', { 'retry-after': '0.05' }), (response) => void response.destroy(), json({ id: 'i' }))
  const from = Date.now()
  assert.deepEqual(await createClient({ url: s.url }).predict('a', []), { id: 'i' })
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

test('an upload sends bytes and blobs as they are', async () => {
  await using s = await serving(json({ path: 'p', digest: 'd', size: 3 }, 201))
  const control = createControl({ url: s.url, token: 't' })
  await control.upload('u', 'a/b.onnx', new Blob(['abc']))
  await control.upload('u', 'c', new TextEncoder().encode('abc'))
  await control.upload('u', 'd', new Blob(['abc']).stream())
  assert.deepEqual(
    s.seen.map((one) => [one.method, one.url, one.body, one.headers['content-length'], one.headers['content-type']]),
    [
      ['PUT', '/api/v1/uploads/u/files/a/b.onnx', 'abc', '3', 'application/octet-stream'],
      ['PUT', '/api/v1/uploads/u/files/c', 'abc', '3', 'application/octet-stream'],
      ['PUT', '/api/v1/uploads/u/files/d', 'abc', undefined, 'application/octet-stream'],
    ],
  )
})
