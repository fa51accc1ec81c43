import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FairleadError } from '@fairlead/contract'
import { FAKE_ROW } from '../../testing/fake-model.ts'
import { eachLane, raw, testServing } from './testing/serving.ts'

const SHOP = 'https://shop.example'
const PREDICT = '/v1/deployments/credit/predict'
const ROW = { rows: [FAKE_ROW] }

/** A request as a browser sends it, and the head of its answer in lower case. */
async function ask(port: number, first: string, headers: Record<string, string>, body = ''): Promise<{ status: number; head: Map<string, string[]> }> {
  const all = { Host: `127.0.0.1:${port}`, ...headers, ...(body ? { 'Content-Type': 'application/json', 'Content-Length': String(body.length) } : {}) }
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`)
  const text = await raw(port, `${first} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n${body}`, 500)
  const [start = '', ...fields] = text.slice(0, text.indexOf('\r\n\r\n')).split('\r\n')
  const head = new Map<string, string[]>()
  for (const field of fields) {
    const at = field.indexOf(': ')
    const name = field.slice(0, at).toLowerCase()
    head.set(name, [...(head.get(name) ?? []), field.slice(at + 2)])
  }
  return { status: Number(start.split(' ')[1]), head }
}

const post = (port: number, headers: Record<string, string>, path = PREDICT) => ask(port, `POST ${path}`, headers, JSON.stringify(ROW))
const preflight = (port: number, origin: string, { path = PREDICT, ...more }: Record<string, string> = {}) =>
  ask(port, `OPTIONS ${path}`, { Origin: origin, 'Access-Control-Request-Method': 'POST', 'Access-Control-Request-Headers': 'content-type', ...more })

eachLane('without the setting pages of other addresses are told nothing, and refused without a key', async (makeServing) => {
  await using serving = await makeServing({ localOnly: true })
  const asked = await post(serving.port, { Origin: SHOP, 'Sec-Fetch-Site': 'cross-site' })
  assert.equal(asked.status, 403)
  const questioned = await preflight(serving.port, SHOP)
  assert.equal(questioned.status, 405)
  for (const { head } of [asked, questioned, await post(serving.port, {})]) {
    assert.deepEqual(
      [...head.keys()].filter((name) => name.startsWith('access-control') || name === 'vary'),
      [],
    )
  }
})

eachLane('a page that was named asks without a key where callers of this machine may, and reads what it needs', async (makeServing) => {
  const allowance = { fields: () => ['RateLimit', '"r";r=1'], takeRequest: () => {}, takeRows: () => {} }
  await using serving = await makeServing({ localOnly: true, allowedOrigins: [SHOP], limiter: { allowance: () => allowance as never } })
  const { status, head } = await post(serving.port, { Origin: SHOP, 'Sec-Fetch-Site': 'cross-site' })
  assert.equal(status, 200)
  assert.deepEqual([head.get('access-control-allow-origin'), head.get('vary')], [[SHOP], ['Origin']])
  const exposed = head.get('access-control-expose-headers')![0]!.split(', ')
  for (const name of ['RateLimit', 'RateLimit-Policy', 'Retry-After', 'X-Request-Id', 'Inference-Header-Content-Length'])
    assert.ok(exposed.includes(name), name)
  assert.equal(head.has('access-control-allow-credentials'), false)
  assert.deepEqual(head.get('ratelimit'), ['"r";r=1'])
  // the next on the same lane, of another origin: refused, and it may not read why
  const other = await post(serving.port, { Origin: 'https://shop.example.evil', 'Sec-Fetch-Site': 'cross-site' })
  assert.deepEqual([other.status, other.head.has('access-control-allow-origin'), other.head.get('vary')], [403, false, ['Origin']])
  // a name that was pointed here is none of this machine, whatever page asks
  const pointed = await post(serving.port, { Origin: SHOP, Host: 'evil.example' })
  assert.equal(pointed.status, 403)
})

eachLane('a preflight is answered with exactly what may be sent', async (makeServing) => {
  await using serving = await makeServing({ localOnly: true, allowedOrigins: [SHOP, 'http://localhost:8081'] })
  const { status, head } = await preflight(serving.port, SHOP, { 'Access-Control-Request-Private-Network': 'true' })
  assert.equal(status, 204)
  assert.deepEqual(head.get('access-control-allow-origin'), [SHOP])
  assert.deepEqual(head.get('access-control-allow-methods'), ['POST'])
  assert.match(head.get('access-control-allow-headers')![0]!, /^Authorization, .*Content-Type, .*X-Api-Key, .*X-Request-Timeout$/)
  assert.deepEqual([head.get('access-control-max-age'), head.get('access-control-allow-private-network')], [['7200'], ['true']])
  assert.deepEqual([head.get('vary'), head.has('content-length'), head.has('content-type')], [['Origin'], false, false])
  const view = await preflight(serving.port, 'http://localhost:8081', { path: '/v2/models/credit' })
  assert.deepEqual([view.status, view.head.get('access-control-allow-methods')], [204, ['GET, HEAD']])
  for (const origin of ['https://evil.example', 'null', 'http://shop.example', 'https://shop.example:444', `${SHOP}/`]) {
    const refused = await preflight(serving.port, origin)
    assert.deepEqual([refused.status, refused.head.has('access-control-allow-origin')], [405, false], origin)
  }
  const unasked = await ask(serving.port, `OPTIONS ${PREDICT}`, { Origin: SHOP })
  assert.equal(unasked.status, 405)
})

eachLane('every page may ask with a key, and none without', async (makeServing) => {
  await using serving = await makeServing({ localOnly: true, allowedOrigins: ['*'] })
  const without = await post(serving.port, { Origin: SHOP, 'Sec-Fetch-Site': 'cross-site' })
  assert.deepEqual([without.status, without.head.get('access-control-allow-origin')], [403, ['*']])
  const withKey = await post(serving.port, { Origin: 'null', Authorization: 'Bearer fl_x' })
  assert.deepEqual([withKey.status, withKey.head.get('access-control-allow-origin'), withKey.head.has('vary')], [200, ['*'], false])
  assert.equal((await preflight(serving.port, 'null')).status, 204)
})

eachLane('errors may be read by the page, too', async (makeServing) => {
  await using serving = await makeServing({
    allowedOrigins: [SHOP],
    authorize: () => {
      throw new FairleadError('not-authenticated', 'no key')
    },
  })
  const refused = await post(serving.port, { Origin: SHOP })
  assert.deepEqual([refused.status, refused.head.get('access-control-allow-origin')], [401, [SHOP]])
  const nowhere = await ask(serving.port, 'GET /nowhere', { Origin: SHOP })
  assert.deepEqual([nowhere.status, nowhere.head.get('access-control-allow-origin')], [404, [SHOP]])
})

test('operators’ paths are for no page', async () => {
  await using serving = await testServing({ localOnly: true, allowedOrigins: [SHOP, '*'] })
  for (const path of ['/v2/repository/models/credit/unload', '/v2/repository/index']) {
    assert.equal((await preflight(serving.port, SHOP, { path })).status, 405, path)
    assert.equal((await ask(serving.port, `POST ${path}`, { Origin: SHOP }, '{}')).head.has('access-control-allow-origin'), false, path)
  }
  assert.equal((await ask(serving.port, 'POST /v2/repository/models/credit/unload', { Origin: SHOP }, '{}')).status, 403)
  const metrics = await ask(serving.port, 'GET /metrics', { Origin: SHOP })
  assert.deepEqual([metrics.status, metrics.head.has('access-control-allow-origin')], [403, false])
})
