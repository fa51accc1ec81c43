import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decide, type SearchOptions, type Tried } from './search.ts'

const OPTIONS: SearchOptions = { capacity: 1000, maxRate: Number.POSITIVE_INFINITY, minRate: 0.2, tolerance: 0.05, repeats: 3, maxSteps: 40 }

/** Searches a server that a function describes; answers what was found and all that was tried. */
function search(judge: (rate: number, nth: number) => Omit<Tried, 'rate'>, options: Partial<SearchOptions> = {}) {
  const tried: Tried[] = []
  for (let guard = 0; guard < 100; guard++) {
    const decision = decide(tried, { ...OPTIONS, ...options })
    if (decision.kind === 'done') return { ...decision, tried }
    tried.push({ rate: decision.rate, ...judge(decision.rate, tried.filter(({ rate }) => rate === decision.rate).length) })
  }
  throw new Error('the search does not end')
}

const below =
  (limit: number, verdict: Tried['verdict'] = 'latency') =>
  (rate: number) => ({ verdict: rate <= limit ? ('met' as const) : verdict, clear: true })

test('the highest rate is found within the tolerance, wherever it lies', () => {
  for (const limit of [3, 40, 99, 640, 930, 1000, 1700, 25_000]) {
    const { best, limit: why, tried } = search(below(limit))
    assert.ok(best !== null && best <= limit && best > limit / 1.06, `${best} for ${limit}`)
    assert.equal(why, 'latency')
    assert.ok(tried.length <= 32, `${tried.length} steps for ${limit}`)
    assert.ok(tried.filter(({ rate }) => rate === best).length >= 2, 'the rate that is told was confirmed')
  }
})

test('what no rate meets is told after few steps, and a limit from above is kept', () => {
  const none = search(() => ({ verdict: 'latency', clear: true }))
  assert.deepEqual([none.best, none.limit, none.tried.length], [null, 'latency', 4])
  const capped = search(below(5000), { maxRate: 437 })
  assert.deepEqual([capped.best, capped.limit], [437, 'max-rate'])
  assert.equal(search(below(5000), { maxRate: 12_345 }).limit, 'latency')
  assert.equal(search(below(50_000), { maxRate: 12_345 }).best, 12_300)
  assert.equal(search(below(600, 'failures')).limit, 'failures')
  assert.equal(search(below(600, 'backlog')).limit, 'backlog')
})

test('near the line the majority of three decides, and one hiccup does not', () => {
  // at 500 the first of three measurements is a hiccup of the machine
  const hiccup = search((rate, nth) => (rate === 500 && nth === 0 ? { verdict: 'latency', clear: false } : below(800)(rate)))
  assert.ok((hiccup.best ?? 0) > 750)
  assert.equal(hiccup.tried.filter(({ rate }) => rate === 500).length, 3)
  // a rate that met the objective once, and does not when asked to confirm it, is not told
  const lucky = search((rate, nth) => (rate > 700 && rate < 760 && nth > 0 ? { verdict: 'latency', clear: false } : below(760)(rate)))
  assert.ok(lucky.best !== null && lucky.best <= 700 && lucky.best > 650, String(lucky.best))
})

test('what the generator cannot send is not taken for the server, and is asked again', () => {
  const { best, limit, tried } = search((rate) => (rate > 850 ? { verdict: 'generator', clear: false } : { verdict: 'met', clear: true }))
  assert.equal(limit, 'generator')
  assert.equal(best, 850)
  assert.equal(tried.filter(({ rate }) => rate === 1000).length, 2)
})

test('a machine that is too busy is seen after two rates, and soon where it is hopeless', () => {
  const busy = (clear: boolean) => search(() => ({ verdict: 'generator', clear }))
  assert.deepEqual([busy(false).best, busy(false).limit, busy(false).tried.length], [null, 'generator', 4])
  assert.deepEqual([busy(true).limit, busy(true).tried.map(({ rate }) => rate)], ['generator', [100, 25]])
  // late at first and not later: a hiccup
  const once = search((rate, nth) => (rate === 100 && nth === 0 ? { verdict: 'generator', clear: false } : below(930)(rate)))
  assert.ok((once.best ?? 0) > 850 && once.limit === 'latency')
  // a rate that is met below lets the search go on
  const lower = search((rate) => ({ verdict: rate > 30 ? 'generator' : 'met', clear: true }))
  assert.ok(lower.best !== null && lower.best > 28 && lower.best <= 30)
})

test('the search ends after its steps with the best that it has', () => {
  const short = search(below(930), { maxSteps: 4 })
  assert.deepEqual([short.tried.length, short.limit, short.best], [4, 'steps', 700])
  assert.deepEqual(decide([], { ...OPTIONS, maxSteps: 0 }), { kind: 'done', best: null, limit: 'steps' })
})
