import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Control } from '@fairlead/client'
import type { Operation } from '@fairlead/contract/control'
import { startPlatform } from '../support/platform.ts'
import { Load } from './load.ts'
import { controlOf, deploy, ended, eventually, importFolder, logged, MODELS, samples } from './rig.ts'

const rollBack = async (control: Control, release?: number): Promise<Operation> => {
  const body = release === undefined ? {} : { release }
  return control.call('rollback', { params: { deployment: 'credit' }, body })
}

/** Twenty changes of the release that answers: deploys, rollbacks, and deploys that are rolled back before they are loaded. */
async function change(control: Control, load: Load): Promise<void> {
  for (let i = 0; i < 20; i++) {
    const model = `credit:${1 + (i % 2)}`
    if (i % 5 === 3) assert.equal((await ended(control, (await rollBack(control)).id)).state, 'done')
    else if (i % 5 === 4) {
      const { current } = await control.call('getDeployment', { params: { deployment: 'credit' } })
      const given = await control.call('createRelease', { params: { deployment: 'credit' }, body: { model } })
      await sleep(i * 2)
      const back = await rollBack(control, current?.number)
      assert.equal((await ended(control, back.id)).state, 'done')
      const { state, error } = await ended(control, given.id)
      assert.ok(state === 'done' || error?.code === 'changed-meanwhile', JSON.stringify(error))
    } else assert.equal((await deploy(control, 'credit', model)).state, 'done')
    await load.more(20)
  }
}

test('no request fails and none is lost across twenty deploys and rollbacks', async () => {
  await using platform = await startPlatform({ args: ['--processes', '2'] })
  const control = controlOf(platform)
  await importFolder(control, 'credit', { folder: MODELS.logistic })
  await importFolder(control, 'credit', { folder: MODELS.trees })
  assert.equal((await deploy(control, 'credit', 'credit:1')).state, 'done')
  await using load = new Load({ http: platform.run.http, deployment: 'credit', connections: 8 })
  await load.more(20)
  await change(control, load)
  const { answered, broken } = await load.stop()
  assert.deepEqual(broken, [])
  assert.deepEqual(
    answered.filter(({ status }) => status !== 200),
    [],
  )
  const releases = new Set(answered.map(({ release }) => release))
  assert.ok(releases.size >= 12, `${[...releases]} answered`)
  const { current, state } = await control.call('getDeployment', { params: { deployment: 'credit' } })
  assert.equal(state, 'ready')
  assert.equal(answered.at(-1)?.release, current?.number)
  const counts = await eventually('all are in the log', async () => {
    const found = await logged(control, 'credit')
    return answered.every(({ id }) => found.has(id)) && found
  })
  assert.ok([...counts.values()].every((n) => n === 1))
})

test('the series of a removed deployment go from both ports, and those of others go on', async () => {
  await using platform = await startPlatform({ args: ['--processes', '2'] })
  const control = controlOf(platform)
  const version = await importFolder(control, 'credit', { folder: MODELS.logistic })
  for (const name of ['stays', 'goes']) {
    assert.equal((await deploy(control, name, `credit:${version}`)).state, 'done')
    await using load = new Load({ http: platform.run.http, deployment: name, connections: 4 })
    await load.more(20)
  }
  const { control: first, http: second } = platform.run
  const series = async (url: string, name: string) => [...(await samples(url))].filter(([sample]) => sample.includes(`deployment="${name}"`))
  const asked = (name: string) => `fairlead_requests_total{deployment="${name}",release="1"}`
  for (const url of [first, second]) await eventually('both are counted', async () => ((await samples(url)).get(asked('goes')) ?? 0) >= 20)
  await control.call('deleteDeployment', { params: { deployment: 'goes' } })
  for (const url of [first, second]) {
    await eventually('its series are gone', async () => (await series(url, 'goes')).length === 0)
    assert.ok(((await samples(url)).get(asked('stays')) ?? 0) >= 20)
  }
})
