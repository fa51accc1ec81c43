import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { FAKE_ROW, fakeRelease } from '../../testing/fake-model.ts'
import { DOCS_PAGE, DOCS_POLICY } from './docs-page.ts'
import { eachLane, raw } from './testing/serving.ts'

const PREDICT = '/v1/deployments/credit/predict'
const BODY = JSON.stringify({ rows: [FAKE_ROW] })
const head = (path: string, more: string) => `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n${more}\r\n\r\n`

interface OpenApi {
  openapi: string
  paths: Record<string, { post: { requestBody: { content: Record<string, { example: unknown }> }; responses: object } }>
  components: { schemas: Record<string, { required: string[]; properties: Record<string, unknown>; additionalProperties: boolean }> }
}

async function openApi(url: string): Promise<OpenApi> {
  return (await (await fetch(`${url}/v1/deployments/credit/openapi.json`)).json()) as OpenApi
}

eachLane('a body over the limit is refused without being read', async (testServing) => {
  await using serving = await testServing({ limits: { rowBodyBytes: 1000, oipBodyBytes: 2000 } })
  const declared = await serving.post(PREDICT, `{"rows":[${' '.repeat(2_000_000)}]}`)
  assert.deepEqual([declared.status, declared.headers.get('connection')], [413, 'close'])
  assert.equal(((await declared.json()) as { code: string }).code, 'body-too-large')
  const answer = await raw(serving.port, `${head(PREDICT, 'Transfer-Encoding: chunked')}${`3e8\r\n${'x'.repeat(1000)}\r\n`.repeat(3)}0\r\n\r\n`)
  assert.match(answer, /^HTTP\/1\.1 413 /)
  assert.match(
    await raw(serving.port, head('/v2/models/credit/infer', 'Content-Length: 104857600')),
    /^HTTP\/1\.1 413 [\s\S]*\{"error":"the body is larger than 2000 bytes"\}/,
  )
  assert.equal((await serving.post(PREDICT, BODY)).status, 200)
})

eachLane('a slow client is told and cut off', async (testServing) => {
  await using serving = await testServing({ limits: { headersMs: 200, requestMs: 400 } })
  const start = Date.now()
  const [slowHead, slowBody] = await Promise.all([raw(serving.port, 'POST /v1/dep'), raw(serving.port, `${head(PREDICT, 'Content-Length: 100')}{"rows"`)])
  assert.match(slowHead, /^HTTP\/1\.1 408 [\s\S]*request-timeout/)
  assert.match(slowBody, /^HTTP\/1\.1 408 [\s\S]*"error"/)
  assert.ok(Date.now() - start < 2500)
})

eachLane('what is not HTTP is 400, a huge head 431', async (testServing) => {
  await using serving = await testServing()
  assert.match(await raw(serving.port, 'nonsense\r\n\r\n'), /^HTTP\/1\.1 400 [\s\S]*not valid HTTP/)
  assert.match(await raw(serving.port, `GET /v2 HTTP/1.1\r\nHost: x\r\nX: ${'a'.repeat(20_000)}\r\n\r\n`), /^HTTP\/1\.1 431 /)
})

eachLane('a client that goes away in the middle harms nobody', async (testServing) => {
  await using serving = await testServing()
  await raw(serving.port, `${head(PREDICT, 'Content-Length: 100')}{"rows"`, 30)
  assert.equal((await serving.post(PREDICT, BODY)).status, 200)
  assert.deepEqual(serving.errors, [])
})

eachLane('pipelined requests are answered in order', async (testServing) => {
  await using serving = await testServing()
  const one = (id: string, close: string) => `${head(PREDICT, `X-Request-Id: ${id}\r\nContent-Length: ${BODY.length}${close}`)}${BODY}`
  const answer = await raw(serving.port, one('first', '') + one('second', '\r\nConnection: close'))
  assert.ok(answer.indexOf('X-Request-Id: first') > 0 && answer.indexOf('X-Request-Id: second') > answer.indexOf('X-Request-Id: first'))
})

eachLane('closing answers what is in hand, falls unready and lets go of idle connections', async (testServing) => {
  const serving = await testServing()
  serving.world.model.delayMs = 150
  await serving.inference.converge({ revision: 2, deployments: [{ name: 'credit', current: 2, releases: [fakeRelease({ number: 2 })] }] })
  const pending = raw(serving.port, `${head(PREDICT, `Content-Length: ${BODY.length}`)}${BODY}`)
  await new Promise((resolve) => setTimeout(resolve, 50))
  assert.equal(serving.http.connections(), 1)
  const start = Date.now()
  await serving.http.close(5000)
  const answer = await pending
  assert.match(answer, /^HTTP\/1\.1 200 [\s\S]*Connection: close/i)
  assert.ok(Date.now() - start < 2000)
  await assert.rejects(fetch(`${serving.url}/healthz`))
  assert.equal(serving.http.connections(), 0)
  await serving.inference[Symbol.asyncDispose]()
})

eachLane('what does not end in time is cut off', async (testServing) => {
  const serving = await testServing()
  const stuck = raw(serving.port, `${head(PREDICT, 'Content-Length: 100')}{`)
  await new Promise((resolve) => setTimeout(resolve, 30))
  await serving.http.close(50)
  assert.equal(await stuck, '')
  await serving.inference[Symbol.asyncDispose]()
})

eachLane('a port in use is named with the option that changes it', async (testServing) => {
  await using serving = await testServing()
  const other = await testServing()
  await other.http.close(0)
  await assert.rejects(other.http.listen({ host: '127.0.0.1', port: serving.port }), {
    code: 'port-in-use',
    message: new RegExp(`port ${serving.port} .*--http-port`),
  })
  await other.inference[Symbol.asyncDispose]()
})

eachLane('before it is known what to serve nothing is ready, and no deployment is unknown', async (testServing) => {
  await using serving = await testServing({ isBlank: true })
  const reason = 'this process could not read yet what it should serve'
  const ready = await fetch(`${serving.url}/readyz`)
  assert.deepEqual([ready.status, await ready.json()], [503, { status: 'not ready', reasons: [reason], degraded: [] }])
  assert.equal((await fetch(`${serving.url}/v2/health/ready`)).status, 400)
  const answers = [await serving.post('/v1/deployments/credit/predict', { rows: [FAKE_ROW] }), await fetch(`${serving.url}/v1/deployments/credit`)]
  for (const answer of answers) {
    assert.deepEqual([answer.status, answer.headers.get('retry-after')], [503, '1'])
    assert.equal(((await answer.json()) as { code: string }).code, 'not-ready')
  }
  await serving.inference.converge({ revision: 1, deployments: [] })
  assert.equal((await fetch(`${serving.url}/readyz`)).status, 200)
  assert.equal((await serving.post('/v1/deployments/credit/predict', { rows: [FAKE_ROW] })).status, 404)
})

eachLane('health says what it means', async (testServing) => {
  let draining = false
  await using serving = await testServing({ isDraining: () => draining })
  const status = async (path: string) => {
    const response = await fetch(serving.url + path)
    return [response.status, await response.text()] as const
  }
  assert.equal((await status('/readyz'))[0], 200)
  draining = true
  assert.match((await status('/readyz'))[1], /draining/)
  assert.deepEqual(await status('/healthz'), [200, '{"status":"alive"}'])
  assert.equal((await status('/v2/health/live'))[0], 200)
  draining = false
  serving.world.load = async () => {
    throw new Error('broken file')
  }
  const broken = fakeRelease({ deployment: 'other' })
  await serving.inference.converge({ revision: 2, deployments: [{ name: 'other', current: 1, releases: [broken] }] })
  assert.match((await status('/readyz'))[1], /release 1 of \\"other\\" could not be loaded: broken file/)
  const view = await fetch(`${serving.url}/v1/deployments/other`)
  assert.deepEqual([view.status, view.headers.get('retry-after'), view.headers.get('content-type')], [503, '1', 'application/problem+json'])
  const problem = (await view.json()) as Record<string, unknown>
  assert.deepEqual([problem.code, problem.status, problem.ready], ['release-not-ready', 503, false])
  assert.match(String(problem.detail), /could not be loaded: broken file/)
  assert.deepEqual(problem.releases, [{ number: 1, state: 'failed', detail: 'broken file' }])
  assert.equal((await status('/v2/models/other/ready'))[0], 400)
})

eachLane('deployments, metrics and HEAD', async (testServing) => {
  await using serving = await testServing()
  const { items } = (await (await fetch(`${serving.url}/v1/deployments/`)).json()) as { items: { name: string; release: number; urls: object }[] }
  assert.deepEqual(
    items.map(({ name, release, urls }) => [name, release, Object.keys(urls)]),
    [['credit', 1, ['predict', 'openapi', 'docs', 'oip']]],
  )
  const metrics = await fetch(`${serving.url}/metrics`)
  assert.deepEqual([metrics.headers.get('content-type'), await metrics.text()], ['text/plain; version=0.0.4; charset=utf-8', 'up 1\n'])
  const answer = await fetch(`${serving.url}/v2`, { method: 'HEAD' })
  assert.deepEqual([answer.status, await answer.text()], [200, ''])
})

eachLane('the example of the OpenAPI document works when pasted, and the schema has the columns', async (testServing) => {
  await using serving = await testServing()
  const doc = await openApi(serving.url)
  assert.equal(doc.openapi, '3.1.0')
  const { example } = doc.paths[PREDICT]!.post.requestBody.content['application/json']!
  assert.equal((await serving.post(PREDICT, example)).status, 200)
  const [Row, Prediction] = [doc.components.schemas.Row!, doc.components.schemas.Prediction!]
  assert.deepEqual(Row.required, ['age', 'amount', 'duration'])
  assert.equal(Row.additionalProperties, false)
  assert.deepEqual(Row.properties.age, {
    type: 'integer',
    format: 'int64',
    minimum: 18,
    maximum: 120,
    description: 'Age of the applicant. Unit: years.',
    'x-unit': 'years',
  })
  assert.deepEqual(Row.properties.purpose, { anyOf: [{ type: 'string', enum: ['car', 'education'] }, { type: 'null' }] })
  assert.deepEqual(Prediction.properties.label, { type: 'string', enum: ['good', 'bad'] })
  assert.deepEqual(Object.keys(doc.paths[PREDICT]!.post.responses), [
    '200',
    '400',
    '401',
    '403',
    '404',
    '406',
    '408',
    '409',
    '413',
    '415',
    '422',
    '500',
    '503',
    '504',
  ])
})

eachLane('a release without an example row still documents one that works', async (testServing) => {
  await using serving = await testServing({ releases: [fakeRelease({ example: [] })] })
  const doc = await openApi(serving.url)
  const { example } = doc.paths[PREDICT]!.post.requestBody.content['application/json']!
  assert.equal((await serving.post(PREDICT, example)).status, 200)
})

eachLane('the page needs nothing from elsewhere and runs only its own script', async (testServing) => {
  await using serving = await testServing()
  const page = await fetch(`${serving.url}/v1/deployments/credit/docs`)
  assert.equal(page.headers.get('content-security-policy'), DOCS_POLICY)
  assert.match(DOCS_POLICY, /^default-src 'none'; script-src 'sha256-/)
  assert.equal(await page.text(), DOCS_PAGE)
  const [, script] = /<script>([\s\S]*?)<\/script>/.exec(DOCS_PAGE)!
  assert.ok(DOCS_POLICY.includes(createHash('sha256').update(script!).digest('base64')), 'the policy allows the script that is there')
  assert.doesNotMatch(DOCS_PAGE, /https?:\/\/|innerHTML/)
})

eachLane('where callers need no key, no foreign page gets an answer; with a key it does not matter where from', async (makeServing) => {
  await using s = await makeServing({ localOnly: true })
  const ask = (headers: string, path = '/v2/models/credit/infer') =>
    raw(s.port, `POST ${path} HTTP/1.1\r\n${headers}\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}`)
  const refused = /^HTTP\/1.1 403 [\s\S]*without a key/
  assert.match(await ask('Host: evil.example\r\nContent-Type: application/json'), refused)
  assert.match(await ask(`Host: 127.0.0.1:${s.port}\r\nOrigin: https://evil.example\r\nContent-Type: text/plain`), refused)
  assert.match(await ask('Host: evil.example\r\nX-Api-Key: fl_some', '/v2/models/nope/infer'), /^HTTP\/1.1 404 /)
  assert.match(await ask(`Host: 127.0.0.1:${s.port}`, '/v2/models/nope/infer'), /^HTTP\/1.1 404 /)
  assert.match(await raw(s.port, 'GET /v1/deployments HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n'), refused)
  assert.match(await raw(s.port, 'GET /healthz HTTP/1.1\r\nHost: probe.example\r\nConnection: close\r\n\r\n'), /^HTTP\/1.1 200 /)
})
