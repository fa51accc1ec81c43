import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { processIo } from './io.ts'
import { buildProgram } from './program.ts'
import { renderReference } from './reference.ts'
import { fakePlatform, problem, type Ran, runFairlead } from './testing/fake-platform.ts'
import { temporaryFolder } from './testing/folder.ts'

const BIN = fileURLToPath(new URL('../../bin/fairlead.js', import.meta.url))

const ESCAPE = new RegExp(String.fromCharCode(27))

/** Runs the executable in a process of its own. */
function fairlead(args: string[], options: { cwd?: string; env?: Record<string, string> } = {}): Promise<Ran> {
  return new Promise((resolve) => {
    const env = { PATH: process.env.PATH ?? '', ...options.env }
    execFile(process.execPath, [BIN, ...args], { cwd: options.cwd ?? '/', env }, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : error ? -1 : 0, stdout, stderr })
    })
  })
}

test('exit codes: done, refused, wrong usage, not reachable, not allowed', async () => {
  await using platform = await fakePlatform({
    'GET /deployments': ({ headers }) => (headers.authorization ? { json: { items: [], next: null } } : problem(401, 'not-authenticated', 'no credentials')),
    'GET /models': () => problem(403, 'not-allowed', 'this key reads nothing'),
  })
  const url = ['--url', platform.url]
  const codes = await Promise.all([
    fairlead(['deployments', 'list', '--token', 't', ...url]),
    fairlead(['deployments', 'show', 'none', ...url]),
    fairlead(['deployments', 'shw', ...url]),
    fairlead(['deployments', 'list', '--url', 'http://127.0.0.1:1']),
    fairlead(['deployments', 'list', ...url]),
    fairlead(['models', 'list', ...url]),
  ])
  assert.deepEqual(
    codes.map(({ code }) => code),
    [0, 1, 2, 3, 4, 4],
  )
  for (const { stderr } of codes.slice(1)) {
    assert.match(stderr, /^error: /)
    assert.doesNotMatch(stderr, /\n\s+at /, 'no stack traces')
  }
})

test('global options stand before and after the command', async () => {
  await using platform = await fakePlatform({ 'GET /deployments': () => ({ json: { items: [], next: null } }) })
  for (const args of [
    ['--url', platform.url, '--json', 'deployments', 'list'],
    ['deployments', '--json', 'list', '--url', platform.url],
    ['deployments', 'list', `--url=${platform.url}`, '--json'],
  ]) {
    assert.deepEqual(JSON.parse((await runFairlead(args)).stdout), { items: [] })
  }
})

test('with --json every failure is one document on stdout, usage errors too', async () => {
  for (const [args, code] of [
    [['--json', 'statsu'], 'usage'],
    [['models', '--json'], 'usage'],
    [['deploy', 'x', '--json'], 'usage'],
    [['status', '--json'], 'unreachable'],
    [['models', 'show', '???', '--url', 'http://127.0.0.1:1', '--json'], 'reference-invalid'],
  ] as const) {
    const ran = await runFairlead([...args])
    assert.equal(JSON.parse(ran.stdout).code, code, args.join(' '))
  }
})

test('a mistyped word gets a suggestion', async () => {
  assert.match((await runFairlead(['statsu'])).stderr, /Did you mean status\?/)
  assert.match((await runFairlead(['models', 'improt'])).stderr, /Did you mean import\?/)
  assert.match((await runFairlead(['up', '--prot', '1'])).stderr, /Did you mean --port\?/)
  assert.match((await runFairlead(['rollback', 'x'])).stderr, /no command "rollback"\. Did you mean fairlead deployments rollback\?/)
  assert.match((await runFairlead(['delete', 'x'])).stderr, /fairlead models remove or fairlead deployments remove\?/)
  assert.match((await runFairlead(['frobnicate'])).stderr, /unknown command/i)
})

test('a command that needs another one shows its help, as wrong usage', async () => {
  for (const [args, words] of [
    [[], /fairlead up +start a platform/],
    [['models'], /fairlead models[\s\S]*import \[options\]/],
    [['--url', 'http://x', 'models'], /fairlead models/],
  ] as const) {
    const ran = await runFairlead([...args])
    assert.deepEqual([ran.code, ran.stdout], [2, ''])
    assert.match(ran.stderr, words)
  }
})

test('help and version go to stdout with exit code 0, examples and exit codes among them', async () => {
  const help = await runFairlead(['--help'])
  assert.equal(help.code, 0)
  assert.match(help.stdout, /Examples:[\s\S]*Exit codes:/)
  assert.match((await runFairlead(['help', 'predict'])).stdout, /Examples:/)
  assert.match((await runFairlead(['--version'])).stdout, /^\d+\.\d+\.\d+\n$/)
  for (const command of buildProgram(processIo()).commands) {
    assert.ok(command.description().length > 10, `${command.name()} says what it does`)
  }
})

test('the platform of the data folder is found; one that has ended is told from one that never was', async () => {
  await using platform = await fakePlatform({ 'GET /deployments': ({ headers }) => ({ json: { items: [], next: null, got: headers.authorization } }) })
  await using folder = await temporaryFolder({ '.fairlead/admin-token': 'fla_x\n', 'stale/admin-token': 'x', 'broken/run.json': '{', 'never/admin-token': 'x' })
  const run = { pid: process.pid, version: '0', control: platform.url, http: platform.url, grpc: null, startedAt: 'x' }
  await folder.write('.fairlead/run.json', JSON.stringify(run))
  await folder.write('stale/run.json', JSON.stringify({ ...run, pid: await deadProcess() }))
  const found = await runFairlead(['deployments', 'list'], { cwd: folder.path, env: { FAIRLEAD_URL: 'http://127.0.0.1:1' } })
  assert.equal(found.code, 0, found.stderr)
  assert.equal(platform.taken[0]?.headers.authorization, 'Bearer fla_x')
  const note = `note: this goes to ${platform.url}, the platform of ${folder.at('.fairlead')}; FAIRLEAD_URL and FAIRLEAD_TOKEN do not count beside it\n`
  assert.ok(found.stderr.startsWith(note), found.stderr)
  const told = async (args: string[], env: Record<string, string>) => (await runFairlead(args, { cwd: folder.path, env })).stderr.includes('note:')
  const list = ['deployments', 'list']
  assert.deepEqual(
    [
      await told(list, {}),
      await told(list, { FAIRLEAD_TOKEN: 'x' }),
      await told([...list, '--quiet'], { FAIRLEAD_URL: 'http://x' }),
      await told([...list, '--data', '.fairlead'], { FAIRLEAD_URL: 'http://x' }),
    ],
    [false, true, false, false],
  )
  for (const [name, words] of [
    ['stale', /run\.json is left from process/],
    ['broken', /damaged/],
    ['never', /no run\.json/],
  ] as const) {
    const ran = await runFairlead(['deployments', 'list', '--data', name], { cwd: folder.path })
    assert.equal(ran.code, 3)
    assert.match(ran.stderr, words)
    assert.match(ran.stderr, /fairlead up/)
  }
  const none = await runFairlead(['status'], { cwd: folder.at('never') })
  assert.match(none.stderr, /neither --url, --data nor FAIRLEAD_URL/)
})

test('without a data folder the environment names the platform', async () => {
  await using platform = await fakePlatform({ 'GET /deployments': () => ({ json: { items: [], next: null } }) })
  const env = { FAIRLEAD_URL: platform.url, FAIRLEAD_TOKEN: 'from-env' }
  assert.equal((await runFairlead(['deployments', 'list'], { env })).code, 0)
  assert.equal(platform.taken[0]?.headers.authorization, 'Bearer from-env')
  assert.equal((await runFairlead(['deployments', 'list'], { env: { FAIRLEAD_URL: 'ftp://x' } })).code, 2)
})

test('a fault of the program is one line and how to report it; FAIRLEAD_DEBUG shows the stack', async () => {
  await using platform = await fakePlatform({ 'GET /deployments': () => ({ json: { items: 'not a list' } }) })
  const args = ['deployments', 'list', '--url', platform.url]
  const ran = await runFairlead(args)
  assert.equal(ran.code, 1)
  assert.match(ran.stderr, /please report it/)
  assert.doesNotMatch(ran.stderr, /\n\s+at /)
  assert.match((await runFairlead(args, { env: { FAIRLEAD_DEBUG: '1' } })).stderr, /\n\s+at /)
})

test('an answer cannot steer the terminal', async () => {
  await using platform = await fakePlatform({ 'GET /deployments': () => problem(500, 'internal', 'a\u001b[2Jb') })
  assert.doesNotMatch((await runFairlead(['deployments', 'list', '--url', platform.url])).stderr, ESCAPE)
})

test('colours are for terminals that want them', async () => {
  await using platform = await fakePlatform({})
  const args = ['deployments', 'list', '--url', platform.url]
  assert.match((await runFairlead(args, { tty: true })).stderr, /\[31merror/)
  assert.doesNotMatch((await runFairlead(args, { tty: true, env: { NO_COLOR: '1' } })).stderr, ESCAPE)
  assert.doesNotMatch((await runFairlead(['--no-color', ...args], { tty: true })).stderr, ESCAPE)
  assert.doesNotMatch((await runFairlead(args)).stderr, ESCAPE)
})

test('bash completes commands and options from the tree', async () => {
  const { stdout } = await runFairlead(['completion', 'bash'])
  const complete = (words: string[]) =>
    new Promise<string[]>((resolve, reject) => {
      const list = JSON.stringify({ items: [{ name: 'credit-risk', current: { model: { name: 'other' } } }, { name: 'loans' }] }, null, 2)
      const script = `${stdout}\nfairlead() { cat <<'END'\n${list}\nEND\n}\nCOMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}; _fairlead; printf '%s\\n' "\${COMPREPLY[@]}"`
      const child = spawn('bash', ['-c', script], { stdio: ['ignore', 'pipe', 'inherit'] })
      let text = ''
      child.stdout.on('data', (chunk) => {
        text += chunk
      })
      child.once('error', reject)
      child.once('close', () => resolve(text.trim().split('\n')))
    })
  assert.deepEqual(await complete(['fairlead', 'mod']), ['models'])
  assert.deepEqual(await complete(['fairlead', 'models', 'im']), ['import'])
  assert.deepEqual(await complete(['fairlead', '--json', 'models', 'import', '--sig']), ['--signature'])
  assert.deepEqual(await complete(['fairlead', 'predict', 'x', '--output', 'c']), ['csv'])
  assert.deepEqual(await complete(['fairlead', 'predict', 'cre']), ['credit-risk'])
  assert.deepEqual(await complete(['fairlead', 'deployments', 'show', '']), ['credit-risk', 'loans'])
  assert.deepEqual(await complete(['fairlead', 'predict', '--keep']), ['--keep-inputs'])
  assert.equal((await runFairlead(['completion', 'tcsh'])).code, 2)
  for (const shell of ['zsh', 'fish']) assert.match((await runFairlead(['completion', shell])).stdout, /rollback/)
})

test('docs/reference/cli.md is current', () => {
  const written = readFileSync(new URL('../../../../docs/reference/cli.md', import.meta.url), 'utf8')
  assert.equal(written, renderReference(buildProgram(processIo())), 'docs/reference/cli.md is not up to date: npm run docs')
})

/** The id of a process that has ended. */
function deadProcess(): Promise<number> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, ['-e', ''])
    child.once('exit', () => resolve(child.pid ?? 0))
  })
}
