import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { type FakePlatform, fakePlatform, type Handler, problem, runFairlead } from '../testing/fake-platform.ts'
import { temporaryFolder } from '../testing/folder.ts'
import { sampleDeployment, sampleOperation, sampleRelease, sampleVersion } from '../testing/samples.ts'

const at = (platform: FakePlatform) => ['--url', platform.url, '--token', 'secret']

function uploadRoutes(created = true): Record<string, Handler> {
  return {
    'POST /uploads': () => ({ status: 201, json: { upload: 'u1', expiresAt: '2026-01-02T03:04:05.678Z' } }),
    'PUT /uploads/u1/files/*': ({ body }) => ({ status: 201, json: { path: 'x', digest: 'sha256:0', size: body.length } }),
    'DELETE /uploads/u1': () => ({ status: 204 }),
    'POST /models/credit-risk/versions': () => ({ status: created ? 201 : 200, json: { created, version: sampleVersion() } }),
  }
}

test('import sends every file of a folder, and what is known of the model', async () => {
  await using platform = await fakePlatform(uploadRoutes())
  await using folder = await temporaryFolder({ 'm/model.onnx': 'graph', 'm/data/weights.bin': 'w'.repeat(100_000), 'm/.git/config': 'x', 'm/empty': '' })
  await folder.write('base.csv', 'a\n1\n')
  await folder.write('sig.yaml', 'inputs: []')
  await folder.write('golden.json', '{"rows": [{"age": 1}], "predictions": [{"label": "good"}]}')
  const files = ['--signature', folder.at('sig.yaml'), '--baseline', folder.at('base.csv'), '--golden', folder.at('golden.json')]
  const facts = ['--alias', 'champion', '--tag', 'team=risk', '--tag', 'a=b=c', '--metric', 'auc=0.76', '--description', 'first']
  const ran = await runFairlead(['models', 'import', folder.at('m'), '--name', 'credit-risk', ...files, ...facts, ...at(platform)])
  assert.equal(ran.code, 0, ran.stderr)
  const sent = platform.taken.filter(({ method }) => method === 'PUT')
  assert.deepEqual(
    sent.map(({ path, body }) => [path.split('/files/')[1], body.length]),
    [
      ['data/weights.bin', 100_000],
      ['empty', 0],
      ['model.onnx', 5],
    ],
  )
  const body = JSON.parse(String(platform.taken.at(-1)?.body))
  assert.equal(body.lineage.dataDigests.baseline, `sha256:${createHash('sha256').update('a\n1\n').digest('hex')}`)
  assert.deepEqual([body.upload, body.alias, body.signature, body.description], ['u1', 'champion', 'inputs: []', 'first'])
  assert.deepEqual([body.tags, body.metrics, body.golden.tolerance], [{ team: 'risk', a: 'b=c' }, { auc: 0.76 }, 1e-5])
  assert.match(ran.stdout, /credit-risk:3 {2}imported/)
  assert.match(ran.stdout, /abababababab\n/)
  assert.match(ran.stderr, /note: ZipMap removed/)
  assert.equal(platform.taken[0]?.headers.authorization, 'Bearer secret')
})

test('import reads an ONNX file from stdin, and says when the version was there already', async () => {
  await using platform = await fakePlatform(uploadRoutes(false))
  const ran = await runFairlead(['models', 'import', '-', '--name', 'credit-risk', ...at(platform)], { stdin: Buffer.from([8, 7, 255]) })
  assert.equal(ran.code, 0, ran.stderr)
  assert.deepEqual(platform.taken[1]?.body, Buffer.from([8, 7, 255]))
  assert.match(platform.taken[1]?.path ?? '', /files\/model$/)
  assert.match(ran.stdout, /was there already/)
})

test('import refuses before anything is sent: bad names, missing files, links that leave, golden rows that do not fit', async () => {
  await using platform = await fakePlatform(uploadRoutes())
  await using folder = await temporaryFolder({
    'm/model.onnx': 'x',
    'secret.txt': 's',
    'uneven.json': '{"rows": [{}, {}], "predictions": [{}]}',
    'broken.json': '{',
    'list.json': '[{"rows": []}]',
    'short.json': '{"rows": [{"age": 1}]}',
  })
  await symlink(folder.at('secret.txt'), folder.at('m/link'))
  await mkdir(folder.at('nothing'))
  const cases: [string[], number, RegExp][] = [
    [['m/model.onnx', '--name', 'Bad Name'], 1, /"Bad Name" cannot be the name/],
    [['missing.onnx', '--name', 'a'], 1, /missing\.onnx.*no such file/],
    [['m', '--name', 'a'], 1, /link.*outside/],
    [['nothing', '--name', 'a'], 1, /holds no files/],
    [['m/model.onnx', '--name', 'a', '--golden', folder.at('uneven.json')], 1, /2 rows and 1 predictions/],
    [['m/model.onnx', '--name', 'a', '--golden', folder.at('broken.json')], 1, /broken\.json is not valid/],
    [
      ['m/model.onnx', '--name', 'a', '--golden', folder.at('list.json')],
      1,
      /list\.json: the file is a list\. Golden rows are \{"tolerance": 1e-5, "rows": \[/,
    ],
    [['m/model.onnx', '--name', 'a', '--golden', folder.at('short.json')], 1, /short\.json: predictions is missing\. Golden rows are/],
    [['m/model.onnx', '--name', 'a', '--baseline', folder.at('none.csv')], 1, /none\.csv/],
    [['m/model.onnx', '--name', 'a', '--signature', folder.at('none.yaml')], 1, /none\.yaml cannot be read: there is no such file\.$/m],
    [['m/model.onnx', '--name', 'a', '--alias', 'Not An Alias'], 1, /--alias cannot be Not An Alias: a-z/],
    [['m/model.onnx', '--name', 'a', '--tag', 'novalue'], 2, /KEY=VALUE/],
    [['m/model.onnx', '--name', 'a', '--metric', 'auc=high'], 2, /NAME=NUMBER/],
    [['m/model.onnx'], 2, /--name/],
    [['https://example.com/m.onnx', '--name', 'a'], 1, /not supported yet/],
  ]
  for (const [[source = '', ...rest], code, words] of cases) {
    const path = source.startsWith('https') ? source : folder.at(source)
    const ran = await runFairlead(['models', 'import', path, ...rest, ...at(platform)])
    assert.match(ran.stderr, words)
    assert.equal(ran.code, code, ran.stderr)
  }
  assert.equal(platform.taken.length, 0)
})

test('an import that the platform refuses leaves no upload behind', async () => {
  const refusal = problem(422, 'model-file-invalid', 'not an ONNX file')
  await using platform = await fakePlatform({ ...uploadRoutes(), 'POST /models/credit-risk/versions': () => refusal })
  await using folder = await temporaryFolder({ 'model.onnx': 'x' })
  const ran = await runFairlead(['models', 'import', folder.at('model.onnx'), '--name', 'credit-risk', '--json', ...at(platform)])
  assert.equal(ran.code, 1)
  assert.equal(JSON.parse(ran.stdout).code, 'model-file-invalid')
  assert.equal(platform.taken.at(-1)?.method, 'DELETE')
})

test('models: show, alias, tag, verify and remove speak of the version that the reference names', async () => {
  await using platform = await fakePlatform({
    'GET /resolve': ({ query }) => (query.ref === 'credit-risk@none' ? problem(404, 'version-unknown', 'no such alias') : { json: sampleVersion() }),
    'PUT /models/credit-risk/aliases/best': () => ({ json: {} }),
    'PATCH /models/credit-risk/versions/3': () => ({ json: sampleVersion() }),
    'POST /models/credit-risk/versions/3/verify': () => ({
      json: {
        model: 'credit-risk',
        version: 3,
        digest: 'sha256:0',
        ok: false,
        files: [{ path: 'model.onnx', digest: `sha256:${'0'.repeat(64)}`, ok: false, problem: 'it has 3 bytes' }],
      },
    }),
    'DELETE /models/credit-risk/versions/3': () => ({ status: 204 }),
    'GET /models/credit-risk': () => ({ json: { versions: 0 } }),
    'DELETE /models/credit-risk': () => ({ status: 204 }),
  })
  const shown = await runFairlead(['models', 'show', 'credit-risk@champion', ...at(platform)])
  assert.match(shown.stdout, /age +int64 +18 to 120, years/)
  assert.match(shown.stdout, /label +int64 +output_label +bad, good/)
  assert.equal((await runFairlead(['models', 'alias', 'credit-risk:3', 'best', ...at(platform)])).code, 0)
  assert.equal(String(platform.taken.at(-1)?.body), '{"version":3}')
  assert.equal((await runFairlead(['models', 'tag', 'credit-risk', 'a=1', 'b=', ...at(platform)])).code, 0)
  assert.equal(String(platform.taken.at(-1)?.body), '{"tags":{"a":"1","b":null}}')
  const verified = await runFairlead(['models', 'verify', 'credit-risk', ...at(platform)])
  assert.equal(verified.code, 1)
  assert.match(verified.stdout, /damaged .*model\.onnx.*3 bytes/)
  assert.equal((await runFairlead(['models', 'remove', 'credit-risk:3', '--yes', ...at(platform)])).code, 0)
  assert.equal(platform.taken.at(-1)?.path, '/models/credit-risk/versions/3')
  const before = platform.taken.length
  assert.equal((await runFairlead(['models', 'remove', 'credit-risk', '--yes', ...at(platform)])).code, 0)
  assert.deepEqual(
    platform.taken.slice(before).map(({ method, path }) => `${method} ${path}`),
    ['GET /models/credit-risk', 'DELETE /models/credit-risk'],
    'a model without versions is found by its name alone',
  )
  assert.equal((await runFairlead(['models', 'show', 'credit-risk@none', ...at(platform)])).code, 1)
})

test('show of a bare name lists the versions there are, and says what uses them', async () => {
  const summary = sampleVersion({ deployments: [{ name: 'scoring', release: 2 }] })
  const versions = [
    { ...summary, importedBy: 'admin', source: './model' },
    { ...summary, version: 1, aliases: [], deployments: [], importedBy: 'admin' },
  ]
  await using platform = await fakePlatform({
    'GET /resolve': () => ({ json: sampleVersion() }),
    'GET /models/credit-risk/versions': ({ query }) => ({ json: query.next ? { items: [versions[1]], next: null } : { items: [versions[0]], next: 'p2' } }),
  })
  const shown = await runFairlead(['models', 'show', 'credit-risk', ...at(platform)])
  assert.match(
    shown.stdout,
    /\nVERSION +DIGEST +ALIASES +MADE +SOURCE +USED BY\n +3 +abababababab +champion .* \.\/model +scoring \(release 2\)\n +1 +abababababab +– .* – +–\n$/,
  )
  const json = JSON.parse((await runFairlead(['models', 'show', 'credit-risk', '--json', ...at(platform)])).stdout)
  assert.deepEqual([json.version, json.versions.length], [3, 2])
  assert.doesNotMatch((await runFairlead(['models', 'show', 'credit-risk:3', ...at(platform)])).stdout, /USED BY/)
})

test('nothing is removed without being asked: without a terminal it takes --yes', async () => {
  await using platform = await fakePlatform({ 'GET /resolve': () => ({ json: sampleVersion() }) })
  for (const args of [
    ['models', 'remove', 'credit-risk:3'],
    ['deployments', 'remove', 'credit-risk'],
  ]) {
    const ran = await runFairlead([...args, ...at(platform)])
    assert.equal(ran.code, 1, 'it was called rightly, and refused')
    assert.match(ran.stderr, /--yes/)
    assert.equal(JSON.parse((await runFairlead([...args, '--json', ...at(platform)])).stdout).code, 'not-confirmed')
  }
  assert.ok(platform.taken.every(({ method }) => method === 'GET'))
})

test('a reference of a wrong form is refused without asking', async () => {
  await using platform = await fakePlatform({})
  const ran = await runFairlead(['models', 'show', 'Not A Ref', ...at(platform)])
  assert.equal(ran.code, 1)
  assert.match(ran.stderr, /name@alias/)
  assert.equal(platform.taken.length, 0)
})

test('lists gather every page', async () => {
  const models = (name: string) => ({
    name,
    description: '',
    tags: {},
    versions: 1,
    newest: 1,
    aliases: { champion: 1 },
    deployments: [],
    createdAt: 'x',
    updatedAt: new Date().toISOString(),
  })
  await using platform = await fakePlatform({
    'GET /models': ({ query }) => (query.next === 'p2' ? { json: { items: [models('b')], next: null } } : { json: { items: [models('a')], next: 'p2' } }),
  })
  const json = await runFairlead(['models', 'list', '--json', ...at(platform)])
  assert.deepEqual(
    JSON.parse(json.stdout).items.map((item: { name: string }) => item.name),
    ['a', 'b'],
  )
  const text = await runFairlead(['models', 'list', ...at(platform)])
  assert.match(text.stdout, /^MODEL .*\na {6}.*champion → 1.*just now\nb /)
})

test('deploy waits for the operation, shows its steps, and says what answers', async () => {
  const changes = [
    { path: 'columns.age', breaking: true, detail: 'removed: rows that send it are refused' },
    { path: 'fields.rank', breaking: false, detail: 'added to the answer' },
  ]
  const running = sampleOperation({ state: 'running', step: 'loading', progress: 0.5, endedAt: null })
  const events = [running, { ...running, step: 'checking' }, sampleOperation()].map((data) => `event: operation\ndata: ${JSON.stringify(data)}\n\n`)
  await using platform = await fakePlatform({
    'POST /deployments/credit-risk/releases': () => ({ status: 202, json: running }),
    'GET /operations/op-1/events': () => ({ text: events.join(''), type: 'text/event-stream' }),
    'GET /deployments/credit-risk': () => ({ json: sampleDeployment({ current: sampleRelease({ signatureChanges: changes }) }) }),
  })
  await using folder = await temporaryFolder({ 'p.yaml': 'pipeline:\n  - model: {}\n  - decide: { label: review, when: probability < 0.5 }\n' })
  const set = ['--set', 'log.durability=sync', '--set', 'maxRows=5', '--set', 'log.redact=age,purpose']
  const ran = await runFairlead(['deploy', 'credit-risk', '--model', 'credit-risk:3', '--pipeline', folder.at('p.yaml'), ...set, ...at(platform)])
  assert.equal(ran.code, 0, ran.stderr)
  assert.match(ran.stderr, /loading\nchecking\n/)
  assert.match(ran.stdout, /release 2 is active after 400 ms/)
  assert.match(ran.stdout, /golden +50 rows passed, largest difference 1\.2e-7/)
  const body = JSON.parse(String(platform.taken[0]?.body))
  assert.deepEqual(body.settings, { logDurability: 'sync', maxRows: 5, logRedact: ['age', 'purpose'] })
  assert.equal(body.pipeline[1].decide.when, 'probability < 0.5')
  assert.match(ran.stdout, /breaks +columns\.age: removed: rows that send it are refused\n +changes +fields\.rank: added to the answer\n/)
})

test('deploy falls back to asking when the event stream breaks, and fails with the reason of the operation', async () => {
  const failed = sampleOperation({ state: 'failed', error: { code: 'example-failed', detail: 'row 3: label is bad, not good' } })
  await using platform = await fakePlatform({
    'POST /deployments/credit-risk/releases': () => ({ status: 202, json: sampleOperation({ state: 'running' }) }),
    'GET /operations/op-1/events': () => ({ text: 'data: {"id"', type: 'text/event-stream' }),
    'GET /operations/op-1': () => ({ json: failed }),
  })
  const ran = await runFairlead(['deploy', 'credit-risk', '--model', 'credit-risk', '--json', ...at(platform)])
  assert.equal(ran.code, 1)
  assert.equal(JSON.parse(ran.stdout).code, 'example-failed')
  assert.match(ran.stderr, /Row 3: label is bad/)
})

test('deploy refuses settings and pipelines that do not exist, without asking the platform', async () => {
  await using platform = await fakePlatform({})
  await using folder = await temporaryFolder({ 'p.yaml': '- derive: {}\n', 'broken.yaml': 'a: [' })
  const cases: [string[], RegExp][] = [
    [['--set', 'extraColumn=ignore'], /Did you mean "extraColumns"/],
    [['--set', 'maxRows=many'], /--set maxRows takes a whole number from 1 to 1000000, not "many"/],
    [['--set', 'execution=gpu'], /--set execution takes one of auto, inline, worker, not "gpu"/],
    [['--pipeline', folder.at('p.yaml')], /p\.yaml: pipeline\[0\]\.derive: at least one column is needed/],
    [['--pipeline', folder.at('broken.yaml')], /broken\.yaml cannot be read/],
  ]
  for (const [args, words] of cases) {
    const ran = await runFairlead(['deploy', 'credit-risk', '--model', 'credit-risk', ...args, ...at(platform)])
    assert.equal(ran.code, 1)
    assert.match(ran.stderr, words)
  }
  assert.equal(platform.taken.length, 0)
})

test('deploy --no-wait returns with the operation; rollback goes where it is told', async () => {
  await using platform = await fakePlatform({
    'POST /deployments/credit-risk/releases': () => ({ status: 202, json: sampleOperation({ state: 'running' }) }),
    'GET /deployments/credit-risk/releases/2': () => ({ json: sampleRelease() }),
    'POST /deployments/credit-risk/rollback': () => ({
      status: 202,
      json: sampleOperation({ kind: 'rollback', target: { deployment: 'credit-risk', release: 1 } }),
    }),
    'GET /deployments/credit-risk': () => ({ json: sampleDeployment({ current: sampleRelease({ number: 1 }) }) }),
  })
  const ran = await runFairlead(['deploy', 'credit-risk', '--model', 'credit-risk', '--no-wait', '--json', ...at(platform)])
  assert.equal(JSON.parse(ran.stdout).id, 'op-1')
  const back = await runFairlead(['deployments', 'rollback', 'credit-risk', '--to', '1', ...at(platform)])
  assert.equal(back.code, 0)
  assert.match(back.stdout, /^credit-risk {2}release 1 answers already\n/)
  assert.equal(String(platform.taken.find(({ path }) => path.endsWith('rollback'))?.body), '{"release":1}')
  assert.equal((await runFairlead(['deployments', 'rollback', 'credit-risk', '--to', 'first', ...at(platform)])).code, 2)
})

test('deployments show has the settings that are not the usual ones, as --set takes them', async () => {
  const usual = sampleRelease()
  let current = { ...usual, settings: { ...usual.settings, maxRows: 7, logDurability: 'sync' as const, logRedact: ['age', 'label'] } }
  await using platform = await fakePlatform({
    'GET /deployments/credit-risk': () => ({ json: sampleDeployment({ current }) }),
    'GET /deployments/credit-risk/releases': () => ({ json: { items: [current], next: null } }),
  })
  const shown = () => runFairlead(['deployments', 'show', 'credit-risk', ...at(platform)])
  assert.match((await shown()).stdout, /\n {2}settings {3}maxRows=7, log\.durability=sync, log\.redact=age,label\n/)
  current = usual as typeof current
  assert.doesNotMatch((await shown()).stdout, /settings/)
})

test('deployments show has what was checked of the release that answers, and what did not pass of others', async () => {
  const golden = { kind: 'golden' as const, rows: 40, passed: true, largestDifference: 2.4e-7 }
  const current = sampleRelease({ checks: [{ kind: 'example', rows: 1, passed: true }, golden] })
  const detail = 'row 3: label is "bad"\u001b[31m, expected "good"'
  const failed = sampleRelease({ number: 9, state: 'failed', checks: [{ ...golden, passed: false, detail }], failure: { code: 'golden-failed', detail: 'no' } })
  await using platform = await fakePlatform({
    'GET /deployments/credit-risk': () => ({ json: sampleDeployment({ current }) }),
    'GET /deployments/credit-risk/releases': () => ({ json: { items: [failed, current], next: null } }),
  })
  const { stdout } = await runFairlead(['deployments', 'show', 'credit-risk', ...at(platform)])
  assert.match(stdout, /\n {2}example {4}1 row passed\n {2}golden {5}40 rows passed, largest difference 2\.4e-7\n/)
  assert.match(stdout, /\nrelease 9 failed: no \(golden-failed\)\nrelease 9, golden: 40 rows failed, largest difference 2\.4e-7: row 3: label is "bad"/)
  assert.ok(!stdout.includes('\u001b[31m'))
})

test('rollback says which release answers again, and which did', async () => {
  let current = 3
  await using platform = await fakePlatform({
    'POST /deployments/credit-risk/rollback': () => {
      current = 2
      return { status: 202, json: sampleOperation({ kind: 'rollback', target: { deployment: 'credit-risk', release: 2 } }) }
    },
    'GET /deployments/credit-risk': () => ({ json: sampleDeployment({ current: sampleRelease({ number: current }) }) }),
  })
  const back = await runFairlead(['deployments', 'rollback', 'credit-risk', ...at(platform)])
  assert.match(back.stdout, /^credit-risk {2}release 2 answers again; it was 3\n {2}model/)
})

test('keys: the key alone is on stdout; expiry and scope are checked; revoke finds one key', async () => {
  const key = {
    id: 'k-123456',
    name: 'web',
    prefix: 'flk_abc',
    scopes: ['predict'],
    deployments: [],
    createdAt: new Date().toISOString(),
    createdBy: 'admin',
    expiresAt: null,
    revokedAt: null as string | null,
    limits: { rate: '5/s' } as object | null,
    usage: [] as object[],
  }
  const items = [key, { ...key, id: 'k-999999', prefix: 'flk_xyz' }]
  await using platform = await fakePlatform({
    'POST /keys': () => ({ status: 201, json: { ...key, key: 'flk_abc_secret', warnings: ['There is no deployment "credit-rsik" yet.'] } }),
    'GET /keys': () => ({ json: { items, next: null } }),
    'GET /deployments/a': () => problem(404, 'deployment-unknown', 'none'),
    'DELETE /keys/k-123456': () => ({ status: 204 }),
    'PATCH /keys/k-123456': ({ body }) => ({ json: { ...key, ...JSON.parse(String(body)) } }),
  })
  const made = await runFairlead(['keys', 'create', 'web', '--deployment', 'credit-risk', '--expires', '90d', ...at(platform)])
  assert.equal(made.stdout, 'flk_abc_secret\n')
  assert.match(made.stderr, /warning: There is no deployment "credit-rsik" yet\./)
  const body = JSON.parse(String(platform.taken[0]?.body))
  assert.ok(Math.abs(Date.parse(body.expiresAt) - Date.now() - 90 * 86_400_000) < 10_000)
  assert.deepEqual([body.deployments, body.scopes], [['credit-risk'], ['predict']])
  for (const bad of [
    ['--expires', 'soon'],
    ['--expires', '2001-01-01'],
    ['--scope', 'root'],
    ['--rate', '5'],
    ['--rate', '5/s', '--burst', '0'],
    ['--burst', '5'],
    ['--quota', '5/week'],
    ['--expires', '99999999d'],
  ]) {
    assert.equal((await runFairlead(['keys', 'create', 'web', ...bad, ...at(platform)])).code, 2, bad.join(' '))
  }
  const listed = await runFairlead(['keys', 'list', ...at(platform)])
  assert.match(listed.stdout, /k-123456 +web +flk_abc… +predict +all +5\/s +– +just now +valid/)
  const limited = await runFairlead(['keys', 'limit', 'flk_abc', '--deployment', 'a', '--rate', '9/min', '--quota', '7/day', ...at(platform)])
  assert.equal(limited.stdout, 'web (flk_abc…): 5/s; a: 9/min, 7/day\n')
  assert.match(limited.stderr, /warning: There is no deployment "a" yet; its limit holds once there is/)
  assert.equal((await runFairlead(['keys', 'limit', 'flk_abc', '--none', ...at(platform)])).stdout, 'web (flk_abc…): none\n')
  for (const bad of [[], ['--none', '--rate', '5/s']]) assert.equal((await runFairlead(['keys', 'limit', 'flk_abc', ...bad, ...at(platform)])).code, 2)
  assert.equal((await runFairlead(['keys', 'revoke', 'flk_abc', '--yes', ...at(platform)])).code, 0)
  assert.equal((await runFairlead(['keys', 'revoke', 'k-12', '--yes', ...at(platform)])).code, 0)
  assert.equal((await runFairlead(['keys', 'revoke', 'flk_', '--yes', ...at(platform)])).code, 2)
  assert.equal((await runFairlead(['keys', 'revoke', 'nobody', '--yes', ...at(platform)])).code, 1)
  const twice = await runFairlead(['keys', 'revoke', 'web', '--yes', ...at(platform)])
  assert.equal(twice.code, 2)
  assert.match(twice.stderr, /"web" fits 2 keys; give the id of one: k-123456, k-999999/)
  items[1] = { ...key, id: 'k-999999', prefix: 'flk_xyz', revokedAt: key.createdAt }
  assert.equal((await runFairlead(['keys', 'revoke', 'web', '--yes', ...at(platform)])).stdout, 'web (flk_abc…) is revoked\n')
})

test('status prints a sign-in link when asked for one', async () => {
  await using platform = await fakePlatform({ 'POST /sign-in-links': () => ({ status: 201, json: { url: 'http://c/sign-in#t', expiresAt: 'x' } }) })
  assert.equal((await runFairlead(['status', '--sign-in', ...at(platform)])).stdout, 'http://c/sign-in#t\n')
})

test('apply makes what is missing, and nothing when all is as declared', async () => {
  const state = { deployed: false }
  const routes: Record<string, Handler> = {
    ...uploadRoutes(),
    'GET /resolve': () => ({ json: sampleVersion() }),
    'POST /deployments/credit-risk/releases': () => {
      state.deployed = true
      return { status: 202, json: sampleOperation() }
    },
    'GET /deployments/credit-risk': () => (state.deployed ? { json: sampleDeployment() } : problem(404, 'deployment-unknown', 'none')),
  }
  await using platform = await fakePlatform(routes)
  await using folder = await temporaryFolder({ 'model.onnx': 'x' })
  await writeFile(
    join(folder.path, 'fairlead.yaml'),
    'models: { credit-risk: { source: model.onnx } }\ndeployments: { credit-risk: { release: { model: credit-risk } } }\n',
  )
  const first = await runFairlead(['apply', folder.path, '--json', ...at(platform)])
  assert.equal(first.code, 0, first.stderr)
  assert.deepEqual(JSON.parse(first.stdout).applied, [
    { kind: 'model', name: 'credit-risk', number: 3, changed: true },
    { kind: 'deployment', name: 'credit-risk', number: 2, changed: true },
  ])
  const second = await runFairlead(['apply', '.', ...at(platform)], { cwd: folder.path })
  assert.match(second.stdout, /deployment {2}credit-risk, release 2 unchanged/)
  assert.equal(platform.taken.filter(({ path }) => path.endsWith('/releases')).length, 1)
  assert.equal((await runFairlead(['apply', '/nowhere', ...at(platform)])).code, 1)
  await writeFile(join(folder.path, 'fairlead.yaml'), 'models: { credit-risk: { source: "models:/credit@champion" } }\n')
  const remote = await runFairlead(['apply', folder.path, ...at(platform)])
  assert.deepEqual(
    [remote.code, /models\.credit-risk\.source: .*fairlead models import models:\/credit@champion/.test(remote.stderr)],
    [1, true],
    remote.stderr,
  )
})
