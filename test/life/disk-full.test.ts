import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { type Control, RequestError } from '@fairlead/client'
import type { Operation } from '@fairlead/contract/control'
import { fairlead, type RunningPlatform, startPlatform } from '../support/platform.ts'
import { mayMount, mountSmallDisk, testWhereMountsAreAllowed } from '../support/small-disk.ts'
import { Load } from './load.ts'
import { controlOf, deploy, ended, eventually, importFolder, logged, MODELS, samples, temporaryFolder } from './rig.ts'

const MEGABYTES = 24

/** Deploys again and again until the store refuses; answers the operations that it took. */
async function deployUntilRefused(control: Control): Promise<Operation[]> {
  const taken: Operation[] = []
  for (let i = 0; i < 500; i++) {
    try {
      taken.push(await control.call('createRelease', { params: { deployment: 'async' }, body: { model: 'credit:1' } }))
    } catch (error) {
      assert.ok(error instanceof RequestError, String(error))
      assert.deepEqual([error.problem.status, error.problem.code], [507, 'storage-full'])
      return taken
    }
  }
  return assert.fail('500 deploys found room on a full disk')
}

const dropped = async ({ run }: RunningPlatform) => (await samples(run.http)).get('fairlead_log_dropped_rows_total') ?? 0

async function import507(platform: RunningPlatform): Promise<void> {
  const { code, stdout, stderr } = await fairlead(platform.data, ['models', 'import', MODELS.trees, '--name', 'trees', '--json'])
  const problem = JSON.parse(stdout) as { code: string; status: number; detail: string }
  assert.deepEqual([code, problem.code, problem.status], [1, 'storage-full', 507], stderr)
  assert.match(problem.detail, new RegExp(platform.data))
}

async function scenario(): Promise<void> {
  await using folder = await temporaryFolder()
  using disk = mountSmallDisk(join(folder.path, 'disk'), MEGABYTES)
  const data = join(disk.path, 'data')
  await using platform = await startPlatform({ data, cwd: folder.path, args: ['--processes', '2'] })
  const control = controlOf(platform)
  await importFolder(control, 'credit', { folder: MODELS.logistic })
  assert.equal((await deploy(control, 'async', 'credit:1')).state, 'done')
  assert.equal((await deploy(control, 'sync', 'credit:1', { logDurability: 'sync' })).state, 'done')
  await using plain = new Load({ http: platform.run.http, deployment: 'async', connections: 4, pauseMs: 20 })
  await using sync = new Load({ http: platform.run.http, deployment: 'sync', connections: 4, pauseMs: 20 })
  await Promise.all([plain.more(50), sync.more(50)])

  disk.fill()
  await eventually('predictions that must be logged are refused', () => sync.answered.some(({ status }) => status === 503))
  await import507(platform)
  const readyz = () => fetch(`${platform.run.control}/readyz`)
  const unready = await eventually('readiness falls', async () => {
    const response = await readyz()
    return response.status === 503 && response.text()
  })
  assert.match(unready, /the data folder cannot be written: ENOSPC/)
  const taken = await deployUntilRefused(control)
  await eventually('the log drops', async () => (await dropped(platform)) > 0)
  await plain.more(100)
  const { body } = sync.answered.find(({ status }) => status === 503) ?? assert.fail()
  const problem = JSON.parse(body) as { code: string; detail: string }
  assert.equal(problem.code, 'log-unavailable')
  assert.match(problem.detail, /ENOSPC/)
  const logLine = await eventually('the log says so', () => /"level":"error".*predictions could not be logged/.exec(platform.output()))
  assert.ok(logLine)
  const { items } = await control.call('listModels')
  assert.deepEqual(
    items.map(({ name }) => name),
    ['credit'],
  )
  assert.deepEqual(readdirSync(join(data, 'blobs/tmp')), [])

  disk.free()
  const room = Date.now()
  await eventually('predictions that must be logged are answered again', () => sync.answered.at(-1)?.status === 200)
  await sync.more(50)
  await eventually('readiness comes back', async () => (await readyz()).status === 200)
  assert.ok(Date.now() - room < 10_000)
  for (const { id } of taken) assert.notEqual((await ended(control, id)).state, 'running')
  const after = await fairlead(platform.data, ['models', 'import', MODELS.trees, '--name', 'trees', '--json'])
  assert.equal(after.code, 0, after.stderr)
  const last = await deploy(control, 'async', 'credit:1')
  assert.equal(last.state, 'done', JSON.stringify(last))
  await plain.more(20)

  const [asked, acknowledged] = [await plain.stop(), await sync.stop()]
  assert.deepEqual([asked.broken, acknowledged.broken], [[], []])
  assert.deepEqual(
    asked.answered.filter(({ status }) => status !== 200),
    [],
    'predictions that need no log',
  )
  assert.ok(acknowledged.answered.every(({ status, body }) => status === 200 || (status === 503 && body.includes('log-unavailable'))))
  assert.equal(asked.answered.at(-1)?.release, last.target.release)
  await eventually('all that was acknowledged is in the log', async () => {
    const counts = await logged(control, 'sync')
    assert.ok(
      [...counts.values()].every((n) => n === 1),
      'nothing is there twice',
    )
    return acknowledged.good.every(({ id }) => counts.has(id))
  })
  const { processes } = await control.call('getStatus')
  assert.deepEqual(
    processes.map(({ restarts }) => restarts),
    [0, 0, 0],
  )
  assert.equal((await control.call('verifyVersion', { params: { model: 'credit', version: 1 } })).ok, true)
  assert.equal(await platform.stop(), 0)
}

test('on a full disk predictions go on, what must be stored is refused, and all is well when there is room again', async () => {
  if (mayMount()) return scenario()
  const { status, output } = testWhereMountsAreAllowed(fileURLToPath(import.meta.url))
  assert.equal(status, 0, `A small disk is needed: run as the administrator, or where "unshare --user --mount" is allowed.\n${output}`)
})
