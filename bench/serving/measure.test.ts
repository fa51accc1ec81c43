import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import { start } from '../load.ts'
import type { Contender } from './contender.ts'
import { chosen, wrongChoice } from './contenders.ts'
import { echo, startHttpEcho } from './echo.ts'
import { measure, type Started } from './measure.ts'

const EFFORT = { rounds: 2, seconds: 0.2 }
const generators = { http: start('./load.process.ts'), grpc: start('./grpc/load.process.ts') }
let started: Started

before(async () => {
  started = { contender: echo, running: await startHttpEcho() }
})
after(async () => {
  for (const generator of Object.values(generators)) generator.disconnect()
  await started.running.stop()
})

/** A server of the test's own, that answers rows by itself. */
async function answering(name: string, respond: (at: number) => { status: number; body: string }): Promise<Started> {
  let at = 0
  const server = createServer((request, response) => {
    request.resume().on('end', () => {
      const { status, body } = respond(at++)
      response.writeHead(status, { 'content-length': Buffer.byteLength(body) }).end(body)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const [request] = echo.faces.row.requests
  const face = { requests: [{ ...(request as { path: string; body: string }), expect: { label: 1, probabilities: [0.5, 0.5] } }], marker: '' }
  const stop = async (): Promise<void> => void server.close()
  const contender: Contender = { name, title: name, settings: '', install: async () => {}, start: () => Promise.reject(new Error()), faces: { row: face } }
  return { contender, running: { port: { row: port, tensor: port }, pids: [], stop } }
}

test('the echo answers rows and tensors, and every round is recorded', async () => {
  for (const load of ['row-32', 'row-1', 'tensor'] as const) {
    const { sides } = await measure(generators, [started], { load, about: 'echo', effort: EFFORT })
    assert.deepEqual([sides.length, sides[0]?.failure, sides[0]?.rounds.length], [1, undefined, 2], load)
    for (const round of sides[0]?.rounds ?? []) {
      assert.ok(round.requests > 0 && round.perSecond > 0 && round.p50 > 0 && round.p99 >= round.p50 && round.busy > 0)
      if (process.platform === 'linux') assert.ok(Number(round.micros) >= 0)
    }
  }
})

test('a server that answers wrongly falls out with its answer, and the others go on', async () => {
  await using disposed = new AsyncDisposableStack()
  const right = await answering('right', () => ({ status: 200, body: '{"label":1,"probabilities":[0.5,0.5]}' }))
  const wrong = await answering('wrong', () => ({ status: 200, body: '{"label":0,"probabilities":[0.5,0.5]}' }))
  const late = await answering('late', (at) => (at < 50 ? { status: 200, body: '{"label":1,"probabilities":[0.5,0.5]}' } : { status: 503, body: 'full' }))
  for (const { running } of [right, wrong, late]) disposed.defer(running.stop)
  const { sides } = await measure(generators, [wrong, late, right], { load: 'row-1', about: 'right', effort: EFFORT })
  assert.match(sides[0]?.failure ?? '', /label 0 where 1 is right/)
  assert.match(sides[1]?.failure ?? '', /status 503: full/)
  assert.deepEqual([sides[2]?.failure, sides[2]?.rounds.length], [undefined, 2])
})

test('servers are chosen by name', () => {
  assert.deepEqual(
    chosen(['fastapi']).map(({ name }) => name),
    ['fastapi'],
  )
  assert.ok(chosen([]).length > 2)
  assert.equal(wrongChoice(['axum', 'ray']), undefined)
  assert.match(wrongChoice(['axum', 'nginx']) ?? '', /no server "nginx".*axum/)
})
