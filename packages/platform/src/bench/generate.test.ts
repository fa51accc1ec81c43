import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LoadGenerator } from './generate.ts'
import { LatencyHistogram } from './histogram.ts'
import { ANSWER, REQUEST, slowServer, targetOf } from './testing/slow-server.ts'
import { generatorThread } from './thread.ts'
import type { Step, StepResult } from './types.ts'

const step = (more: Partial<Step> = {}): Step => ({
  rate: 100,
  seconds: 1,
  leadSeconds: 0,
  arrivals: 'constant',
  seed: 1,
  giveUpMs: 10_000,
  lateMs: 20,
  ...more,
})
const quantile = (result: StepResult, q: number) => (LatencyHistogram.of(result.latency).quantile(q) ?? Number.NaN) / 1000

test('a stall is seen by all requests that were due meanwhile, not only by those that were under way', async () => {
  await using server = await slowServer()
  const ask = async (rate: number | null) => {
    const generator = generatorThread(targetOf(server, { connections: 1 }), [REQUEST])
    const stall = setTimeout(() => server.stall(400), 500)
    const result = await generator.run(step({ rate, seconds: 1.5 }))
    clearTimeout(stall)
    await generator.close()
    return result
  }
  const open = await ask(200)
  // 80 of 300 requests are due while the server stands still; the mean of their waits is half of it
  assert.ok(open.scheduled > 290 && open.scheduled < 310, String(open.scheduled))
  assert.ok(quantile(open, 0.9) > 150, `p90 is ${quantile(open, 0.9)} ms`)
  assert.ok(quantile(open, 0.99) > 350, `p99 is ${quantile(open, 0.99)} ms`)
  assert.ok(open.waited >= 60, String(open.waited))
  // a client that waits for its answer sends one request in that time, and takes the service for a quick one
  const closed = await ask(null)
  assert.ok(quantile(closed, 0.99) < 100, `p99 in closed loop is ${quantile(closed, 0.99)} ms`)
  assert.ok(quantile(closed, 1) > 350, 'it has seen the stall once')
})

test('a busy generator says that it was late, and the late requests are not taken for slow answers alone', async () => {
  await using server = await slowServer()
  const generator = new LoadGenerator(targetOf(server), [REQUEST])
  // the server shares this thread, so both stand still: only the lag tells that the generator did
  setTimeout(() => server.stall(300), 300)
  const result = await generator.run(step({ rate: 200 }))
  await generator.close()
  assert.ok(result.late > 40, String(result.late))
  assert.ok((LatencyHistogram.of(result.lag).quantile(1) ?? 0) > 250_000)
})

test('requests come at the rate that was asked for, evenly and at random, whatever the server does', async () => {
  await using server = await slowServer(2)
  const generator = generatorThread(targetOf(server), [REQUEST])
  for (const arrivals of ['constant', 'poisson'] as const) {
    const { scheduled, failed } = await generator.run(step({ rate: 200, seconds: 1.5, leadSeconds: 0.2, arrivals }))
    assert.deepEqual(failed, {})
    // 300 expected; of a Poisson process within five standard deviations
    assert.ok(Math.abs(scheduled - 300) < (arrivals === 'constant' ? 5 : 87), `${arrivals}: ${scheduled}`)
  }
  await generator.close()
})

test('statuses, breaks, timeouts and wrong answers are told apart', async () => {
  await using server = await slowServer(0, ({ at }, response) => {
    const kind = at % 10
    if (kind === 5) return response.socket?.destroy()
    if (kind === 6) return
    const text = kind === 4 ? ANSWER.replace('0.5', '0.75') : ANSWER
    response.writeHead(kind === 2 ? 503 : kind === 3 ? 500 : 200, { 'content-length': text.length }).end(text)
  })
  const generator = new LoadGenerator(targetOf(server, { timeoutMs: 100 }), [REQUEST])
  await generator.learn()
  const { failed, failures, refused, firstWrong, latency } = await generator.run(step({ rate: 100, seconds: 1 }))
  await generator.close()
  for (const kind of ['500', '503', 'connection closed', 'timeout', 'wrong']) assert.ok((failed[kind] ?? 0) >= 8, `${kind}: ${JSON.stringify(failed)}`)
  assert.equal(LatencyHistogram.of(refused).count, failed['503'])
  assert.match(firstWrong ?? '', /status 500|value\] is 0\.75, and was 0\.5 before/)
  assert.ok(failures.every(({ kind, afterMs }) => kind !== 'timeout' || afterMs >= 100))
  assert.ok(quantile({ latency } as StepResult, 1) >= 100, 'what was given up counts with its wait')
})

test('a hopeless rate is given up, and a step that is cancelled ends at once', async () => {
  await using server = await slowServer(20)
  const generator = generatorThread(targetOf(server, { connections: 2 }), [REQUEST])
  const began = performance.now()
  const hopeless = await generator.run(step({ rate: 1000, seconds: 20, giveUpMs: 200 }))
  assert.ok(hopeless.givenUp && performance.now() - began < 10_000)
  assert.ok(quantile(hopeless, 0.99) > 100)
  const running = generator.run(step({ rate: 10, seconds: 60 }))
  setTimeout(() => generator.cancel(), 100)
  const { cancelled, seconds, failed } = await running
  await generator.close()
  assert.deepEqual([cancelled, failed], [true, {}])
  assert.ok(seconds < 10)
})

test('chunked answers and connections that the server closes are read', async () => {
  await using server = await slowServer(0, ({ at }, response) => {
    if (at % 2 === 0) response.setHeader('connection', 'close')
    response.write(ANSWER.slice(0, 10))
    response.end(ANSWER.slice(10))
  })
  const generator = new LoadGenerator(targetOf(server, { connections: 2 }), [REQUEST])
  await generator.learn()
  const { failed, latency } = await generator.run(step({ rate: 50 }))
  await generator.close()
  assert.deepEqual(failed, {})
  assert.ok(LatencyHistogram.of(latency).count >= 45)
})

test('what cannot be asked is said before the load: refusals, strange answers, nobody there', async () => {
  const learn = async (answer: string, status = 200) => {
    await using server = await slowServer(0, (_, response) => response.writeHead(status).end(answer))
    const generator = new LoadGenerator(targetOf(server), [REQUEST])
    await generator.learn().finally(() => generator.close())
  }
  await assert.rejects(learn('{"code":"column-missing"}', 422), /answered with 422: \{"code":"column-missing"\}/)
  await assert.rejects(learn('hello'), /not JSON/)
  await assert.rejects(learn('{}'), /no array "predictions"/)
  await assert.rejects(learn('{"predictions":[1,2]}'), /has 2 entries, not 1/)
  const nobody = new LoadGenerator({ url: 'http://127.0.0.1:9', headers: {}, connections: 1, timeoutMs: 1000 }, [REQUEST])
  await assert.rejects(nobody.learn(), /ECONNREFUSED/)
  assert.throws(() => new LoadGenerator({ url: 'http://h', headers: { a: 'b\r\nc: d' }, connections: 1, timeoutMs: 1 }, [REQUEST]), /does not allow/)
})
