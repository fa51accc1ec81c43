import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { FairleadError } from '@fairlead/contract'
import type { Column } from '../columns.ts'
import { FeatureLookup } from './feature-lookup.ts'
import type { LookupOptions } from './options.ts'
import type { FeatureAnswer, FeatureService, FeatureValue } from './service.ts'

const NOW = Date.parse('2026-01-01T00:00:00Z')
const HOUR = 3_600_000

const OPTIONS: LookupOptions = {
  service: 'profiles',
  keys: ['customer'],
  features: [{ name: 'balance', from: 'account:balance', type: 'number', otherwise: null }],
  timeoutMs: 1000,
  cacheMs: 0,
  staleMs: 0,
  cacheKeys: 100,
  onDown: 'fail',
  onMissing: 'otherwise',
  onExpired: 'otherwise',
}

const numbers = (...data: number[]): Column => ({ type: 'number', data: Float64Array.from(data) })
const values = ({ data, nulls }: Column) => Array.from(data as ArrayLike<unknown>, (value, row) => (nulls?.[row] ? null : value))

/** Answers ten times the key, made an hour ago; null for keys below 0. */
class Tens implements FeatureService {
  asked: FeatureValue[][] = []
  down = false
  time: number | null = NOW - HOUR
  answer = (key: FeatureValue): FeatureValue => (Number(key) < 0 ? null : Number(key) * 10)

  async fetch({ keys, features }: Parameters<FeatureService['fetch']>[0]): Promise<Map<string, FeatureAnswer>> {
    const [column = []] = keys.values()
    this.asked.push([...column])
    await sleep(1)
    if (this.down) throw new FairleadError('lookup-failed', 'it is down')
    return new Map(features.map((name) => [name, { values: column.map(this.answer), times: column.map(() => this.time) }]))
  }
}

function lookup(options: Partial<LookupOptions> = {}) {
  const service = new Tens()
  const clock = { at: NOW, now: () => clock.at }
  return { service, clock, lookup: new FeatureLookup(service, { ...OPTIONS, ...options }, clock) }
}

test('every key of a batch is asked once, and rows get the values of their keys', async () => {
  const { service, lookup: own } = lookup()
  const [column] = await own.columns([numbers(3, 1, 3, -1)], 4)
  assert.deepEqual(values(column!), [30, 10, 30, null])
  assert.deepEqual(service.asked, [[3, 1, -1]])
  await own.columns([numbers(3)], 1)
  assert.equal(service.asked.length, 2, 'nothing is kept where nothing was said of keeping')
})

test('a row without a key is as one that is not known, and is not asked for', async () => {
  const { service, lookup: own } = lookup({ features: [{ ...OPTIONS.features[0]!, otherwise: 7 }] })
  const [column] = await own.columns([{ type: 'number', data: Float64Array.of(0, 2), nulls: Uint8Array.of(1, 0) }], 2)
  assert.deepEqual(values(column!), [7, 20])
  assert.deepEqual(service.asked, [[2]])
  const { service: none, lookup: other } = lookup()
  assert.deepEqual(values((await other.columns([{ type: 'text', data: [''], nulls: Uint8Array.of(1) }], 1))[0]!), [null])
  assert.deepEqual(none.asked, [])
})

test('keys of several parts are told apart, also where their texts run together', async () => {
  const { service, lookup: own } = lookup({ keys: ['a', 'b'] })
  service.answer = () => 1
  const text = (...data: string[]): Column => ({ type: 'text', data })
  await own.columns([text('x', 'x1:y', '1'), text('1:yz', 'z', '1')], 3)
  assert.deepEqual(service.asked, [['x', 'x1:y', '1']])
  assert.equal(own.counters.asked, 3)
})

test('large batches are asked in parts', async () => {
  const { service, lookup: own } = lookup()
  const keys = Array.from({ length: 2500 }, (_, i) => i)
  const [column] = await own.columns([numbers(...keys)], keys.length)
  assert.deepEqual(
    values(column!),
    keys.map((key) => key * 10),
  )
  assert.deepEqual(
    service.asked.map(({ length }) => length),
    [1000, 1000, 500],
  )
})

test('an answer is taken again for as long as was said, and those used last are kept', async () => {
  const { service, clock, lookup: own } = lookup({ cacheMs: 1000, cacheKeys: 2 })
  await own.columns([numbers(1, 2)], 2)
  clock.at += 999
  await own.columns([numbers(1)], 1)
  assert.equal(service.asked.length, 1)
  await own.columns([numbers(3)], 1)
  await own.columns([numbers(1)], 1)
  assert.deepEqual(service.asked, [[1, 2], [3]], '2 was given up, not 1')
  clock.at += 1
  await own.columns([numbers(1)], 1)
  assert.deepEqual(service.asked.at(-1), [1])
  assert.equal(own.counters.cached, 2)
})

test('what others are asking at this moment is not asked again', async () => {
  const { service, lookup: own } = lookup()
  const [a, b] = await Promise.all([own.columns([numbers(1, 2)], 2), own.columns([numbers(2, 3)], 2)])
  assert.deepEqual(
    [values(a![0]!), values(b![0]!)],
    [
      [10, 20],
      [20, 30],
    ],
  )
  assert.deepEqual(service.asked, [[1, 2], [3]])
})

test('a service that is down fails the request, or has a value stand in, or what it said before', async () => {
  const failing = lookup()
  failing.service.down = true
  await assert.rejects(failing.lookup.columns([numbers(1)], 1), { code: 'lookup-failed' })
  const filled = lookup({ onDown: 'otherwise', features: [{ ...OPTIONS.features[0]!, otherwise: -1 }] })
  filled.service.down = true
  assert.deepEqual(values((await filled.lookup.columns([numbers(1)], 1))[0]!), [-1])
  const stale = lookup({ cacheMs: 10, staleMs: 1000 })
  await stale.lookup.columns([numbers(1)], 1)
  stale.service.down = true
  stale.clock.at += 500
  assert.deepEqual(values((await stale.lookup.columns([numbers(1)], 1))[0]!), [10])
  await assert.rejects(stale.lookup.columns([numbers(1, 2)], 2), { code: 'lookup-failed' }, 'what was never known is not there')
  stale.clock.at += 600
  await assert.rejects(stale.lookup.columns([numbers(1)], 1), { code: 'lookup-failed' })
  assert.deepEqual([stale.lookup.counters.stale, stale.lookup.counters.failed], [2, 2])
})

test('a service that keeps failing is left alone for a while, then one request tries', async () => {
  const { service, clock, lookup: own } = lookup()
  service.down = true
  const ask = (key: number) => own.columns([numbers(key)], 1)
  for (let i = 0; i < 5; i++) await assert.rejects(ask(i), /it is down/)
  await assert.rejects(ask(5), /left alone/)
  assert.equal(service.asked.length, 5)
  service.down = false
  clock.at += 1000
  const [first, second] = await Promise.allSettled([ask(6), ask(7)])
  assert.deepEqual([first!.status, second!.status], ['fulfilled', 'rejected'])
  assert.deepEqual(values((await ask(8))[0]!), [80])
})

test('a service that does not answer in time is down', async () => {
  const deaf: FeatureService = { fetch: ({ signal }) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))) }
  // a pending promise keeps no process alive
  const alive = setTimeout(() => {}, 10_000)
  await assert.rejects(new FeatureLookup(deaf, { ...OPTIONS, timeoutMs: 20 }).columns([numbers(1)], 1), /did not answer within 20 ms/)
  clearTimeout(alive)
})

test('what is older than it may be, or of an unknown age, has expired', async () => {
  const feature = { ...OPTIONS.features[0]!, maxAgeMs: HOUR / 2, otherwise: 0 }
  const ask = async (options: Partial<LookupOptions>, time: number | null) => {
    const { service, lookup: own } = lookup({ features: [feature], ...options })
    service.time = time
    return values((await own.columns([numbers(4)], 1))[0]!)[0]
  }
  assert.equal(await ask({}, NOW - HOUR / 2), 40)
  assert.equal(await ask({}, NOW - HOUR / 2 - 1), 0)
  assert.equal(await ask({}, null), 0)
  assert.equal(await ask({ onExpired: 'serve' }, NOW - HOUR), 40)
  await assert.rejects(
    ask({ onExpired: 'fail' }, NOW - HOUR),
    (error: FairleadError) => error.code === 'feature-missing' && /older than 1800000 ms/.test(error.message),
  )
})

test('a key that is not known fails the request where that was said, naming its rows', async () => {
  const { lookup: own } = lookup({ onMissing: 'fail' })
  await assert.rejects(own.columns([numbers(1, -1, -2)], 3), (error: FairleadError) => {
    assert.equal(error.code, 'feature-missing')
    assert.deepEqual(
      error.items.map(({ path }) => path),
      ['rows[1]', 'rows[2]'],
    )
    return true
  })
})

test('values come as the types that were declared, and others are refused', async () => {
  const typed = async (type: LookupOptions['features'][number]['type'], value: FeatureValue) => {
    const { service, lookup: own } = lookup({ features: [{ ...OPTIONS.features[0]!, type }] })
    service.answer = () => value
    return values((await own.columns([numbers(1)], 1))[0]!)[0]
  }
  assert.equal(await typed('number', 3n), 3)
  assert.equal(await typed('integer', 9_007_199_254_740_993n), 9_007_199_254_740_993n)
  assert.equal(await typed('integer', 3), 3n)
  assert.equal(await typed('text', 'a'), 'a')
  assert.equal(await typed('boolean', true), 1)
  assert.equal(await typed('time', '2026-01-01T00:00:00Z'), NOW)
  for (const [type, value] of [
    ['number', '3'],
    ['integer', 3.5],
    ['integer', 2n ** 63n],
    ['text', 3],
    ['boolean', 1],
    ['time', 'yesterday'],
  ] as const)
    await assert.rejects(
      typed(type, value),
      (error: FairleadError) => error.code === 'lookup-failed' && /is declared as/.test(error.message),
      `${type} ${value}`,
    )
})

test('an answer that is too short is none', async () => {
  const short: FeatureService = { fetch: async ({ features }) => new Map(features.map((name) => [name, { values: [1], times: [null] }])) }
  await assert.rejects(new FeatureLookup(short, OPTIONS).columns([numbers(1, 2)], 2), /no value for each key for the feature "account:balance"/)
  const none: FeatureService = { fetch: async () => new Map() }
  await assert.rejects(new FeatureLookup(none, OPTIONS).columns([numbers(1)], 1), { code: 'lookup-failed' })
})
