import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { echoServer, json } from '../../conformance/testing/echo-server.ts'
import { runFairlead } from '../testing/fake-platform.ts'
import { temporaryFolder } from '../testing/folder.ts'

test('a right server ends with 0: the report on stdout, progress on stderr, reports in files', async () => {
  await using server = await echoServer()
  await using folder = await temporaryFolder({})
  const files = ['r.html', 'r.md', 'r.json'].map((name) => folder.at(name))
  const ran = await runFairlead([
    'conformance',
    server.url.href,
    '--header',
    'Authorization: Bearer secret-key',
    ...files.flatMap((file) => ['--report', file]),
  ])
  assert.equal(ran.code, 0, ran.stderr)
  assert.match(ran.stdout, /echo-server 1 at http.*, model echo/)
  assert.match(ran.stdout, /conforms: all \d+ required cases that apply passed/)
  assert.match(ran.stderr, /^health\nmetadata\ninfer\nnumbers\n/)
  const [html = '', markdown = '', document = ''] = await Promise.all(files.map((file) => readFile(file, 'utf8')))
  assert.match(html, /<!doctype html>[\s\S]*POST \/v2\/models\/echo\/infer HTTP\/1\.1/)
  assert.match(markdown, /\| `infer\/flat` \| required \| passed \|/)
  assert.equal(JSON.parse(document).conforms, true)
  for (const text of [html, markdown, document]) assert.ok(!text.includes('secret-key'), 'headers that were given are not shown')
  assert.match(document, /Authorization: \(not shown\)/)
})

test('a server that fails a required case ends with 10, its exchange shown; with --json one document', async () => {
  await using server = await echoServer({ wrong: (asked, right) => (asked.path === '/v2/health/live' ? json({ markup: '<script>' }, 503) : right) })
  await using folder = await temporaryFolder({})
  const ran = await runFairlead(['conformance', server.url.href, '--only', 'health/', '--report', folder.at('r.html')])
  assert.equal(ran.code, 10, ran.stderr)
  assert.match(ran.stdout, /FAILED {2}health\/live[\s\S]*the status is 200: it is 503[\s\S]*> GET \/v2\/health\/live HTTP\/1\.1[\s\S]*< HTTP\/1\.1 503/)
  assert.match(ran.stdout, /does not conform: 1 required case failed/)
  const html = await readFile(folder.at('r.html'), 'utf8')
  assert.ok(!html.includes('<script>') && html.includes('&lt;script&gt;'))
  const { code, stdout } = await runFairlead(['conformance', server.url.href, '--only', 'health/', '--json'])
  const document = JSON.parse(stdout)
  assert.deepEqual([code, document.conforms, document.counts.required.failed, document.cases[0].id], [10, false, 1, 'health/live'])
})

test('wrong usage ends with 2 and a server that is not there with 3, before anything is asked or written', async () => {
  await using server = await echoServer()
  await using folder = await temporaryFolder({ 'bad.json': '{"inputs": [{"name": "a", "shape": [2], "datatype": "FP32", "data": [1]}]}' })
  const cases: [string[], number, RegExp][] = [
    [[], 2, /Name the server/],
    [['ftp://x'], 2, /http:\/\/127/],
    [['http://user:pass@127.0.0.1:1'], 2, /without user and password/],
    [[server.url.href, '--only', 'nonsense/'], 2, /No case begins with "nonsense\/"; see --list/],
    [[server.url.href, '--only', 'grpc/'], 2, /asked with --grpc/],
    [[server.url.href, '--report', 'r.txt'], 2, /\.html, \.md or \.json/],
    [[server.url.href, '--header', 'no colon'], 2, /Name: value/],
    [[server.url.href, '--timeout', '0'], 2, /whole number from 1/],
    [[server.url.href, '--request', folder.at('none.json')], 1, /none\.json cannot be read/],
    [[server.url.href, '--request', folder.at('bad.json')], 1, /bad\.json is no inference request: inputs\[0\] has 1 values, and its shape \[2\] needs 2/],
    [[server.url.href, '--model', 'ecko'], 2, /does not know the model "ecko"\. It has "echo"\./],
    [[server.url.href, '--model', '../v2'], 2, /does not know the model "\.\.\/v2"/],
    [['http://127.0.0.1:9', '--timeout', '1'], 3, /does not answer/],
  ]
  for (const [args, code, message] of cases) {
    const ran = await runFairlead(['conformance', ...args])
    assert.equal(ran.code, code, `${args.join(' ')}: ${ran.stderr}`)
    assert.match(ran.stderr, message)
  }
})

test('a model that the server knows and gives no metadata of is judged: that is a finding', async () => {
  const silent = (path: string) => path === '/v2/models/echo' || path === '/v2/repository/index'
  await using ready = await echoServer({ wrong: (asked, right) => (silent(asked.path) ? json({ error: 'no' }, 404) : right) })
  await using listed = await echoServer({
    wrong: (asked, right) => (asked.path === '/v2/models/echo' || asked.path.endsWith('/ready') ? json({ error: 'no' }, 404) : right),
  })
  for (const { url } of [ready, listed]) {
    const ran = await runFairlead(['conformance', url.href, '--model', 'echo', '--only', 'metadata/'])
    assert.equal(ran.code, 10, ran.stderr)
    assert.match(ran.stderr, /gives no metadata of the model "echo"/)
  }
})

test('--list prints every case without asking anybody', async () => {
  const { code, stdout } = await runFairlead(['conformance', '--list', '--json'])
  const { cases } = JSON.parse(stdout)
  assert.equal(code, 0)
  assert.ok(cases.length > 150 && cases.every(({ id, level, steps }: { id: string; level: string; steps: unknown[] }) => id && level && steps.length > 0))
  assert.match((await runFairlead(['conformance', '--list'])).stdout, /infer\/flat +required/)
})
