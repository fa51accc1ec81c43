import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { CREDIT_ROOT, creditRoutes, fakeTracking, mlflowError } from '../../adapters/mlflow/testing/fake-server.ts'
import { type FakePlatform, fakePlatform, type Handler, runFairlead } from '../testing/fake-platform.ts'
import { temporaryFolder } from '../testing/folder.ts'
import { sampleVersion } from '../testing/samples.ts'

const FILES = { [`${CREDIT_ROOT}/MLmodel`]: 'run_id: abc123\n', [`${CREDIT_ROOT}/data/model.ubj`]: 'x'.repeat(5000) }
const TARGET = ['--name', 'credit-risk']
const at = (platform: FakePlatform) => ['--url', platform.url, '--token', 'secret', ...TARGET]

const ROUTES: Record<string, Handler> = {
  'POST /uploads': () => ({ status: 201, json: { upload: 'u1', expiresAt: '2026-01-02T03:04:05.678Z' } }),
  'PUT /uploads/u1/files/*': ({ body }) => ({ status: 201, json: { path: 'x', digest: 'sha256:0', size: body.length } }),
  'DELETE /uploads/u1': () => ({ status: 204 }),
  'POST /models/credit-risk/versions': () => ({ status: 201, json: { created: true, version: sampleVersion() } }),
}

// a folder of this test's own, so that what others leave does not count
const TEMPORARY = mkdtempSync(join(tmpdir(), 'fairlead-test-'))
process.env.TMPDIR = TEMPORARY
after(() => rmSync(TEMPORARY, { recursive: true, force: true }))

const left = () => readdirSync(TEMPORARY).filter((name) => name.startsWith('fairlead-mlflow-'))

test('a model of a tracking server is fetched here, and handed over with its origin', async () => {
  await using tracking = await fakeTracking(FILES, creditRoutes())
  await using platform = await fakePlatform(ROUTES)
  const env = { MLFLOW_TRACKING_URI: tracking.url, MLFLOW_TRACKING_TOKEN: 't0ken' }
  const ran = await runFairlead(['models', 'import', 'models:/credit@champion', ...at(platform), '--tag', 'a=b', '--metric', 'f1=0.7'], { env })
  assert.equal(ran.code, 0, ran.stderr)
  const sent = platform.taken.filter(({ method }) => method === 'PUT').map(({ path, body }) => [path.split('/files/')[1], body.length])
  assert.deepEqual(sent, [
    ['MLmodel', 15],
    ['data/model.ubj', 5000],
  ])
  const { lineage, description, tags, metrics } = JSON.parse(String(platform.taken.at(-1)?.body))
  assert.deepEqual([lineage.source, lineage.trainingRun, lineage.codeCommit], ['models:/credit/3', 'abc123', 'c0ffee'])
  assert.deepEqual([lineage.mlflow.uri, lineage.mlflow.trackingUri, description, tags], ['models:/credit@champion', tracking.url, 'the third', { a: 'b' }])
  assert.deepEqual(metrics, { auc: 0.79, f1: 0.7 })
  assert.equal(new Set(tracking.asked.map(({ authorization }) => authorization)).size, 1)
  assert.equal(tracking.asked[0]?.authorization, 'Bearer t0ken')
  assert.match(ran.stderr, /fetching data\/model\.ubj \(5 kB\)[\s\S]*sending data\/model\.ubj/)
  assert.doesNotMatch(ran.stderr + ran.stdout + platform.taken.map(({ body }) => body).join(), /t0ken/)
  assert.deepEqual(left(), [])
})

test('an own description stays, and a folder gets what the server knows of its run', async () => {
  await using tracking = await fakeTracking(FILES, creditRoutes())
  await using platform = await fakePlatform(ROUTES)
  await using folder = await temporaryFolder({ 'm/MLmodel': 'run_id: abc123\n', 'n/MLmodel': 'flavors: {}\n' })
  const to = ['--tracking-uri', tracking.url, ...at(platform)]
  const body = () => JSON.parse(String(platform.taken.at(-1)?.body))
  assert.equal((await runFairlead(['models', 'import', 'models:/credit/3', '--description', 'mine', ...to])).code, 0)
  assert.equal(body().description, 'mine')
  assert.equal((await runFairlead(['models', 'import', folder.at('m'), ...to])).code, 0)
  assert.deepEqual([body().lineage.source, body().lineage.mlflow.run.name], [folder.at('m'), 'night'])
  const without = await runFairlead(['models', 'import', folder.at('n'), ...to])
  assert.equal(without.code, 0)
  assert.match(without.stderr, /names no run/)
  // an address of artifacts names its server itself
  assert.equal((await runFairlead(['models', 'import', `${tracking.url}/api/2.0/mlflow-artifacts/artifacts/${CREDIT_ROOT}`, ...at(platform)])).code, 0)
})

test('what goes wrong has its exit code, and sends nothing', async () => {
  await using tracking = await fakeTracking(FILES, creditRoutes())
  await using platform = await fakePlatform(ROUTES)
  tracking.routes['GET runs/get'] = ({ query }) =>
    query.run_id === 'locked' ? { status: 401, text: 'You are not authenticated.' } : mlflowError(404, 'RESOURCE_DOES_NOT_EXIST', 'no run')
  const cases: [string, string | undefined, number, RegExp][] = [
    ['models:/credit/9', tracking.url, 1, /Model Version \(name=credit, version=9\) not found/],
    ['models:/credit@none', tracking.url, 1, /alias none not found/],
    ['runs:/locked/model', tracking.url, 4, /You are not authenticated.*MLFLOW_TRACKING_USERNAME/s],
    ['models:/credit/3', 'http://127.0.0.1:9', 3, /127\.0\.0\.1:9 is not reachable: nothing listens there.*--tracking-uri/s],
    ['models:/credit/3', undefined, 2, /--tracking-uri/],
    ['models:/credit/3/x', tracking.url, 2, /models:\/NAME\/VERSION/],
    ['models:/credit/3', 'sqlite:///x.db', 2, /--tracking-uri takes the http/],
  ]
  for (const [source, uri, code, words] of cases) {
    const ran = await runFairlead(['models', 'import', source, ...(uri === undefined ? [] : ['--tracking-uri', uri]), ...at(platform)])
    assert.equal(ran.code, code, `${source} ${uri}: ${ran.stderr}`)
    assert.match(ran.stderr, words)
  }
  assert.deepEqual([platform.taken.length, left()], [0, []])
})

test('show tells what the server told', async () => {
  const mlflow = {
    trackingUri: 'https://mlflow.example.com',
    uri: 'models:/credit@champion',
    registered: { name: 'credit', version: '3', aliases: ['champion'], tags: { approved: 'yes' } },
    run: {
      id: 'abc123',
      name: 'night',
      experiment: 'nightly',
      user: 'ann',
      startedAt: '2026-01-01T00:00:00.000Z',
      metrics: { auc: { value: 0.79, step: 4 }, odd: { value: 'NaN' as const } },
      params: Object.fromEntries(Array.from({ length: 15 }, (_, i) => [`p${i}`, 'v'])),
      tags: { team: 'risk', 'mlflow.user': 'ann' },
      datasets: [{ name: 'loans', digest: 'd1', context: 'training' }],
    },
    cut: ['the experiment: it was refused'],
  }
  await using platform = await fakePlatform({
    'GET /resolve': () => ({ json: sampleVersion({ lineage: { importedBy: 'admin', importedAt: '2026-01-02T03:04:05.678Z', mlflow } }) }),
  })
  const ran = await runFairlead(['models', 'show', 'credit-risk:3', '--url', platform.url, '--token', 'secret'])
  assert.equal(ran.code, 0, ran.stderr)
  for (const words of [
    /mlflow +models:\/credit@champion, version 3 of credit, at https:\/\/mlflow\.example\.com/,
    /run +night \(abc123\) of nightly by ann 2026-01-01/,
    /run metrics +auc=0\.79 at step 4, odd=NaN/,
    /run params +p0=v, .*p11=v, and 3 more/,
    /run tags +approved=yes, team=risk\n/,
    /run data +training loans \(d1\)/,
    /left out +the experiment: it was refused/,
  ])
    assert.match(ran.stdout, words)
})
