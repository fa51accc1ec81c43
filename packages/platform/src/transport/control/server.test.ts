import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { test } from 'node:test'
import { ControlError, createControl } from '@fairlead/client'
import { FairleadError } from '@fairlead/contract'
import { ROUTES } from '@fairlead/contract/control'
import type { InjectOptions } from 'fastify'
import { ADMIN_TOKEN, controlForTest } from '../../testing/control.ts'

type Setup = Awaited<ReturnType<typeof controlForTest>>
const LOCAL = '127.0.0.1:7300'

async function ask(s: Setup, method: string, url: string, more: { headers?: Record<string, string>; body?: unknown; token?: string | null } = {}) {
  const token = more.token === undefined ? ADMIN_TOKEN : more.token
  const headers: Record<string, string> = { host: LOCAL, ...(token === null ? {} : { authorization: `Bearer ${token}` }), ...more.headers }
  const options: InjectOptions = { method: method as 'GET', url, headers }
  if (more.body !== undefined) {
    options.payload = typeof more.body === 'string' || Buffer.isBuffer(more.body) ? more.body : JSON.stringify(more.body)
    options.headers = { 'content-type': 'application/json', ...headers }
  }
  const answer = await s.server.inject(options)
  const json = answer.body === '' || !String(answer.headers['content-type']).includes('json') ? undefined : JSON.parse(answer.body)
  return { status: answer.statusCode, headers: answer.headers, json, text: answer.body }
}

async function listening(s: Setup): Promise<string> {
  return s.server.listen({ host: '127.0.0.1', port: 0 })
}

test('what needs credentials is refused without, with wrong ones, and with ones that allow too little', async () => {
  await using s = await controlForTest()
  const { key: read } = await s.control.createKey({ name: 'r', scopes: ['read'] }, 'admin')
  const { key: predict } = await s.control.createKey({ name: 'p', scopes: ['predict'] }, 'admin')
  const { key: bound } = await s.control.createKey({ name: 'b', scopes: ['admin'], deployments: ['other'] }, 'admin')
  const cases: [string, string, string | null, number][] = [
    ['GET', '/api/v1/models', null, 401],
    ['GET', '/api/v1/models', 'wrong', 401],
    ['GET', '/api/v1/models', predict, 403],
    ['GET', '/api/v1/models', read, 200],
    ['POST', '/api/v1/uploads', read, 403],
    ['POST', '/api/v1/uploads', ADMIN_TOKEN, 201],
    ['GET', '/api/v1/models', bound, 403],
    ['GET', '/api/v1/deployments/credit-risk', bound, 403],
    ['GET', '/api/v1/deployments/other', bound, 404],
    ['GET', '/api/v1/openapi.json', null, 200],
  ]
  for (const [method, url, token, status] of cases)
    assert.equal((await ask(s, method, url, { token })).status, status, `${method} ${url} ${token?.slice(0, 4)}`)
  const refused = await ask(s, 'GET', '/api/v1/models', { token: null })
  assert.equal(refused.headers['www-authenticate'], 'Bearer realm="fairlead"')
})

test('errors are problem documents with code, places and request id, and nothing of the inside', async () => {
  await using s = await controlForTest()
  const wrong = await ask(s, 'POST', '/api/v1/keys', { body: { name: '', scopes: ['fly'], extra: 1 }, headers: { 'x-request-id': 'mine-1' } })
  assert.equal(wrong.status, 400)
  assert.match(String(wrong.headers['content-type']), /^application\/problem\+json/)
  assert.deepEqual([wrong.json.code, wrong.json.requestId, wrong.headers['x-request-id']], ['request-invalid', 'mine-1', 'mine-1'])
  assert.ok(wrong.json.errors.some((item: { path: string }) => item.path === 'scopes[0]'))
  const bug = await ask(s, 'DELETE', '/api/v1/models/credit')
  assert.deepEqual([bug.status, bug.json.code], [500, 'internal'])
  assert.ok(!bug.text.includes('secret'))
  const cases: [string, string, object, number, string][] = [
    ['POST', '/api/v1/keys', { body: '{"name": ' }, 400, 'json-invalid'],
    ['POST', '/api/v1/keys', { body: '' }, 400, 'request-invalid'],
    ['POST', '/api/v1/keys', { body: '['.repeat(10_000) }, 400, 'json-too-deep'],
    ['POST', '/api/v1/keys', { body: Buffer.from([0x22, 0xff, 0x22]) }, 400, 'utf8-invalid'],
    ['POST', '/api/v1/keys', { body: `"${'x'.repeat(2 ** 20)}"` }, 413, 'body-too-large'],
    ['POST', '/api/v1/keys', { body: 'name=1', headers: { 'content-type': 'application/x-www-form-urlencoded' } }, 415, 'media-type-unsupported'],
    ['GET', '/api/v1/models/NO', {}, 400, 'request-invalid'],
    ['GET', '/api/v1/models/none', {}, 404, 'model-unknown'],
    ['GET', '/api/v1/models?limit=0', {}, 400, 'request-invalid'],
    ['GET', '/api/v1/nothing', {}, 404, 'path-unknown'],
    ['GET', '/api/v1/models/%', {}, 400, 'request-invalid'],
    ['GET', '/api/v1/deployments/a', { headers: { 'x-request-id': 'with space' } }, 404, 'deployment-unknown'],
  ]
  for (const [method, url, more, status, code] of cases) {
    const answer = await ask(s, method, url, more)
    assert.deepEqual([answer.status, answer.json?.code], [status, code], `${method} ${url}`)
  }
  const method = await ask(s, 'PUT', '/api/v1/models/credit')
  assert.deepEqual([method.status, method.json.code, method.headers.allow], [405, 'method-not-allowed', 'GET, PATCH, DELETE, HEAD'])
})

test('a page signs in with a link, and its cookie works only from the own origin', async () => {
  await using s = await controlForTest()
  const link = (await ask(s, 'POST', '/api/v1/sign-in-links')).json
  const token = new URL(link.url).hash.slice(1)
  const foreign = await ask(s, 'POST', '/api/v1/session', { token: null, body: { token }, headers: { origin: 'https://evil.example' } })
  assert.deepEqual([foreign.status, foreign.json.code], [403, 'origin-refused'])
  const signed = await ask(s, 'POST', '/api/v1/session', { token: null, body: { token }, headers: { origin: `http://${LOCAL}` } })
  assert.equal(signed.status, 201)
  const set = String(signed.headers['set-cookie'])
  for (const part of ['HttpOnly', 'SameSite=Strict', 'Path=/', 'Max-Age=43200']) assert.ok(set.includes(part), part)
  const cookie = set.split(';')[0]!
  const page = (method: string, url: string, headers: Record<string, string>) => ask(s, method, url, { token: null, headers: { cookie, ...headers } })
  assert.deepEqual((await page('GET', '/api/v1/session', {})).json, signed.json)
  assert.equal((await page('POST', '/api/v1/uploads', { origin: 'https://evil.example' })).json.code, 'origin-refused')
  assert.equal((await page('POST', '/api/v1/uploads', {})).json.code, 'origin-refused')
  assert.equal((await page('POST', '/api/v1/uploads', { origin: `http://${LOCAL}` })).status, 201)
  assert.equal((await page('DELETE', '/api/v1/session', { origin: `http://${LOCAL}` })).status, 204)
  assert.equal((await page('GET', '/api/v1/session', {})).status, 401)
})

test('failed sign-ins are slowed down', async () => {
  await using s = await controlForTest()
  const attempt = () => ask(s, 'POST', '/api/v1/session', { token: null, body: { token: 'guess' } })
  for (let i = 0; i < 10; i++) assert.equal((await attempt()).json.code, 'sign-in-invalid')
  const refused = await attempt()
  assert.deepEqual([refused.status, refused.json.code, refused.headers['retry-after']], [429, 'too-many-requests', '60'])
  const link = (await ask(s, 'POST', '/api/v1/sign-in-links')).json
  const signIn = () => ask(s, 'POST', '/api/v1/session', { token: null, body: { token: new URL(link.url).hash.slice(1) } })
  assert.equal((await signIn()).status, 201, 'a valid link works whatever others have tried')
  assert.equal((await signIn()).json.code, 'sign-in-invalid')
  for (let i = 0; i < 2; i++) await attempt()
  s.clock.at += 60_000
  assert.equal((await attempt()).json.code, 'sign-in-invalid')
})

test('a name that is not of this machine is refused on the loopback address only', async () => {
  await using s = await controlForTest()
  const rebound = await ask(s, 'GET', '/healthz', { headers: { host: 'evil.example:7300' } })
  assert.deepEqual([rebound.status, rebound.json.code], [403, 'origin-refused'])
  for (const host of ['localhost:7300', '[::1]:7300', '127.0.0.1']) assert.equal((await ask(s, 'GET', '/healthz', { headers: { host } })).status, 200)
  await using wide = await controlForTest({ loopback: false, host: '0.0.0.0' })
  assert.equal((await ask(wide, 'GET', '/healthz', { headers: { host: 'models.example' } })).status, 200)
  assert.equal((await ask(wide, 'GET', '/metrics', { token: null })).status, 401)
  assert.equal((await ask(wide, 'GET', '/metrics')).text, '# metrics\n')
})

test('health says alive, and ready only with no reason against it', async () => {
  await using s = await controlForTest()
  assert.deepEqual((await ask(s, 'GET', '/healthz', { token: null })).json, { status: 'alive' })
  const ready = await ask(s, 'GET', '/readyz', { token: null })
  assert.deepEqual([ready.status, ready.json, ready.headers['retry-after']], [503, { status: 'not ready', reasons: ['loading'], degraded: [] }, '1'])
  assert.equal((await ask(s, 'GET', '/metrics', { token: null })).text, '# metrics\n')
})

test('If-Match guards a change, If-None-Match saves an answer', async () => {
  await using s = await controlForTest()
  const first = await ask(s, 'GET', '/api/v1/models/credit')
  const etag = String(first.headers.etag)
  assert.equal((await ask(s, 'GET', '/api/v1/models/credit', { headers: { 'if-none-match': etag } })).status, 304)
  const change = (description: string) => ask(s, 'PATCH', '/api/v1/models/credit', { body: { description }, headers: { 'if-match': etag } })
  const both = await Promise.all([change('one'), change('two')])
  assert.deepEqual(both.map((one) => one.status).sort(), [200, 412])
  assert.equal(both.find((one) => one.status === 412)?.json.code, 'changed-meanwhile')
})

test('a repeated Idempotency-Key answers as the first time', async () => {
  await using s = await controlForTest()
  const deploy = (model: string) => ask(s, 'POST', '/api/v1/deployments/credit-risk/releases', { body: { model }, headers: { 'idempotency-key': 'once' } })
  const [first, second] = await Promise.all([deploy('credit:1'), deploy('credit:1')])
  assert.deepEqual([first.status, second.status], [202, 202])
  assert.deepEqual(first.json, second.json)
  assert.equal((await ask(s, 'GET', '/api/v1/deployments/credit-risk')).json.releases, 1)
  assert.equal((await deploy('credit:2')).json.code, 'idempotency-mismatch')
  assert.equal((await ask(s, 'POST', '/api/v1/uploads', { headers: { 'idempotency-key': 'ü' } })).json.code, 'request-invalid')
})

test('a deploy keeps what it inherits, and names wrong settings by their own code', async () => {
  await using s = await controlForTest()
  await s.deployed({ model: 'credit:1', settings: { maxRows: 7 } })
  const deploy = (body: object) => ask(s, 'POST', '/api/v1/deployments/credit-risk/releases', { body })
  assert.equal((await deploy({ model: 'credit:2', settings: { queueRows: 9 } })).status, 202)
  const { settings } = (await ask(s, 'GET', '/api/v1/deployments/credit-risk/releases/2')).json
  assert.deepEqual([settings.maxRows, settings.queueRows], [7, 9])
  const wrong = await deploy({ model: 'credit:2', settings: { queueRow: 9 } })
  assert.deepEqual([wrong.status, wrong.json.code, wrong.json.errors[0].path], [422, 'setting-unknown', 'settings.queueRow'])
  assert.equal((await deploy({ model: 'credit:2', pipeline: [] })).json.code, 'pipeline-invalid')
})

test('logged predictions come as JSON, CSV or Parquet, in a window of time', async () => {
  await using s = await controlForTest()
  const url = '/api/v1/deployments/credit-risk/predictions'
  const { json } = await ask(s, 'GET', `${url}?since=1h&until=2026-01-01T00:00:00Z&limit=5`)
  assert.deepEqual([json.items[0].until - json.items[0].since, json.items[0].limit, json.items[0].order], [3_600_000, 5, 'newest'])
  const csv = await ask(s, 'GET', url, { headers: { accept: 'text/csv' } })
  assert.deepEqual([csv.text, csv.headers['content-disposition']], ['csv,1\n2\n', 'attachment; filename="credit-risk.csv"'])
  assert.equal((await ask(s, 'GET', url, { headers: { accept: 'application/vnd.apache.parquet' } })).text, 'parquet,1\n2\n')
  assert.equal((await ask(s, 'GET', `${url}?since=yesterday`)).json.errors[0].path, 'since')
})

test('files are uploaded as they come, whatever their type, and served as attachments', async () => {
  await using s = await controlForTest({ maxFileBytes: 3_000_000 })
  const control = createControl({ url: await listening(s), token: ADMIN_TOKEN })
  const bytes = Buffer.alloc(2_500_000, 7)
  const put = await control.upload('u1', 'data/my file.onnx', new Blob([bytes]))
  assert.deepEqual([put.path, put.size], ['data/my file.onnx', bytes.length])
  assert.equal((await control.upload('u1', 'empty', new Blob([]))).size, 0)
  await assert.rejects(control.upload('u1', 'big', new Blob([bytes, bytes])), (error) => error instanceof ControlError && error.code === 'body-too-large')
  const file = await control.raw('getVersionFile', { params: { model: 'credit', version: 1, '*': 'a/b c.txt' } })
  assert.equal(await file.text(), 'contents of a/b c.txt')
  assert.equal(file.headers.get('content-disposition'), "attachment; filename*=UTF-8''b%20c.txt")
})

test('an upload cut off on its way is refused and kept nowhere', async () => {
  await using s = await controlForTest()
  const { port } = new URL(await listening(s))
  const socket = connect(Number(port), '127.0.0.1')
  socket.write(`PUT /api/v1/uploads/u1/files/half HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer ${ADMIN_TOKEN}\r\ncontent-length: 1000\r\n\r\nabc`)
  await new Promise((resolve) => setTimeout(resolve, 100))
  socket.destroy()
  await new Promise((resolve) => setTimeout(resolve, 100))
  assert.equal(s.registry.uploads.size, 0)
})

test('bytes that are no request get a problem too', async () => {
  await using s = await controlForTest()
  const { port } = new URL(await listening(s))
  const socket = connect(Number(port), '127.0.0.1')
  socket.write('this is not HTTP\r\n\r\n')
  let text = ''
  for await (const piece of socket) text += piece
  assert.match(text, /^HTTP\/1\.1 400 Bad Request\r\n/)
  assert.equal(JSON.parse(text.split('\r\n\r\n')[1] ?? '').code, 'request-invalid')
})

test('status and operations are streamed, and a shutdown ends the streams', { timeout: 10_000 }, async () => {
  const s = await controlForTest()
  const control = createControl({ url: await listening(s), token: ADMIN_TOKEN })
  const { id } = await control.call('createRelease', { params: { deployment: 'credit-risk' }, body: { model: 'credit' } })
  setTimeout(() => s.say('serve-1', 1, 'ready'), 50)
  const states: string[] = []
  for await (const { event, data } of control.stream('watchOperation', { params: { operation: id } })) states.push(`${event} ${data.state}`)
  assert.equal(states.at(-1), 'operation done')
  let seen = 0
  let closed: Promise<void> | undefined
  for await (const { event, data } of control.stream('watchStatus')) {
    assert.deepEqual([event, data.sentence], ['status', 'All is well.'])
    if (++seen === 2) closed = s[Symbol.asyncDispose]()
  }
  await closed
  assert.ok(seen >= 2)
})

test('the OpenAPI document has every operation, and every reference leads somewhere', async () => {
  await using s = await controlForTest()
  const { json, text } = await ask(s, 'GET', '/api/v1/openapi.json', { token: null })
  assert.equal(json.openapi, '3.1.0')
  const names = Object.values(json.paths as Record<string, Record<string, { operationId: string }>>).flatMap((path) =>
    Object.values(path).map((one) => one.operationId),
  )
  assert.deepEqual(names.sort(), Object.keys(ROUTES).sort())
  for (const [, name] of text.matchAll(/"#\/components\/schemas\/(\w+)"/g)) assert.ok(json.components.schemas[name!], name)
  assert.equal(/"\$ref":"(?!#\/components)/.test(text), false)
  const release = json.paths['/api/v1/deployments/{deployment}/releases/{release}'].get
  assert.deepEqual(
    release.parameters.map((one: { name: string }) => one.name),
    ['deployment', 'release'],
  )
  assert.deepEqual(release.responses[200].content['application/json'].schema, { $ref: '#/components/schemas/Release' })
})

test('the console is served with a strict policy; pages fall back to the index, nothing outside the folder is reached', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-console-'))
  try {
    await mkdir(join(folder, 'dist', 'assets'), { recursive: true })
    await writeFile(join(folder, 'secret.txt'), 'secret')
    await writeFile(join(folder, 'dist', 'index.html'), '<h1>console</h1>')
    await writeFile(join(folder, 'dist', 'assets', 'app-1a2b.js'), 'plain')
    await writeFile(join(folder, 'dist', 'assets', 'app-1a2b.js.br'), 'packed')
    await using s = await controlForTest({ consoleDir: join(folder, 'dist') })
    const index = await ask(s, 'GET', '/', { token: null })
    assert.deepEqual([index.status, index.text, index.headers['cache-control']], [200, '<h1>console</h1>', 'no-cache'])
    assert.match(String(index.headers['content-security-policy']), /default-src 'self'.*frame-ancestors 'none'/)
    assert.equal(index.headers['x-content-type-options'], 'nosniff')
    assert.equal((await ask(s, 'GET', '/deployments/credit.risk?tab=try', { headers: { accept: 'text/html' } })).text, '<h1>console</h1>')
    const script = await ask(s, 'GET', '/assets/app-1a2b.js', { headers: { 'accept-encoding': 'gzip, br' } })
    assert.deepEqual([script.text, script.headers['content-encoding'], script.headers['content-type']], ['packed', 'br', 'text/javascript; charset=utf-8'])
    assert.match(String(script.headers['cache-control']), /immutable/)
    assert.equal((await ask(s, 'GET', '/assets/app-1a2b.js', { headers: { 'accept-encoding': 'br;q=0' } })).text, 'plain')
    assert.equal((await ask(s, 'GET', '/assets/gone.js')).status, 404)
    for (const path of ['/../secret.txt', '/%2e%2e/secret.txt', '/..%2fsecret.txt', '/assets/..%5c..%5csecret.txt']) {
      assert.equal((await ask(s, 'GET', path)).status, 404, path)
    }
    assert.equal((await ask(s, 'GET', '/', { headers: { 'if-none-match': String(index.headers.etag) } })).status, 304)
  } finally {
    await rm(folder, { recursive: true })
  }
})

test('the log of what never was is not there; that of a removed deployment is; an export that fails is a problem, not a file', async () => {
  await using s = await controlForTest()
  const never = await ask(s, 'GET', '/api/v1/deployments/nosuch/predictions')
  assert.deepEqual([never.status, never.json.code], [404, 'deployment-unknown'])
  await s.deployments.deploy('fresh', { model: 'credit' }, 'admin')
  assert.equal((await ask(s, 'GET', '/api/v1/deployments/fresh/predictions')).status, 200)
  assert.equal((await ask(s, 'GET', '/api/v1/deployments/credit-risk/predictions')).status, 200, 'logged once, and gone since')
  const asked: number[] = []
  const predictions = {
    has: async () => true,
    query: async (query: { limit: number }) => {
      asked.push(query.limit)
      return { columns: [], items: [], next: null }
    },
    export: async (query: { limit: number }) => {
      asked.push(query.limit)
      return Readable.from(
        (async function* () {
          yield* []
          throw new FairleadError('storage-full', 'There is no room.')
        })(),
      )
    },
  }
  await using full = await controlForTest({ predictions })
  const failed = await ask(full, 'GET', '/api/v1/deployments/credit-risk/predictions', { headers: { accept: 'text/csv' } })
  assert.deepEqual([failed.status, failed.json.code, failed.headers['content-disposition']], [507, 'storage-full', undefined])
  await ask(full, 'GET', '/api/v1/deployments/credit-risk/predictions')
  await ask(full, 'GET', '/api/v1/deployments/credit-risk/predictions?limit=50000')
  assert.deepEqual(asked, [Number.POSITIVE_INFINITY, 100, 50_000])
})
