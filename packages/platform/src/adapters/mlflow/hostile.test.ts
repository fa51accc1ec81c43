import assert from 'node:assert/strict'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { FairleadError } from '@fairlead/contract'
import { fetchModel } from './fetch.ts'
import { FETCH_LIMITS, type FetchLimits, type MlflowServer } from './server.ts'
import { type Asked, CREDIT_ROOT, creditRoutes, fakeTracking, mlflowError } from './testing/fake-server.ts'
import { ARTIFACTS_PATH } from './uri.ts'

const FILES = { [`${CREDIT_ROOT}/MLmodel`]: 'flavors: {}\n', [`${CREDIT_ROOT}/model.bin`]: 'x'.repeat(100_000) }
const LIST = `GET ${ARTIFACTS_PATH}`
const BINARY = `GET ${ARTIFACTS_PATH}/${CREDIT_ROOT}/model.bin`
const SECRET = { username: 'ann', password: 'hunter2' }

/** Fetches `models:/credit/3`; answers the files that came, or the error and the files that are left. */
async function take(url: string, given: Partial<MlflowServer> & { limits?: FetchLimits } = {}): Promise<{ files: string[]; error?: FairleadError }> {
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-fetch-'))
  const { limits = FETCH_LIMITS, ...more } = given
  try {
    await fetchModel({ trackingUri: url, timeoutMs: 10_000, retries: 2, ...more }, 'models:/credit/3', { folder, limits })
    return { files: (await readdir(folder)).sort() }
  } catch (error) {
    assert.ok(error instanceof FairleadError, String(error))
    return { files: (await readdir(folder, { recursive: true })).sort(), error }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

function refused({ error }: { error?: FairleadError }, code: string, words: RegExp): void {
  assert.equal(error?.code, code, error?.message)
  assert.match(error.message, words)
}

test('a list of artifacts cannot name a file outside the folder, or two that are one', async () => {
  await using server = await fakeTracking(FILES, creditRoutes())
  const names: [string[], RegExp][] = [
    [['../evil'], /cannot have a \//],
    [['/etc/passwd'], /cannot have a \//],
    [['a/b'], /cannot have a \//],
    [['..'], /has a part "\.\."/],
    [['.'], /has a part "\."/],
    [[''], /is empty/],
    [['C:evil'], /is not relative/],
    [['..\\evil'], /has a backslash/],
    [['mod\u202eel'], /cannot be shown/],
    [['line\nbreak'], /cannot be shown/],
    [['x'.repeat(300)], /longer than/],
    [['Model.bin', 'model.bin'], /same name but for upper and lower case/],
    [['model.bin', 'model.bin'], /same name/],
    [['\u00e9', 'e\u0301'], /same name/],
  ]
  for (const [paths, words] of names) {
    server.routes[LIST] = () => ({ json: { files: paths.map((path) => ({ path, is_dir: false, file_size: 1 })) } })
    const taken = await take(server.url)
    refused(taken, 'artifact-invalid', words)
    assert.deepEqual(taken.files, [])
  }
})

test('folders without end, too many files and too many bytes are refused before they are fetched', async () => {
  await using server = await fakeTracking(FILES, creditRoutes())
  server.routes[LIST] = () => ({ json: { files: [{ path: 'again', is_dir: true }] } })
  refused(await take(server.url), 'artifact-invalid', /folders more than 30 deep/)
  server.routes[LIST] = () => ({ json: { files: Array.from({ length: 5000 }, (_, at) => ({ path: `f${at}`, file_size: 0 })) } })
  refused(await take(server.url), 'model-too-large', /more than 4096 files/)
  server.routes[LIST] = () => ({ json: { files: Array.from({ length: 20 }, (_, at) => ({ path: `d${at}`, is_dir: true })) } })
  const before = server.asked.length
  refused(await take(server.url, { limits: { ...FETCH_LIMITS, files: 100 } }), 'model-too-large', /more than 100 files/)
  assert.ok(server.asked.length - before < 60, 'folders without files end, too')
  server.routes[LIST] = () => ({ json: { files: [{ path: 'huge', file_size: '999999999999999' }] } })
  refused(await take(server.url), 'model-too-large', /more than \d+ bytes together/)
  assert.equal(server.asked.filter(({ path }) => path.startsWith(`${ARTIFACTS_PATH}/`)).length, 0)
})

test('a server that does not tell sizes is stopped at the limit', async () => {
  await using server = await fakeTracking(FILES, creditRoutes())
  server.routes[LIST] = () => ({ json: { files: [{ path: 'MLmodel' }, { path: 'model.bin' }] } })
  assert.deepEqual((await take(server.url)).files, ['MLmodel', 'model.bin'])
  const taken = await take(server.url, { limits: { ...FETCH_LIMITS, bytes: 50_000 } })
  refused(taken, 'model-too-large', /more than 50000 bytes together/)
  assert.ok(!taken.files.includes('model.bin'))
})

test('a file that breaks off is fetched again; one of another size is refused', async () => {
  await using server = await fakeTracking(FILES, creditRoutes())
  let attempts = 0
  server.routes[BINARY] = () => (response) => {
    response.writeHead(200, { 'content-length': '100000' })
    response.write('x'.repeat(40_000))
    if (++attempts === 1) setTimeout(() => response.destroy(), 20)
    else response.end('x'.repeat(60_000))
  }
  assert.deepEqual(await take(server.url), { files: ['MLmodel', 'model.bin'] })
  assert.equal(attempts, 2)
  for (const [text, words] of [
    ['x'.repeat(99_999), /99999 bytes where 100000 were told/],
    ['x'.repeat(100_001), /more than the 100000 bytes/],
  ] as const) {
    server.routes[BINARY] = () => ({ text })
    const taken = await take(server.url)
    refused(taken, 'tracking-failed', words)
    assert.ok(!taken.files.includes('model.bin'))
  }
})

test('answers that ask for patience are tried again, others are not', async () => {
  await using server = await fakeTracking(FILES, creditRoutes())
  const find = 'GET model-versions/get-download-uri'
  const usual = server.routes[find]!
  const calls = async (status: number, retries: number) => {
    let count = 0
    server.routes[find] = (asked: Asked) => (++count <= retries ? { status, json: { message: 'later' }, headers: { 'retry-after': '0' } } : usual(asked))
    return { ...(await take(server.url)), count: () => count }
  }
  for (const status of [408, 429, 502, 503, 504]) {
    assert.equal((await calls(status, 2)).error, undefined, String(status))
    const often = await calls(status, 9)
    assert.deepEqual([often.error !== undefined, often.count()], [true, 3], String(status))
  }
  for (const status of [400, 403, 404, 501]) assert.equal((await calls(status, 9)).count(), 1, String(status))
  // what MLflow answers for artifacts that are not there
  assert.equal((await calls(500, 9)).count(), 2)
  refused(await calls(503, 9), 'tracking-unreachable', /answers 503: later/)
})

test('credentials go to the server in the form it takes, and their refusal is told apart', async () => {
  await using server = await fakeTracking(FILES, creditRoutes())
  await take(server.url, { credentials: SECRET })
  await take(server.url, { credentials: { token: 't0ken' } })
  const sent = new Set(server.asked.map(({ authorization }) => authorization))
  assert.deepEqual([...sent], [`Basic ${Buffer.from('ann:hunter2').toString('base64')}`, 'Bearer t0ken'])
  server.routes['GET model-versions/get-download-uri'] = ({ authorization }) =>
    authorization ? { status: 401, text: 'You are not authenticated.' } : mlflowError(403, 'PERMISSION_DENIED', 'Permission denied')
  const wrong = await take(server.url, { credentials: SECRET })
  refused(wrong, 'tracking-not-allowed', /answers 401: You are not authenticated\. \(the credentials that were sent do not suffice\)/)
  assert.doesNotMatch(JSON.stringify(wrong.error), /hunter2/)
  refused(await take(server.url), 'tracking-not-allowed', /Permission denied \(no credentials were sent\)/)
})

test('neither a redirect nor the address of a model takes credentials to another server', async () => {
  await using thief = await fakeTracking(FILES, creditRoutes())
  await using server = await fakeTracking(FILES, creditRoutes())
  server.routes['GET model-versions/get-download-uri'] = () => ({
    status: 302,
    headers: { location: `${thief.url}/api/2.0/mlflow/model-versions/get-download-uri` },
  })
  refused(
    await take(server.url, { credentials: SECRET }),
    'tracking-failed',
    /redirects to http:\/\/127\.0\.0\.1:\d+, where neither credentials nor requests are sent/,
  )
  assert.equal(thief.asked.length, 0)
  // within the server a redirect is followed
  server.routes['GET model-versions/get-download-uri'] = () => ({ status: 307, headers: { location: '/elsewhere' } })
  server.routes['GET elsewhere'] = () => ({ json: { artifact_uri: `mlflow-artifacts://${new URL(thief.url).host}/${CREDIT_ROOT}` } })
  assert.equal((await take(server.url, { credentials: SECRET })).error, undefined)
  assert.ok(thief.asked.length > 0)
  assert.deepEqual([...new Set(thief.asked.map(({ authorization }) => authorization))], [undefined])
  server.routes['GET elsewhere'] = () => ({ status: 302, headers: { location: '/elsewhere' } })
  refused(await take(server.url), 'tracking-failed', /redirects 5 times/)
  server.routes['GET elsewhere'] = () => ({ status: 302, headers: { location: 'http://[' } })
  refused(await take(server.url), 'tracking-failed', /redirects to nowhere/)
})

test('what is no tracking server is said so', async () => {
  await using server = await fakeTracking(FILES, creditRoutes())
  const answers: [{ text: string } | { json: unknown }, RegExp][] = [
    [{ text: '<html>hello</html>' }, /something other than JSON; is it an MLflow tracking server/],
    [{ json: [] }, /expected object/i],
    [{ json: { artifact_uri: 7 } }, /artifact_uri: .*expected string/],
    [{ json: { artifact_uri: 'nowhere:' } }, /nowhere:/],
  ]
  for (const [answer, words] of answers) {
    server.routes['GET model-versions/get-download-uri'] = () => answer
    assert.match((await take(server.url)).error?.message ?? '', words)
  }
  const { url } = server
  await server[Symbol.asyncDispose]()
  refused(await take(url), 'tracking-unreachable', /is not reachable: nothing listens there/)
  refused(await take('http://no-such-host.invalid', { retries: 0 }), 'tracking-unreachable', /is not reachable: (?:there is no host|the name of the host)/)
})

test('a server that stays silent is given up after its time', async () => {
  await using server = await fakeTracking(FILES, { ...creditRoutes(), 'GET model-versions/get-download-uri': () => () => {} })
  refused(await take(server.url, { timeoutMs: 60, retries: 1 }), 'tracking-unreachable', /nothing came for 0\.06 s/)
})
