import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Control } from '@fairlead/client'
import { type RunningPlatform, startPlatform } from '../support/platform.ts'
import { Load } from './load.ts'
import { alive, controlOf, deploy, eventually, importFolder, logged, MODELS, temporaryFolder } from './rig.ts'

const SYNC = { logDurability: 'sync' } as const

/** Imports versions and deploys them without end, until it is cut off; answers how many versions are known to have been made. */
async function keepBusy(control: Control, round: number): Promise<number> {
  let made = 0
  try {
    for (let i = 0; ; i++) {
      const version = await importFolder(control, 'busy', { folder: MODELS.logistic, note: `${round}/${i}` })
      made = version
      await control.call('createRelease', { params: { deployment: 'busy' }, body: { model: `busy:${version}` } })
      await sleep(30)
    }
  } catch {
    return made
  }
}

/** Every version there is verifies, and their numbers have no gap from the first to the last that was acknowledged. */
async function assertWhole(control: Control, acknowledged: number): Promise<void> {
  const { items } = await control.call('listVersions', { params: { model: 'busy' }, query: { limit: 200 } })
  assert.ok((items[0]?.version ?? 0) >= acknowledged, `version ${acknowledged} was acknowledged, and ${items[0]?.version} is the last`)
  for (const [i, { version }] of items.entries()) {
    assert.equal(version, items.length - i)
    const { ok, files } = await control.call('verifyVersion', { params: { model: 'busy', version } })
    assert.deepEqual([ok, files.length], [true, 9])
  }
}

const pidsOf = async (control: Control) => (await control.call('getStatus')).processes.map(({ pid }) => pid)

async function killAt(platform: RunningPlatform, moment: number): Promise<void> {
  await sleep(moment)
  platform.child.kill('SIGKILL')
  await once(platform.child, 'exit')
}

test('after kill -9 of control at any moment the next start finds a whole registry and every acknowledged prediction', async () => {
  await using folder = await temporaryFolder()
  const data = join(folder.path, 'data')
  const start = (args: string[]) => startPlatform({ data, cwd: folder.path, args: ['--processes', '2', ...args] })
  let platform = await start([])
  const { control: at, http, grpc } = platform.run
  const ports = ['--port', new URL(at).port, '--http-port', new URL(http).port, '--grpc-port', String(grpc?.split(':').at(-1))]
  const acknowledged = new Set<string>()
  let made = 0
  try {
    made = await importFolder(controlOf(platform), 'busy', { folder: MODELS.logistic, note: 'first' })
    for (const name of ['steady', 'busy']) assert.equal((await deploy(controlOf(platform), name, `busy:${made}`, SYNC)).state, 'done')
    for (let round = 0; round < 3; round++) {
      const control = controlOf(platform)
      const pids = await pidsOf(control)
      await using load = new Load({ http: platform.run.http, deployment: 'steady' })
      const busy = keepBusy(control, round)
      await load.more(20)
      const moment = Math.random() * 600
      await killAt(platform, moment)
      const killed = Date.now()
      made = Math.max(made, await busy)
      for (const { id } of (await load.stop()).good) acknowledged.add(id)
      // the ports of the one that was killed, with nothing done in between
      platform = await start(ports)
      await eventually('no process of before is left', () => !pids.some(alive), Math.max(1, killed + 5000 - Date.now()))
      await assertWhole(controlOf(platform), made)
    }
    const control = controlOf(platform)
    const counts = await logged(control, 'steady')
    assert.ok(acknowledged.size > 60)
    assert.deepEqual(
      [...acknowledged].filter((id) => counts.get(id) !== 1),
      [],
      'acknowledged, and not once in the log',
    )
    const one = [...acknowledged].at(-1) as string
    const { items } = await control.call('listPredictions', { params: { deployment: 'steady' }, query: { id: one } })
    assert.deepEqual(
      items.map(({ _request }) => _request),
      [one],
    )
    // the deployment that was under way each time ended one way or the other, and answers
    const state = await eventually('the busy deployment is ready', async () => {
      const deployment = await control.call('getDeployment', { params: { deployment: 'busy' } })
      return deployment.state === 'ready' && deployment
    })
    assert.ok(state.current)
    await using last = new Load({ http: platform.run.http, deployment: 'busy', connections: 1 })
    await last.more(5)
    assert.deepEqual(
      (await last.stop()).answered.filter(({ release }) => release === undefined),
      [],
    )
  } finally {
    await platform.stop()
  }
  assert.equal(existsSync(join(data, 'run.json')), false)
})
