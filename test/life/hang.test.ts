import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Control } from '@fairlead/client'
import type { ReleaseSettingsInput } from '@fairlead/contract/control'
import { type RunningPlatform, startPlatform } from '../support/platform.ts'
import { Load } from './load.ts'
import { alive, controlOf, deploy, eventually, importFolder, MODELS, samples, temporaryFolder } from './rig.ts'

const HUNG_AFTER = ['--hung-after', '2']
/** As many steps as nobody waits for, and a matrix that takes minutes to multiply so often. */
const ENDLESS = { loop: 10 ** 15, grind: 3500 }

async function importModel(control: Control, name: 'loop' | 'grind'): Promise<string> {
  const { upload } = await control.call('createUpload')
  await control.upload(upload, 'model.onnx', new Uint8Array(await readFile(new URL(`./testdata/${name}.onnx`, import.meta.url))))
  const { version } = await control.call('importVersion', { params: { model: name }, body: { upload } })
  return `${name}:${version.version}`
}

/** Deploys one of the models that can hang, beside one that cannot. */
async function deployBoth(control: Control, name: 'loop' | 'grind', settings: ReleaseSettingsInput): Promise<void> {
  const version = await importFolder(control, 'credit', { folder: MODELS.logistic })
  assert.equal((await deploy(control, 'credit', `credit:${version}`)).state, 'done')
  const operation = await deploy(control, name, await importModel(control, name), settings)
  assert.equal(operation.state, 'done', JSON.stringify(operation.error))
}

async function ask({ run }: RunningPlatform, deployment: string, n: number): Promise<{ status: number; code?: string; answer: unknown }> {
  const response = await fetch(`${run.http}/v1/deployments/${deployment}/predict`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', connection: 'close' },
    body: JSON.stringify({ rows: [{ x: 1, n }] }),
  })
  const answer = (await response.json()) as { code?: string }
  return { status: response.status, ...(answer.code === undefined ? {} : { code: answer.code }), answer }
}

const serveOf = async (control: Control) => (await control.call('getStatus')).processes.filter(({ role }) => role === 'serve')

/** Waits until a process fills the place of one that hung, and answers it. */
function replaced(control: Control, pid: number, count: number) {
  return eventually('another process takes its place', async () => {
    const found = await serveOf(control)
    const fresh = found.length === count && found.every((one) => one.state === 'ready' && one.pid !== pid) && found.find(({ restarts }) => restarts > 0)
    return fresh
  })
}

const hangs = async ({ run }: RunningPlatform) =>
  [...(await samples(run.control))].filter(([name]) => name.startsWith('fairlead_process_hangs_total')).reduce((sum, [, value]) => sum + value, 0)

test('a model that may loop runs in a worker whatever the setting; what hangs is answered, and others go on', { timeout: 120_000 }, async () => {
  await using platform = await startPlatform({ args: ['--processes', '2', ...HUNG_AFTER] })
  const control = controlOf(platform)
  await deployBoth(control, 'loop', { execution: 'inline', deadlineMs: 1500 })
  const { current } = await control.call('getDeployment', { params: { deployment: 'loop' } })
  assert.equal(current?.execution?.mode, 'worker')
  assert.match(current?.execution?.reason ?? '', /depends on the values \(Loop\), so that it never runs on the serving thread/)
  const before = await serveOf(control)
  await using load = new Load({ http: platform.run.http, deployment: 'credit', connections: 4, pauseMs: 20 })
  await load.more(20)
  const { status, code } = await ask(platform, 'loop', ENDLESS.loop)
  assert.ok((status === 504 && code === 'deadline-exceeded') || (status === 503 && code === 'worker-crashed'), `${status} ${code}`)
  const again = await eventually('the model answers again', async () => {
    const { status, answer } = await ask(platform, 'loop', 3)
    return status === 200 && answer
  })
  assert.match(JSON.stringify(again), /"value":4/)
  // its thread cannot be ended: the process goes, once the other can stand in
  const fresh = await eventually('the process is replaced', async () => {
    const found = await serveOf(control)
    return found.length === 2 && found.every(({ state }) => state === 'ready') && found.find(({ restarts }) => restarts > 0)
  })
  assert.match(fresh.restartReason ?? '', /^a model hung in it: the worker did not answer within 1500 ms|^it hung: nothing was heard of it/)
  await eventually('no thread of it is left', () => before.filter(({ pid }) => !alive(pid)).length === 1)
  assert.equal(await hangs(platform), 1)
  const { answered } = await load.stop()
  assert.deepEqual(
    answered.filter(({ status }) => status !== 200),
    [],
  )
})

test('a serve process whose main thread hangs is killed and started again, with the reason', { timeout: 120_000 }, async () => {
  await using platform = await startPlatform({ args: ['--processes', '1', ...HUNG_AFTER] })
  const control = controlOf(platform)
  await deployBoth(control, 'grind', { execution: 'inline' })
  const [victim] = await serveOf(control)
  assert.equal((await ask(platform, 'grind', 3)).status, 200)
  await assert.rejects(ask(platform, 'grind', ENDLESS.grind), TypeError)
  const fresh = await replaced(control, victim?.pid ?? 0, 1)
  assert.match(fresh.restartReason ?? '', /^it hung: nothing was heard of it for \d+ s$/)
  assert.equal(fresh.restarts, 1)
  await using load = new Load({ http: platform.run.http, deployment: 'credit', connections: 1 })
  await load.more(5)
  assert.equal(await hangs(platform), 1)
})

test('a serve process that is stopped is found, killed and replaced', { timeout: 120_000 }, async () => {
  await using platform = await startPlatform({ args: ['--processes', '2', ...HUNG_AFTER] })
  const control = controlOf(platform)
  const [victim] = await serveOf(control)
  const pid = victim?.pid ?? 0
  process.kill(pid, 'SIGSTOP')
  const fresh = await replaced(control, pid, 2)
  assert.equal(alive(pid), false)
  assert.match(fresh.restartReason ?? '', /^it hung/)
  assert.equal((await fetch(`${platform.run.control}/readyz`)).status, 200)
})

test('after kill -9 of control a process that hangs ends by itself, and a stopped one is ended by the next start', { timeout: 120_000 }, async () => {
  await using folder = await temporaryFolder()
  const data = join(folder.path, 'data')
  const start = () => startPlatform({ data, cwd: folder.path, args: ['--processes', '1', '--hung-after', '600'], timeoutMs: 60_000 })
  const first = await start()
  await deployBoth(controlOf(first), 'grind', { execution: 'inline' })
  const [hung] = await serveOf(controlOf(first))
  const asked = ask(first, 'grind', ENDLESS.grind).catch(() => {})
  await sleep(500)
  first.child.kill('SIGKILL')
  await once(first.child, 'exit')
  await sleep(1000)
  assert.ok(alive(hung?.pid ?? 0), 'it hangs, and takes no notice')
  await eventually('it ends by itself', () => !alive(hung?.pid ?? 0), 6000)
  await asked

  const second = await start()
  const [stopped] = await serveOf(controlOf(second))
  process.kill(stopped?.pid ?? 0, 'SIGSTOP')
  second.child.kill('SIGKILL')
  await once(second.child, 'exit')
  const third = await start()
  try {
    assert.equal(alive(stopped?.pid ?? 0), false)
    await using load = new Load({ http: third.run.http, deployment: 'credit', connections: 1 })
    await load.more(5)
    assert.match(readFileSync(join(data, 'processes.json'), 'utf8'), /"started"/)
  } finally {
    await third.stop()
  }
  assert.equal(existsSync(join(data, 'processes.json')), false)
})
