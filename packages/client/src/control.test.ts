import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ControlError, createClient, createControl } from './index.ts'
import { json, problem, serving } from './testing/serving.ts'

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

test('an answer without end is given up, not gathered', async () => {
  const piece = new Uint8Array(32 * 1024 * 1024)
  const body = new ReadableStream({ pull: (controller) => controller.enqueue(piece) })
  const control = createControl({ url: 'http://x', fetch: async () => new Response(body) })
  await assert.rejects(control.call('getStatus'), /268435456 bytes/)
})
