import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import type { FairleadError } from '@fairlead/contract'
import type { FeatureKeys, FeatureService } from '../../domain/pipeline/index.ts'
import { FeastFeatures, PlainFeatures } from './index.ts'

interface Asked {
  url: string | undefined
  headers: IncomingHttpHeaders
  text: string
  body: Record<string, never>
}

/** A service that answers every request with what `answer` makes of it. */
async function serving(answer: (asked: Asked) => { status?: number; text: string } | undefined) {
  const asked: Asked[] = []
  const server = createServer(async (request, response) => {
    const parts: Buffer[] = []
    for await (const part of request) parts.push(part as Buffer)
    const text = Buffer.concat(parts).toString()
    const one = { url: request.url, headers: request.headers, text, body: JSON.parse(text) as Record<string, never> }
    asked.push(one)
    const said = answer(one)
    if (said) response.writeHead(said.status ?? 200, { 'content-type': 'application/json' }).end(said.text)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    asked,
    url,
    [Symbol.dispose]() {
      server.closeAllConnections()
      server.close()
    },
  }
}

const KEYS: FeatureKeys = new Map([['driver', [1001n, 9_007_199_254_740_993n]]])
const SIGNAL = () => AbortSignal.timeout(10_000)
const failed = (why: RegExp) => (error: FairleadError) => {
  assert.equal(error.code, 'lookup-failed')
  assert.match(error.message, why)
  return true
}

const EPOCH = '1970-01-01T00:00:00Z'
const SOME = '2021-12-31T23:00:00Z'

/** What Feast answers today: a result for each feature, in an order of its own. */
const BY_FEATURE = `{"metadata":{"feature_names":["stats__acc","driver","stats__conv"]},"results":[
  {"values":[0.8725,null],"statuses":["PRESENT","NOT_FOUND"],"event_timestamps":["${SOME}","${EPOCH}"]},
  {"values":[1001,9007199254740993],"statuses":["PRESENT","PRESENT"],"event_timestamps":["${EPOCH}","${EPOCH}"]},
  {"values":[7,0.5],"statuses":["PRESENT","OUTSIDE_MAX_AGE"],"event_timestamps":["${SOME}","${SOME}"]}]}`

const feast = (url: string) => new FeastFeatures({ name: 'store', url, headers: { authorization: 'Bearer s' } })
const ask = (service: FeatureService, features = ['stats:conv', 'stats:acc'], keys = KEYS) => service.fetch({ keys, features, signal: SIGNAL() })

test('Feast is asked by its protocol, and answered by name whatever the order', async () => {
  using server = await serving(() => ({ text: BY_FEATURE }))
  using store = feast(`${server.url}/`)
  const found = await ask(store)
  assert.deepEqual(found.get('stats:conv'), { values: [7, null], times: [Date.parse(SOME), Date.parse(SOME)] })
  assert.deepEqual(found.get('stats:acc'), { values: [0.8725, null], times: [Date.parse(SOME), 0] })
  const [{ url, headers, body }] = server.asked as [Asked]
  assert.equal(url, '/get-online-features')
  assert.equal(headers.authorization, 'Bearer s')
  assert.deepEqual(Object.keys(body), ['features', 'entities', 'full_feature_names'])
  assert.deepEqual(body.features, ['stats:conv', 'stats:acc'])
})

test('what the feature server of Feast 0.67 answered is read as it was meant', async () => {
  const text = readFileSync(new URL('testdata/feast-0.67.json', import.meta.url), 'utf8')
  using server = await serving(() => ({ text }))
  using store = feast(server.url)
  const keys = new Map([['customer_id', [1, 2, 3, 4]]])
  const found = await ask(store, ['account:orders', 'account:city', 'account:active', 'account:balance'], keys)
  const made = Date.parse('2026-01-01T00:00:00Z')
  assert.deepEqual(found.get('account:orders'), { values: [9_007_199_254_740_993n, 2, 3, null], times: [made, made, made, 0] })
  assert.deepEqual(found.get('account:city')!.values, ['Kiel', 'Bonn', null, null])
  assert.deepEqual(found.get('account:active')!.values, [true, false, true, null])
  assert.deepEqual(found.get('account:balance')!.values, [1.5, null, 3.25, null])
})

test('an older Feast answers a result for each key', async () => {
  const row = (driver: string, conv: number) => `{"values":[${driver},${conv}],"statuses":["PRESENT","PRESENT"],"event_timestamps":["${EPOCH}","${SOME}"]}`
  // as many features as keys: only the keys themselves tell which way it lies
  const text = `{"metadata":{"feature_names":["driver","conv"]},"results":[${row('1001', 1)},${row('9007199254740993', 2)}]}`
  using server = await serving(() => ({ text }))
  using store = feast(server.url)
  assert.deepEqual((await ask(store, ['stats:conv'])).get('stats:conv')!.values, [1, 2])
})

test('an answer of Feast that can be read in two ways, or in none, is refused', async () => {
  const result = '{"values":[1,2],"statuses":["PRESENT","PRESENT"],"event_timestamps":[]}'
  const answers: [string, RegExp][] = [
    [`{"metadata":{"feature_names":["a","b"]},"results":[${result},${result}]}`, /cannot be told/],
    [`{"metadata":{"feature_names":["a","b","c"]},"results":[${result}]}`, /1 results for 3 features of 2 keys/],
    [`{"metadata":{"feature_names":["stats__conv","driver"]},"results":[{"values":[[1],2],"statuses":[]},${result}]}`, /lists or objects/],
    ['{"metadata":{}}', /metadata\.feature_names/],
    ['{"detail":"x"}', /"metadata" must be an object/],
    ['[]', /the answer must be an object/],
    ['<html>', /no JSON/],
  ]
  for (const [text, why] of answers) {
    using server = await serving(() => ({ text }))
    using store = feast(server.url)
    await assert.rejects(ask(store), failed(why), text)
  }
  using server = await serving(() => ({ text: BY_FEATURE }))
  using store = feast(server.url)
  await assert.rejects(ask(store, ['stats:other']), failed(/no feature "stats:other" in its answer; there are stats__acc/))
})

test('a plain service is sent keys and features, and tells values and perhaps their times', async () => {
  using server = await serving(({ text }) => {
    assert.equal(text, '{"keys":{"driver":[1001,9007199254740993]},"features":["a","b"]}')
    return { text: `{"features":{"a":[1,null],"b":["x","y"]},"times":{"a":["${SOME}",null]}}` }
  })
  using store = new PlainFeatures({ name: 'own', url: `${server.url}/features?v=1` })
  const found = await ask(store, ['a', 'b'])
  assert.deepEqual(found.get('a'), { values: [1, null], times: [Date.parse(SOME), null] })
  assert.deepEqual(found.get('b'), { values: ['x', 'y'], times: [null, null] })
  assert.equal(server.asked[0]!.url, '/features?v=1')
})

test('whatever goes wrong is told in words, with the name of the service', async () => {
  const answers: [ReturnType<Parameters<typeof serving>[0]>, RegExp][] = [
    [{ status: 500, text: '{"detail":"registry"}' }, /"own": it answers 500: \{"detail":"registry"\}/],
    [{ status: 302, text: '' }, /it answers 302/],
    [{ text: '{"features":{"a":3,"b":[]}}' }, /"features.a" must be a list/],
    [{ text: '{"features":{"a":[1,1]}}' }, /"features.b" must be a list/],
    [{ text: `{"features":{"a":[1,1],"b":[1,1]},"times":{"a":["now",null]}}` }, /"times.a" has "now"/],
    [{ text: `"${'x'.repeat(17 * 2 ** 20)}"` }, /more than 16777216 bytes/],
  ]
  for (const [answer, why] of answers) {
    using server = await serving(() => answer)
    using store = new PlainFeatures({ name: 'own', url: server.url })
    await assert.rejects(ask(store, ['a', 'b']), failed(why))
  }
  using gone = await serving(() => ({ text: '{}' }))
  const { url } = gone
  gone[Symbol.dispose]()
  using store = new PlainFeatures({ name: 'own', url })
  await assert.rejects(ask(store), failed(/http:\/\/127\.0\.0\.1:\d+ cannot be asked \(ECONNREFUSED\)/))
})

test('a service that is silent, or stops in the middle, is left when the time is over', async () => {
  using silent = await serving(() => undefined)
  using store = new PlainFeatures({ name: 'own', url: silent.url })
  await assert.rejects(store.fetch({ keys: KEYS, features: ['a'], signal: AbortSignal.timeout(50) }), { name: 'TimeoutError' })
})

test('a connection that was kept and is closed as it is used costs nobody an answer', async () => {
  const server = createServer((request, response) => {
    request.resume()
    request.on('end', () => response.end('{"features":{"a":[1,2]}}'))
    // cut when the next request has come on it
    response.on('finish', () => request.socket.on('data', () => request.socket.resetAndDestroy()))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  using _ = {
    [Symbol.dispose]() {
      server.closeAllConnections()
      server.close()
    },
  }
  using store = new PlainFeatures({ name: 'own', url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` })
  for (let i = 0; i < 3; i++) assert.deepEqual((await ask(store, ['a'])).get('a')!.values, [1, 2])
})
