import assert from 'node:assert/strict'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { LatencyHistogram } from './histogram.ts'
import { readObjective } from './objective.ts'
import { type BenchSettings, outcomeOf, runBench } from './run.ts'
import { ANSWER, REQUEST, slowServer, targetOf } from './testing/slow-server.ts'
import type { Generator } from './types.ts'

const settings = (more: Partial<BenchSettings> = {}): BenchSettings => ({
  objective: readObjective('p50=150ms'),
  duration: 0.3,
  maxRate: undefined,
  arrivals: 'poisson',
  seed: 1,
  ...more,
})

/** A server in a process of its own that takes ten milliseconds for each request, one after the other: a hundred a second at most. */
async function serverProcess() {
  const child = fork(fileURLToPath(new URL('./testing/ten-ms-server.ts', import.meta.url)), { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  const [{ url }] = (await once(child, 'message')) as [{ url: string }]
  return { url, [Symbol.dispose]: () => void child.kill() }
}

test('the rate that a server of known speed can bear is found, and not more', async () => {
  using server = await serverProcess()
  const told: number[] = []
  const result = await runBench({
    target: targetOf(server, { connections: 32 }),
    requests: [REQUEST],
    settings: settings(),
    tell: (_, share) => told.push(share),
  })
  const { best, curve, closedLoop } = result
  // a busy machine makes it slower than a hundred a second, and nothing makes it faster
  assert.ok(closedLoop.perSecond > 5 && closedLoop.perSecond < 105, String(closedLoop.perSecond))
  assert.ok(best && best.rate > 5 && best.rate < 115, `${best?.rate}`)
  assert.ok(best.latency.objective !== null && best.latency.objective <= 150)
  assert.ok(['latency', 'backlog', 'generator'].includes(result.limit), result.limit)
  assert.ok(
    curve.every(({ rate, requests }, at) => requests > 0 && rate > (curve[at - 1]?.rate ?? 0)),
    'the curve goes up',
  )
  assert.ok(told.length > 10 && told.every((share) => share >= 0 && share < 1))
})

test('an objective that no rate meets, and a limit that was set', async () => {
  await using server = await slowServer(5)
  const ask = (more: Partial<BenchSettings>) => runBench({ target: targetOf(server), requests: [REQUEST], settings: settings({ duration: 0.2, ...more }) })
  const none = await ask({ objective: readObjective('p99=1ms'), maxRate: 40 })
  assert.equal(none.best, null)
  assert.ok(none.curve.length > 0)
  const capped = await ask({ objective: readObjective('p50=2s'), maxRate: 10 })
  assert.deepEqual([capped.best?.rate, capped.limit], [10, 'max-rate'])
})

/** A generator that comes too late to this share of its requests. */
function lateGenerator(share: number): Generator & { ran: number } {
  const latency = new LatencyHistogram()
  for (let at = 0; at < 100; at++) latency.add(500_000)
  const counts = { seconds: 1, scheduled: 100, inTime: 100, late: 100 * share, waited: 0 }
  return {
    ran: 0,
    learn: async () => {},
    run: async function (this: { ran: number }) {
      this.ran++
      return { ...counts, latency: latency.toData(), refused: [], lag: [], failed: {}, failures: [], givenUp: false, cancelled: false }
    },
    cancel: () => {},
    close: async () => {},
  }
}

test('a machine that is too busy to make the load is said at the first measurement, and the search ends soon', async () => {
  for (const [share, steps] of [
    [0.6, 4],
    [0.4, 6],
  ] as const) {
    const generator = lateGenerator(share)
    const told: [number, number][] = []
    const target = targetOf({ url: 'http://127.0.0.1:9' })
    const busy = (rate: number, late: number) => told.push([rate, late])
    const result = await runBench({ target, requests: [REQUEST], settings: settings(), generator, busy })
    assert.deepEqual(told, [[10, share]])
    assert.deepEqual([result.best, result.limit, outcomeOf(result), generator.ran], [null, 'generator', 'unknown', steps])
  }
})

test('a server that refuses some requests is told with their statuses', async () => {
  await using server = await slowServer(0, ({ at }, response) => {
    const full = at > 20 && at % 5 === 0
    response.writeHead(full ? 503 : 200).end(full ? '{}' : ANSWER)
  })
  const result = await runBench({ target: targetOf(server), requests: [REQUEST], settings: settings({ duration: 0.2, maxRate: 200 }) })
  assert.deepEqual([result.best, result.limit, outcomeOf(result)], [null, 'failures', 'missed'])
  assert.ok(result.curve.some(({ failed }) => (failed['503'] ?? 0) > 0))
})

test('an interrupted benchmark answers with what it has; one that cannot begin says why', async () => {
  await using server = await slowServer(1)
  const stop = new AbortController()
  const running = runBench({
    target: targetOf(server),
    requests: [REQUEST],
    settings: settings({ duration: 0.3, objective: readObjective('p50=5s') }),
    signal: stop.signal,
    tell: (words) => words.endsWith('requests/s') && setTimeout(() => stop.abort(), 1500),
  })
  const result = await running
  assert.equal(result.limit, 'interrupted')
  assert.ok(result.best && result.curve.length > 0)
  const refused = runBench({ target: targetOf({ url: 'http://127.0.0.1:9' }), requests: [REQUEST], settings: settings() })
  await assert.rejects(refused, { code: 'request-invalid', message: /ECONNREFUSED/ })
})
