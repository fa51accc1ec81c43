import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import type { KeyLimits } from '@fairlead/contract/control'
import { openEphemeral } from '../../../adapters/sqlite/ephemeral.ts'
import { handClock } from '../../../testing/deployments.ts'
import { coded } from '../../../testing/fake-inference.ts'
import { temporaryFolder } from '../../../testing/temporary.ts'
import { type Asking, EXCHANGE_MS, Limiter } from './limiter.ts'
import { type KeyPolicies, keyPoliciesOf } from './policy.ts'
import type { LimitStore } from './store.ts'

/** Limiters as so many processes have them, over one file, with a clock that is moved by hand. */
async function setup({ limits, processes = 1, most }: { limits?: KeyLimits; processes?: number; most?: number } = {}) {
  const folder = await temporaryFolder()
  const clock = handClock()
  clock.at = Date.parse('2026-11-21T12:00:00Z')
  const stores = Array.from({ length: processes }, (_, i) => openEphemeral(join(folder.path, 'e.db'), { recreate: i === 0, clock }))
  const keys = { policies: limits && keyPoliciesOf(limits) }
  const make = (store: LimitStore) =>
    new Limiter({ store, clock, limitsOf: (key) => (key === 'abc' ? keys.policies : undefined), ...(most === undefined ? {} : { most }) })
  const limiters = stores.map(({ limits: store }) => make(store))
  return {
    clock,
    limiters,
    store: stores[0]!.limits,
    limiter: limiters[0]!,
    keys: keys as { policies: KeyPolicies | undefined },
    async [Symbol.asyncDispose]() {
      for (const store of stores) store[Symbol.dispose]()
      await folder[Symbol.asyncDispose]()
    },
  }
}

const NO_LIMITS = {}
function asking(change: Partial<Asking> = {}): Asking {
  return { caller: { kind: 'key', id: 'abc' }, deployment: 'credit', settings: NO_LIMITS, address: () => '', ...change }
}

/** How many of `tries` requests are let through. */
function ask(limiter: Limiter, tries: number, change: Partial<Asking> = {}): number {
  let allowed = 0
  for (let i = 0; i < tries; i++) {
    try {
      limiter.allowance(asking(change))?.takeRequest()
      allowed++
    } catch (error) {
      assert.ok(coded('rate-limited')(error as never), String(error))
    }
  }
  return allowed
}

test('who has no limits has no allowance, and neither has the platform', async () => {
  await using s = await setup({ limits: { rate: '1/s' } })
  const settings = { rateLimit: '1/s' }
  assert.equal(s.limiter.allowance(asking({ caller: { kind: 'key', id: 'other' } })), undefined)
  assert.equal(s.limiter.allowance(asking({ caller: { kind: 'platform', id: 'platform' }, settings })), undefined)
  assert.equal(s.limiter.allowance(asking({ caller: { kind: 'loopback', id: 'loopback' } })), undefined)
  assert.ok(s.limiter.allowance(asking({ caller: { kind: 'loopback', id: 'loopback' }, settings })))
})

test('a burst is let through at once, then as many as the rate says, and it fills up again', async () => {
  await using s = await setup({ limits: { rate: '10/s', burst: 20 } })
  assert.equal(ask(s.limiter, 50), 20)
  s.clock.at += 1000
  assert.equal(ask(s.limiter, 50), 10)
  s.clock.at += 50
  const allowance = s.limiter.allowance(asking())!
  assert.throws(
    () => allowance.takeRequest(),
    (error: never) => coded('rate-limited', /10 requests per second, 20 at once/)(error) && (error as { retryAfter: number }).retryAfter === 1,
  )
  assert.deepEqual(allowance.fields(), ['RateLimit-Policy', '"rate";q=10;w=1', 'RateLimit', '"rate";r=0;t=1'])
  s.clock.at += 60_000
  assert.equal(ask(s.limiter, 50), 20)
  // a clock that is set back stops nothing for long
  s.clock.at -= 3_600_000
  assert.equal(ask(s.limiter, 5), 0)
  s.clock.at += 1000
  assert.equal(ask(s.limiter, 50), 10)
})

test('a rate per minute and a slow one tell how long to wait', async () => {
  await using s = await setup({ limits: { rate: '2/min' } })
  assert.equal(ask(s.limiter, 5), 2)
  const allowance = s.limiter.allowance(asking())!
  assert.throws(
    () => allowance.takeRequest(),
    (error: { retryAfter: number }) => error.retryAfter === 30,
  )
  assert.match(allowance.fields()[3]!, /r=0;t=30/)
})

test('exchanges change nothing for one process, whatever the burst', async () => {
  for (const burst of [1, 5, 1000]) {
    await using s = await setup({ limits: { rate: '1000/s', burst } })
    let allowed = 0
    for (let ms = 0; ms < 2000; ms++) {
      allowed += ask(s.limiter, 3)
      s.clock.at++
      if (ms % EXCHANGE_MS === 0) s.limiter.exchange()
    }
    assert.ok(Math.abs(allowed - (2000 + burst)) <= 3, `${allowed} with a burst of ${burst}`)
  }
})

test('processes share a limit: in the long run it is the rate, and at most a burst more for each', async () => {
  await using s = await setup({ limits: { rate: '100/s', burst: 50 }, processes: 4 })
  let allowed = 0
  let first = 0
  for (let ms = 0; ms < 20_000; ms += 10) {
    for (const [i, limiter] of s.limiters.entries()) {
      allowed += ask(limiter, 3)
      if ((ms + i * 50) % EXCHANGE_MS === 0) limiter.exchange()
    }
    if (ms === EXCHANGE_MS) first = allowed
    s.clock.at += 10
  }
  assert.ok(first <= 4 * (50 + (100 * EXCHANGE_MS) / 1000) + 4, `${first} in the first exchange`)
  assert.ok(allowed >= 2000 && allowed <= 2000 + 50 + 3 * 50 + 100, `${allowed} in 20 s`)
})

test('a caller that keeps to the limit is never refused, wherever its requests arrive', async () => {
  await using s = await setup({ limits: { rate: '100/s', burst: 10 }, processes: 3 })
  for (let n = 0; n < 1000; n++) {
    const limiter = s.limiters[n % 3]!
    assert.equal(ask(limiter, 1), 1, `request ${n}`)
    s.clock.at += 10
    if (n % 7 === 0) for (const one of s.limiters) one.exchange()
  }
})

test('a process that sees a caller for the first time knows what others let through', async () => {
  await using s = await setup({ limits: { rate: '10/s', quota: '100/day' }, processes: 2 })
  const [one, two] = s.limiters as [Limiter, Limiter]
  assert.equal(ask(one, 30), 10)
  one.allowance(asking())!.takeRows(60)
  one.exchange()
  assert.equal(ask(two, 30), 2, 'what comes back between two exchanges')
  assert.throws(() => two.allowance(asking())!.takeRows(41), coded('quota-exhausted', /40 of the 100 rows a day .* the request has 41/))
  two.allowance(asking())!.takeRows(40)
  two.exchange()
  one.exchange()
  s.clock.at += 1000
  assert.throws(() => one.allowance(asking())!.takeRequest(), coded('quota-exhausted', /begins at 2026-11-22T00:00:00/))
})

test('rows that are refused or given back do not count', async () => {
  await using s = await setup({ limits: { quota: '100/day' } })
  const allowance = s.limiter.allowance(asking())!
  assert.throws(() => allowance.takeRows(101), coded('quota-exhausted'))
  allowance.takeRows(100)
  assert.throws(
    () => allowance.takeRequest(),
    (error: never) => coded('quota-exhausted')(error) && (error as { retryAfter: number }).retryAfter === 43_200,
  )
  s.limiter.exchange()
  allowance.giveBackRows(30)
  s.limiter.exchange()
  assert.equal(s.store.spent('key:abc', '2026-11-21'), 70)
  assert.deepEqual(allowance.fields(), ['RateLimit-Policy', '"day";q=100;w=86400;qu="rows"', 'RateLimit', '"day";r=30;t=43200'])
})

test('a quota begins anew with the day and the month of UTC, and what is told late goes to its own day', async () => {
  await using s = await setup({ limits: { quota: '100/day', deployments: { credit: { quota: '1000/month' } } } })
  s.clock.at = Date.parse('2026-11-30T23:59:59.900Z')
  s.limiter.allowance(asking())!.takeRows(90)
  s.clock.at += 200
  const allowance = s.limiter.allowance(asking())!
  allowance.takeRows(100)
  assert.equal(s.limiter.exchange(), true)
  assert.deepEqual(
    ['2026-11-30', '2026-12-01'].map((day) => s.store.spent('key:abc', day)),
    [90, 100],
  )
  assert.deepEqual(
    ['2026-11', '2026-12'].map((month) => s.store.spent('key:abc credit', month)),
    [90, 100],
  )
  assert.match(allowance.fields()[3]!, /^"day";r=0;t=86400, "deployment-month";r=900;t=2678400$/)
})

test('a key is limited in all and of a deployment, and then the setting of the deployment does not count', async () => {
  await using s = await setup({ limits: { rate: '100/s', deployments: { credit: { rate: '5/s' } } } })
  const settings = { rateLimit: '1/s', rowQuota: '7/day' }
  assert.equal(ask(s.limiter, 20, { settings }), 5)
  assert.equal(ask(s.limiter, 200, { settings, deployment: 'other' }), 95)
  const fields = s.limiter.allowance(asking({ settings }))!.fields()
  assert.equal(fields[1], '"rate";q=100;w=1, "deployment-rate";q=5;w=1, "deployment-day";q=7;w=86400;qu="rows"')
  // each caller without limits of its own has the deployment's
  const other = (id: string) => ask(s.limiter, 5, { settings, caller: { kind: 'key', id } })
  assert.deepEqual([other('one'), other('two'), other('one')], [1, 1, 0])
})

test('clients of an open platform are told apart by their address, of IPv6 by the network', async () => {
  await using s = await setup()
  const settings = { rateLimit: '1/s' }
  const from = (address: string) => ask(s.limiter, 2, { settings, caller: { kind: 'open', id: 'open' }, address: () => address })
  assert.deepEqual(['10.0.0.1', '::ffff:10.0.0.1', '10.0.0.2'].map(from), [1, 0, 1])
  assert.deepEqual(['2001:db8::1', '2001:db8:0:0:ffff::2', '2001:db8:0:1::1', 'fe80::1%eth0', 'fe80::2%eth1', '::1'].map(from), [1, 0, 1, 1, 0, 1])
})

test('limits that are changed or taken away are in force with the next request', async () => {
  await using s = await setup({ limits: { rate: '10/s' } })
  assert.equal(ask(s.limiter, 20), 10)
  s.keys.policies = keyPoliciesOf({ rate: '1000/s' })
  s.clock.at += 100
  assert.equal(ask(s.limiter, 200), 100)
  s.keys.policies = keyPoliciesOf({ rate: '2/s' })
  s.clock.at += 60_000
  assert.equal(ask(s.limiter, 20), 2)
  s.keys.policies = undefined
  assert.equal(ask(s.limiter, 20), 20)
})

test('the memory for callers is bounded, and a store that cannot be written is told later', async () => {
  await using s = await setup({ most: 10 })
  const settings = { rateLimit: '1/s', rowQuota: '10/day' }
  const from = (address: string) => s.limiter.allowance(asking({ settings, caller: { kind: 'open', id: 'open' }, address: () => address }))!
  for (let n = 0; n < 500; n++) {
    const allowance = from(`10.0.${n >> 8}.${n & 255}`)
    allowance.takeRequest()
    allowance.takeRows(1)
  }
  while (!s.limiter.exchange());
  assert.ok(s.store.changes(0).levels.length <= 10)

  let broken = true
  const limiter = new Limiter({
    store: { ...s.store, add: (...given) => !broken && s.store.add(...given) },
    clock: s.clock,
    limitsOf: () => keyPoliciesOf({ quota: '9/day' }),
  })
  limiter.allowance(asking({ caller: { kind: 'key', id: 'late' } }))!.takeRows(5)
  assert.equal(limiter.exchange(), false)
  assert.equal(s.store.spent('key:late', '2026-11-21'), 0)
  broken = false
  assert.equal(limiter.exchange(), true)
  assert.equal(s.store.spent('key:late', '2026-11-21'), 5)
})

test('many callers are told in turns', async () => {
  await using s = await setup()
  const settings = { rateLimit: '1/s' }
  for (let n = 0; n < 1200; n++) ask(s.limiter, 1, { settings, caller: { kind: 'key', id: `k${n}` } })
  assert.deepEqual([s.limiter.exchange(), s.limiter.exchange(), s.limiter.exchange()], [false, false, true])
  assert.equal(s.store.changes(0).levels.length, 1200)
})

test('what nobody uses is forgotten, here and in the shared state', async () => {
  await using s = await setup({ limits: { rate: '10/s', quota: '5/day' } })
  ask(s.limiter, 10)
  s.limiter.allowance(asking())!.takeRows(5)
  s.limiter.exchange()
  s.clock.at += 5 * 86_400_000
  s.limiter.exchange()
  // a change in a hundred cleans up
  for (let n = 0; n < 100; n++) s.store.add([], [], s.clock.at)
  assert.equal(s.store.level('key:abc'), undefined)
  assert.equal(s.store.spent('key:abc', '2026-11-21'), 0)
  assert.equal(ask(s.limiter, 30), 10)
})
