import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type FakePlatform, fakePlatform, type Handler, problem, runFairlead } from '../testing/fake-platform.ts'
import { temporaryFolder } from '../testing/folder.ts'
import { sampleVersion } from '../testing/samples.ts'

/** Control and predictions of one deployment, on one port. */
async function serving(predict?: Handler): Promise<FakePlatform> {
  let url = ''
  const { signature } = sampleVersion()
  const rowsAnswer: Handler = ({ body }) => {
    const { rows } = JSON.parse(String(body)) as { rows: object[] }
    return { json: { id: 'r1', deployment: 'credit-risk', release: 2, predictions: rows.map(() => ({ label: 'good' })) } }
  }
  const platform = await fakePlatform({
    'GET /status': () => ({
      json: { version: '9.9.9', processes: [{ role: 'control' }, { role: 'serve' }], addresses: { control: url, http: url, grpc: null } },
    }),
    'GET /deployments/credit-risk/signature': () => ({ json: { signature, example: [{ age: 35 }, { age: 36 }] } }),
    'GET /deployments/credit-risk': () => ({ json: { current: null } }),
    'POST /v1/deployments/credit-risk*': predict ?? rowsAnswer,
    'GET /v2/models/credit-risk': () => ({ json: { name: 'credit-risk', inputs: [{ name: 'age', datatype: 'INT64', shape: [-1] }] } }),
    'GET /v2/models/refusing': () => ({ json: { inputs: [{ name: 'age', datatype: 'INT64', shape: [-1] }] } }),
    'POST /v2/models/refusing/infer': () => ({ status: 400, json: { error: 'age is not known' } }),
    'POST /v2/models/credit-risk/infer': () => ({ json: { model_name: 'credit-risk', outputs: [{ name: 'label', data: ['good'] }] } }),
  })
  url = platform.url
  return platform
}

const QUICK = ['--duration', '0.1', '--max-rate', '30', '--latency', 'p50=5s', '--connections', '4']
const asked = (platform: FakePlatform) => platform.taken.filter(({ method }) => method === 'POST')

test('a deployment is asked with its example rows; table, sentence and reports tell the rate', async () => {
  await using platform = await serving()
  await using folder = await temporaryFolder({})
  const files = [folder.at('r.html'), folder.at('r.json')]
  const ran = await runFairlead([
    ...['bench', 'credit-risk', ...QUICK, '--key', 'flk_secret', '--url', platform.url],
    ...files.flatMap((file) => ['--report', file]),
  ])
  assert.equal(ran.code, 0, ran.stderr)
  assert.match(ran.stdout, /^RATE\/S +OBJECTIVE +ACHIEVED\/S +P50/)
  assert.match(ran.stdout, /\ncredit-risk answers 30 requests\/s at p50 ≤ 5 s\.\nNo higher rate was tried/)
  assert.match(ran.stderr, /warm-up[\s\S]*30 requests\/s/)
  const [html = '', json = ''] = await Promise.all(files.map((file) => readFile(file, 'utf8')))
  assert.match(html, /Fairlead 9\.9\.9, 1 serve process/)
  assert.match(html, /fairlead bench credit-risk --url http:\/\/127\.0\.0\.1:\d+ --latency p50=5s .*--key …/)
  const document = JSON.parse(json)
  assert.deepEqual([document.met, document.requestsPerSecond, document.requests, document.rowsPerRequest], [true, 30, 2, 1])
  for (const text of [html, json, ran.stdout]) assert.ok(!text.includes('flk_secret'))
  assert.ok(asked(platform).length > 10)
  assert.ok(asked(platform).every(({ headers }) => headers.authorization === 'Bearer flk_secret'))
  assert.deepEqual(new Set(asked(platform).map(({ body }) => JSON.parse(String(body)).rows[0].age)), new Set([35, 36]))
})

test('the tensor interface is asked as its metadata say, of a deployment and of any other server', async () => {
  await using platform = await serving()
  const own = await runFairlead(['bench', 'credit-risk', ...QUICK, '--interface', 'oip', '--rows', '3', '--row', '{"age": 7}', '--url', platform.url, '--json'])
  assert.equal(own.code, 0, own.stderr)
  assert.deepEqual(JSON.parse(String(asked(platform)[0]?.body)).inputs, [{ name: 'age', datatype: 'INT64', shape: [3], data: [7, 7, 7] }])
  assert.deepEqual([JSON.parse(own.stdout).rowsPerSecond, JSON.parse(own.stdout).interface], [90, 'oip'])
  const before = platform.taken.length
  const other = await runFairlead(['bench', 'credit-risk', ...QUICK, '--server', platform.url])
  assert.equal(other.code, 0, other.stderr)
  assert.ok(
    platform.taken.slice(before).every(({ path }) => path.startsWith('/v2/')),
    'control is not asked',
  )
})

test('an objective that is not met ends with 10, a refusal or wrong answers do not count as service', async () => {
  let taken = 0
  await using platform = await serving(() => (++taken > 6 ? problem(503, 'queue-full', 'full') : { json: { predictions: [{ label: 'a' }] } }))
  const ran = await runFairlead(['bench', 'credit-risk', ...QUICK, '--row', '{"age": 1}', '--url', platform.url])
  assert.equal(ran.code, 10, ran.stderr)
  assert.match(ran.stdout, /did not meet p50 ≤ 5 s/)
  assert.match(ran.stdout, /requests fail \(503: \d+\)/)
})

test('Ctrl-C ends it with what was measured until then', async () => {
  await using platform = await serving()
  const before = process.listenerCount('SIGINT')
  const running = runFairlead(['bench', 'credit-risk', '--duration', '0.2', '--latency', 'p50=5s', '--connections', '4', '--url', platform.url, '--json'])
  // on a busy machine it takes its time to begin
  for (let tries = 0; process.listenerCount('SIGINT') === before && tries < 3000; tries++) await sleep(10)
  await sleep(1500)
  process.emit('SIGINT')
  const ran = await running
  assert.equal(ran.code, 1, ran.stderr)
  const document = JSON.parse(ran.stdout)
  assert.equal(document.limit, 'interrupted')
  assert.match(document.remarks[0], /interrupted/)
})

test('values that were made up and are refused are said to be so', async () => {
  await using platform = await serving()
  const ran = await runFairlead(['bench', 'refusing', ...QUICK, '--server', platform.url])
  assert.equal(ran.code, 1)
  assert.match(ran.stderr, /answered with 400[\s\S]*The values are made up: give rows that the model accepts with --row or --file/)
})

test('what cannot be measured is said before any load', async () => {
  await using platform = await serving(() => problem(422, 'column-missing', 'rows[0].age: the required column "age" is missing'))
  await using folder = await temporaryFolder({ 'empty.csv': 'age\n', 'bad.json': '[1]' })
  const cases: [string[], number, RegExp][] = [
    [['credit-risk'], 1, /"age" is missing/],
    [['nobody'], 1, /nothing at/],
    [['credit-risk', '--latency', '20ms'], 2, /like p99=20ms/],
    [['credit-risk', '--interface', 'soap'], 2, /rows, oip, oip-binary/],
    [['credit-risk', '--interface', 'rows', '--server', platform.url], 2, /an interface of Fairlead/],
    [['credit-risk', '--server', 'nowhere'], 2, /http:\/\/127/],
    [['credit-risk', '--server', platform.url, '--interface', 'grpc'], 2, /takes --grpc HOST:PORT/],
    [['credit-risk', '--grpc', 'a b'], 2, /--grpc takes HOST:PORT/],
    [['credit-risk', '--grpc', '127.0.0.1:9', '--interface', 'oip'], 2, /another interface than --interface oip/],
    [['credit-risk', '--interface', 'grpc'], 3, /serves no gRPC/],
    [['credit-risk', '--grpc', '127.0.0.1:9'], 1, /did not answer before the load began: .*ECONNREFUSED/],
    [['credit-risk', '--arrivals', 'never'], 2, /poisson or constant/],
    [['credit-risk', '--duration', '0'], 2, /from 0\.1/],
    [['credit-risk', '--report', 'r.pdf'], 2, /\.html or \.json/],
    [['credit-risk', '--report', folder.at('none/r.html')], 2, /its folder is not there/],
    [['credit-risk', '--row', '{}', '--file', 'x'], 2, /--row or with --file/],
    [['credit-risk', '--file', folder.at('none.csv')], 1, /none\.csv cannot be read/],
    [['credit-risk', '--file', folder.at('empty.csv')], 1, /no rows/],
    [['credit-risk', '--file', folder.at('bad.json')], 1, /row 0 is not an object/],
    [['x', '--server', 'http://127.0.0.1:9'], 3, /does not answer/],
    [['x', '--server', platform.url], 1, /does not say what the inputs of "x" are/],
  ]
  for (const [args, code, words] of cases) {
    const ran = await runFairlead(['bench', ...args, '--url', platform.url])
    assert.equal(ran.code, code, `${args.join(' ')}: ${ran.stderr}`)
    assert.match(ran.stderr, words)
  }
})
