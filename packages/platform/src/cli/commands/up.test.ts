import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { runFairlead } from '../testing/fake-platform.ts'
import { temporaryFolder } from '../testing/folder.ts'

const BIN = fileURLToPath(new URL('../../../bin/fairlead.js', import.meta.url))
const EXAMPLE = fileURLToPath(new URL('../../../../../examples/credit-risk', import.meta.url))
const FREE = ['--port', '0', '--http-port', '0', '--grpc-port', '0', '--processes', '1']

/** Starts `fairlead up` in a folder. */
function up(cwd: string, args: string[]) {
  const child = spawn(process.execPath, [BIN, 'up', ...args], { cwd, env: { PATH: process.env.PATH ?? '', ORT_DISABLE_TELEMETRY: '1' } })
  let text = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (piece) => (text += piece))
  const ended = new Promise<number | NodeJS.Signals | null>((resolve) => child.once('close', (code, signal) => resolve(code ?? signal)))
  return { child, ended, said: () => text, [Symbol.dispose]: () => void child.kill('SIGKILL') }
}

async function until(holds: () => boolean): Promise<void> {
  for (let i = 0; i < 3000 && !holds(); i++) await sleep(5)
  assert.ok(holds())
}

test('a signal at any moment of the start ends it in order', { timeout: 120_000 }, async () => {
  await using folder = await temporaryFolder()
  const announced = (data: string) => existsSync(`${data}/run.json`)
  const moments: [string, (data: string) => boolean, number?][] = [
    ['the folder is being opened', (data) => existsSync(`${data}/lock.db`)],
    ['the stores are being made', (data) => existsSync(`${data}/fairlead.db`)],
    ['serve processes are starting', (data) => existsSync(`${data}/observed.db`)],
    ['the declaration is about to be applied', announced],
    ['files are being sent', announced, 40],
    ['the model is being read', announced, 120],
    ['the release is being loaded', announced, 250],
  ]
  for (const [index, [moment, reached, delay = 0]] of moments.entries()) {
    const data = folder.at(`data-${index}`)
    using running = up(folder.path, [...FREE, '--data', data, '--apply', EXAMPLE])
    const { child, ended, said } = running
    await until(() => reached(data) || child.exitCode !== null)
    await sleep(delay)
    child.kill(index % 2 ? 'SIGINT' : 'SIGTERM')
    assert.equal(await ended, 0, `while ${moment}: ${said()}`)
    assert.doesNotMatch(said(), /error|is ready/i, moment)
    assert.equal(existsSync(`${data}/run.json`), false, moment)
  }
})

test('settings of the current folder win over those of the folder that is applied', { timeout: 60_000 }, async () => {
  await using folder = await temporaryFolder({
    'fairlead.yaml': 'platform:\n  processes: 1\n  data: here\n',
    'applied/fairlead.yaml': 'platform:\n  processes: 2\n  data: there\n  logLevel: error\n  port: 0\n  httpPort: 0\n',
  })
  using running = up(folder.path, ['--apply', 'applied'])
  const { child, ended, said } = running
  await until(() => existsSync(folder.at('here/run.json')) || child.exitCode !== null)
  assert.ok(existsSync(folder.at('here/run.json')), said())
  const { control } = JSON.parse(readFileSync(folder.at('here/run.json'), 'utf8')) as { control: string }
  assert.notEqual(new URL(control).port, '7300', 'what only the applied file says holds')
  const headers = { authorization: `Bearer ${readFileSync(folder.at('here/admin-token'), 'utf8').trim()}` }
  const { processes } = (await (await fetch(`${control}/api/v1/status`, { headers })).json()) as { processes: { role: string }[] }
  assert.equal(processes.filter(({ role }) => role === 'serve').length, 1)
  assert.equal(existsSync(folder.at('applied/there')), false)
  child.kill('SIGTERM')
  assert.equal(await ended, 0)
})

test('a wrong option is wrong usage; the same in the environment or the file is a wrong setting', async () => {
  await using folder = await temporaryFolder({ 'file/fairlead.yaml': 'platform: { httpPort: abc }\n' })
  const option = await runFairlead(['up', '--http-port', 'abc'], { cwd: folder.path })
  assert.equal(option.code, 2)
  assert.match(option.stderr, /--http-port takes a whole number from 0 to 65535, not "abc"/)
  assert.equal((await runFairlead(['up', '--port', '7310'], { cwd: folder.path })).code, 2)
  assert.equal((await runFairlead(['up'], { cwd: folder.path, env: { FAIRLEAD_HTTP_PORT: 'abc' } })).code, 1)
  assert.equal((await runFairlead(['up'], { cwd: folder.at('file') })).code, 1)
})
