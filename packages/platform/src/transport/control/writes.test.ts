import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { InjectOptions } from 'fastify'
import { ADMIN_TOKEN, controlForTest } from '../../testing/control.ts'

type Setup = Awaited<ReturnType<typeof controlForTest>>
type More = { headers?: Record<string, string>; body?: unknown; token?: string }

async function ask(s: Setup, method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, { headers = {}, body, token = ADMIN_TOKEN }: More = {}) {
  const options: InjectOptions = { method, url: `/api/v1${path}`, headers: { host: '127.0.0.1:7300', authorization: `Bearer ${token}`, ...headers } }
  if (body !== undefined) Object.assign(options, { payload: JSON.stringify(body), headers: { ...options.headers, 'content-type': 'application/json' } })
  const { statusCode, headers: answered, body: text } = await s.server.inject(options)
  return { status: statusCode, headers: answered, text, json: /json/.test(String(answered['content-type'])) ? JSON.parse(text) : undefined }
}

test('If-Match guards what is done to a deployment', async () => {
  await using s = await controlForTest()
  const release = (match: string) => ask(s, 'POST', '/deployments/credit-risk/releases', { body: { model: 'credit:1' }, headers: { 'if-match': match } })
  assert.deepEqual([(await release('*')).status, (await release('"x"')).json.code], [412, 'changed-meanwhile'], 'there is nothing yet that could match')
  await s.deployed({ model: 'credit:1' })
  const read = await ask(s, 'GET', '/deployments/credit-risk')
  const etag = String(read.headers.etag)
  assert.match(etag, /^"[\w-]+"$/)
  assert.equal((await ask(s, 'GET', '/deployments/credit-risk', { headers: { 'if-none-match': `W/${etag}` } })).status, 304)
  assert.equal((await release(`W/${etag}`)).status, 412, 'a weak tag never matches')
  const both = await Promise.all([release(etag), release(etag)])
  assert.deepEqual(both.map((one) => one.status).sort(), [202, 412])
  for (const [method, path, body] of [
    ['POST', '/deployments/credit-risk/rollback', {}],
    ['DELETE', '/deployments/credit-risk', undefined],
  ] as const) {
    const stale = await ask(s, method, path, { body, headers: { 'if-match': etag } })
    assert.deepEqual([stale.status, stale.json.code], [412, 'changed-meanwhile'], method)
  }
  const now = String((await ask(s, 'GET', '/deployments/credit-risk')).headers.etag)
  assert.equal((await ask(s, 'DELETE', '/deployments/credit-risk', { headers: { 'if-match': now } })).status, 204)
})

test('If-Match is refused where it would have no effect', async () => {
  await using s = await controlForTest()
  const refused = await ask(s, 'POST', '/keys', { body: { name: 'web' }, headers: { 'if-match': '"x"' } })
  assert.deepEqual([refused.status, refused.json.code], [400, 'request-invalid'])
})

test('a repeated key is the same key, and the store holds no secret in clear', async () => {
  await using s = await controlForTest()
  const create = (body: object, token = ADMIN_TOKEN) => ask(s, 'POST', '/keys', { body, token, headers: { 'idempotency-key': 'once' } })
  const [first, second] = await Promise.all([create({ name: 'web' }), create({ name: 'web' })])
  assert.deepEqual([first.status, second.status, second.headers['idempotency-replayed']], [201, 201, 'true'])
  assert.deepEqual(first.json, second.json)
  assert.equal((await s.control.listKeys({ limit: 10 })).items.length, 1)
  assert.equal((await create({ name: 'other' })).json.code, 'idempotency-mismatch')
  const kept = JSON.stringify(
    await (s.store.db as never as typeof s.db)
      .selectFrom('idempotency' as never)
      .selectAll()
      .execute(),
  )
  assert.doesNotMatch(kept, new RegExp(first.json.key), 'in clear')
  assert.doesNotMatch(kept, new RegExp(ADMIN_TOKEN))
  const other = await s.control.createKey({ name: 'admin', scopes: ['admin'] }, 'admin')
  assert.notEqual((await create({ name: 'web' }, other.key)).json.key, first.json.key, 'another caller has another key')
})

test('sign-in links repeat too; a sign-in and a file of an upload take no Idempotency-Key', async () => {
  await using s = await controlForTest()
  const headers = { 'idempotency-key': 'once' }
  const link = () => ask(s, 'POST', '/sign-in-links', { headers })
  assert.deepEqual((await link()).json, (await link()).json)
  for (const refused of [
    await ask(s, 'POST', '/session', { body: { token: ADMIN_TOKEN }, headers }),
    await ask(s, 'PUT', '/uploads/u1/files/model.onnx', { headers }),
  ]) {
    assert.deepEqual([refused.status, refused.json.code], [400, 'request-invalid'])
  }
  const { paths } = (await ask(s, 'GET', '/openapi.json')).json
  const takes = (operation: { parameters?: { name: string }[] }) => operation.parameters?.some(({ name }) => name === 'Idempotency-Key') ?? false
  assert.deepEqual([takes(paths['/api/v1/keys'].post), takes(paths['/api/v1/session'].post)], [true, false])
})

test('a wrong `next` is refused by every list', async () => {
  await using s = await controlForTest()
  await s.deployed({ model: 'credit:1' })
  for (const path of ['/deployments', '/deployments/credit-risk/releases', '/keys']) {
    for (const next of ['garbage', '2', Buffer.from('2026 x').toString('base64url')]) {
      const refused = await ask(s, 'GET', `${path}?next=${next}`)
      assert.deepEqual([refused.status, refused.json.code, refused.json.errors?.[0]?.path], [400, 'request-invalid', 'next'], `${path} ${next}`)
    }
  }
  for (const name of ['a', 'b', 'c']) await s.control.createKey({ name }, 'admin')
  const seen: string[] = []
  for (let next: string | null = '', i = 0; next !== null && i < 5; i++) {
    const page: { items: { name: string }[]; next: string | null } = (await ask(s, 'GET', `/keys?limit=1${next ? `&next=${next}` : ''}`)).json
    seen.push(...page.items.map((one) => one.name))
    next = page.next
  }
  assert.deepEqual(seen.sort(), ['a', 'b', 'c'])
})

test('a key names deployments by names, and is told of those that are not there', async () => {
  await using s = await controlForTest()
  await s.deployed({ model: 'credit:1' })
  const wrong = await ask(s, 'POST', '/keys', { body: { name: 'web', deployments: ['credit-risk', 'BAD NAME'] } })
  assert.deepEqual([wrong.status, wrong.json.errors[0].path], [400, 'deployments[1]'])
  const made = await ask(s, 'POST', '/keys', { body: { name: 'web', deployments: ['credit-risk', 'credit-rsik'] } })
  assert.equal(made.status, 201)
  assert.deepEqual(made.json.warnings, ['There is no deployment "credit-rsik" yet; the key will work once there is.'])
})

test('a request to try goes on as it came, to the last digit', async () => {
  await using s = await controlForTest()
  const payload = '{"rows":[{"id":9007199254740993,"rate":-0.0}]}'
  const headers = { host: '127.0.0.1:7300', authorization: `Bearer ${ADMIN_TOKEN}`, 'content-type': 'application/json' }
  const answer = await s.server.inject({ method: 'POST', url: '/api/v1/deployments/credit-risk/try', headers, payload })
  assert.equal(answer.body, `{"deployment":"credit-risk","body":${payload}}`)
})

test('the session of a token has no end, and the id of a request follows one rule', async () => {
  await using s = await controlForTest()
  const found = await ask(s, 'GET', '/session', { headers: { 'x-request-id': '{order-17}' } })
  assert.deepEqual([found.json, found.headers['x-request-id']], [{ subject: 'admin', expiresAt: null }, '{order-17}'])
  const long = await ask(s, 'GET', '/session', { headers: { 'x-request-id': 'x'.repeat(129) } })
  assert.match(String(long.headers['x-request-id']), /^[0-9a-f-]{36}$/)
})
