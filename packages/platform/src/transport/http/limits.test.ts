import assert from 'node:assert/strict'
import { FAKE_ROW, fakeRelease } from '../../testing/fake-model.ts'
import { testLimiter } from '../../testing/limiter.ts'
import { eachLane, raw } from './testing/serving.ts'

const PATH = '/v1/deployments/credit/predict'
const INFER = '/v2/models/credit/infer'
const BODY = JSON.stringify({ rows: [FAKE_ROW] })
const KEY = () => ({ kind: 'key' as const, id: 'abc' })

function post(id: string, body = BODY): string {
  return `POST ${PATH} HTTP/1.1\r\nHost: x\r\nX-Request-Id: ${id}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`
}

eachLane('a limited caller is told what is left, and refused over the limit', async (testServing) => {
  const { limiter, clock } = testLimiter({ rate: '2/s', quota: '100/day' })
  await using serving = await testServing({ limiter, authorize: KEY })
  const answers = [await serving.post(PATH, BODY), await serving.post(PATH, BODY), await serving.post(PATH, BODY)]
  assert.deepEqual(
    answers.map(({ status }) => status),
    [200, 200, 429],
  )
  const policy = '"rate";q=2;w=1, "day";q=100;w=86400;qu="rows"'
  for (const { headers } of answers) assert.equal(headers.get('ratelimit-policy'), policy)
  assert.deepEqual(
    answers.map(({ headers }) => headers.get('ratelimit')),
    ['"rate";r=1;t=1, "day";r=99;t=43200', '"rate";r=0;t=1, "day";r=98;t=43200', '"rate";r=0;t=1, "day";r=98;t=43200'],
  )
  const refused = answers[2]!
  assert.equal(refused.headers.get('retry-after'), '1')
  assert.equal(((await refused.json()) as { code: string }).code, 'rate-limited')
  assert.deepEqual(
    serving.world.failed.map(({ code, deployment, status }) => ({ code, deployment, status })),
    [{ code: 'rate-limited', deployment: 'credit', status: 429 }],
  )
  // the Open Inference Protocol's path is limited alike, in its own form of errors
  const oip = await serving.post(INFER, '{"inputs":[]}')
  assert.equal(oip.status, 429)
  assert.match(((await oip.json()) as { error: string }).error, /2 requests per second/)
  clock.at += 1000
  assert.equal((await serving.post(PATH, BODY)).status, 200)
})

eachLane('who is not limited sees nothing of it', async (testServing) => {
  const { limiter } = testLimiter({ rate: '1/s' })
  await using serving = await testServing({ limiter, authorize: () => ({ kind: 'key', id: 'other' }) })
  const { status, headers } = await serving.post(PATH, BODY)
  assert.deepEqual([status, headers.get('ratelimit-policy'), headers.get('ratelimit')], [200, null, null])
})

eachLane('a request over the limit is refused before its body is there, and the connection goes on', async (testServing) => {
  const { limiter, clock } = testLimiter({ rate: '1/s' })
  await using serving = await testServing({ limiter, authorize: KEY })
  const [head, body] = post('second').split('\r\n\r\n') as [string, string]
  const { connect } = await import('node:net')
  const socket = connect(serving.port, '127.0.0.1')
  let text = ''
  socket.on('data', (chunk) => {
    text += chunk
  })
  const until = async (words: string) => {
    for (let tries = 0; !text.includes(words); tries++) {
      assert.ok(tries < 1000, `no "${words}" in ${text}`)
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
  }
  socket.write(`${post('first')}${head}\r\n\r\n${body.slice(0, 5)}`)
  // it has its answer, and most of the body has not been sent
  await until('"rate-limited"')
  assert.match(text, /X-Request-Id: second\r/)
  clock.at += 1000
  socket.write(body.slice(5) + post('third'))
  await until('X-Request-Id: third\r')
  assert.equal(text.match(/HTTP\/1\.1 200 /g)?.length, 2)
  socket.destroy()
})

eachLane('rows beyond the quota are refused all together, and those of a failed prediction do not count', async (testServing) => {
  const { limiter } = testLimiter({ quota: '5/day' })
  await using serving = await testServing({ limiter, authorize: KEY })
  const rows = (n: number) => ({ rows: Array.from({ length: n }, () => FAKE_ROW) })
  assert.equal((await serving.post(PATH, rows(3))).status, 200)
  const over = await serving.post(PATH, rows(3))
  assert.equal(over.status, 429)
  assert.equal(over.headers.get('retry-after'), '43200')
  const problem = (await over.json()) as { code: string; detail: string }
  assert.equal(problem.code, 'quota-exhausted')
  assert.match(problem.detail, /2 of the 5 rows a day are left .* the request has 3/)
  assert.equal((await serving.post(PATH, '{"rows": [{}]}')).status, 422)
  assert.equal((await serving.post(PATH, rows(2))).headers.get('ratelimit'), '"day";r=0;t=43200')
  // with nothing left the body is not even looked at
  assert.equal((await serving.post(PATH, 'nonsense')).status, 429)
})

eachLane('the setting of a deployment limits each caller without limits of its own, by address where it is open', async (testServing) => {
  const { limiter } = testLimiter()
  await using serving = await testServing({
    limiter,
    authorize: () => ({ kind: 'open', id: 'open' }),
    releases: [fakeRelease({ settings: { rateLimit: '1/min' } })],
  })
  const answer = await raw(serving.port, post('a') + post('b'), 1500)
  assert.match(answer, /200 OK[\s\S]*RateLimit-Policy: "deployment-rate";q=1;w=60\r\nRateLimit: "deployment-rate";r=0;t=60\r[\s\S]*429 Too Many Requests/)
})
