import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Control } from '@fairlead/client'
import { startPlatform } from '../support/platform.ts'
import { controlOf, deploy, importFolder, MODELS, ROW, samples, temporaryFolder } from './rig.ts'

const NAMES = Array.from({ length: 200 }, (_, i) => `m${String(i).padStart(3, '0')}`)
const PRELOAD = 8
const BUDGET = 4 * 1024 * 1024
const AT_A_TIME = 8

async function each(work: (name: string) => Promise<void>): Promise<void> {
  const waiting = [...NAMES]
  const worker = async () => {
    for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) await work(name)
  }
  await Promise.all(Array.from({ length: AT_A_TIME }, worker))
}

async function deployAll(control: Control): Promise<void> {
  await each(async (name) => {
    // where the model runs must not depend on how busy this machine is
    const { state, error } = await deploy(control, name, 'shared:1', { execution: 'inline' })
    assert.equal(state, 'done', `${name}: ${error?.detail}`)
  })
}

async function predict(http: string, name: string): Promise<number> {
  const response = await fetch(`${http}/v1/deployments/${name}/predict`, {
    method: 'POST',
    // each on a connection of its own, so that every process has some
    headers: { 'content-type': 'application/json', connection: 'close' },
    body: JSON.stringify({ rows: [ROW] }),
  })
  await response.arrayBuffer()
  return response.status
}

/** A gauge of each serve process. */
async function gauge(http: string, name: string): Promise<number[]> {
  return [...(await samples(http))].flatMap(([key, value]) => (key.startsWith(`fairlead_${name}{`) ? [value] : []))
}

const sum = (values: number[]) => values.reduce((a, b) => a + b, 0)

test('hundreds of deployments share a small memory: known at once, loaded when they are asked for, unloaded and loaded on request', async () => {
  await using data = await temporaryFolder()
  {
    await using first = await startPlatform({ data: data.path, args: ['--processes', '1'] })
    await importFolder(controlOf(first), 'shared', { folder: MODELS.logistic })
    await deployAll(controlOf(first))
  }
  const args = ['--processes', '2', '--preload', String(PRELOAD), '--model-memory', `${BUDGET}`]
  await using platform = await startPlatform({ data: data.path, args, timeoutMs: 60_000 })
  const { http } = platform.run
  const atStart = await gauge(http, 'model_loads_total')
  assert.ok(atStart.length === 2 && atStart.every((loads) => loads <= PRELOAD), `loaded ${atStart} at the start`)

  // nothing of this needs a model
  assert.equal((await fetch(`${http}/v2/health/ready`)).status, 200)
  await each(async (name) => {
    const [ready, metadata, openapi] = await Promise.all(
      [`/v2/models/${name}/ready`, `/v2/models/${name}`, `/v1/deployments/${name}/openapi.json`].map((path) => fetch(http + path)),
    )
    assert.deepEqual([ready!.status, metadata!.status, openapi!.status], [200, 200, 200], name)
    assert.deepEqual(((await metadata!.json()) as { versions: string[] }).versions, ['1'])
  })
  const index = (await (await fetch(`${http}/v2/repository/index`, { method: 'POST' })).json()) as { name: string; state: string; reason: string }[]
  assert.deepEqual([index.length, new Set(index.map(({ state }) => state))], [NAMES.length, new Set(['READY'])])
  assert.ok(index.filter(({ reason }) => /loaded when it is asked for/.test(reason)).length >= NAMES.length - PRELOAD)
  assert.equal(sum(await gauge(http, 'model_loads_total')), sum(atStart))
  const listed = await controlOf(platform).call('getDeployment', { params: { deployment: 'm000' } })
  assert.equal(listed.state, 'ready', listed.reason)

  await each(async (name) => assert.equal(await predict(http, name), 200, name))
  await sleep(1100)
  const [memory, loaded, evictions, failures] = await Promise.all(
    ['model_memory_bytes', 'models_loaded', 'model_evictions_total', 'model_load_failures_total'].map((name) => gauge(http, name)),
  )
  for (const [i, bytes] of memory!.entries()) assert.ok(bytes <= BUDGET || loaded![i] === 1, `${bytes} bytes by ${loaded![i]} models`)
  assert.ok(sum(loaded!) < NAMES.length && sum(evictions!) > 0, `loaded ${loaded}, made room ${evictions}`)
  assert.equal(sum(failures!), 0)

  const ask = (verb: string, token: string) =>
    fetch(`${http}/v2/repository/models/m000/${verb}`, { method: 'POST', headers: token === '' ? {} : { authorization: `Bearer ${token}` } })
  assert.equal((await ask('unload', '')).status, 401)
  for (const [verb, status] of [
    ['unload', 503],
    ['load', 200],
  ] as const) {
    const answer = await ask(verb, platform.token)
    assert.equal(answer.status, 200, await answer.text())
    const answers = await Promise.all(Array.from({ length: 12 }, () => predict(http, 'm000')))
    assert.deepEqual(new Set(answers), new Set([status]), 'every process has done it when it is answered')
    const { state } = await controlOf(platform).call('getDeployment', { params: { deployment: 'm000' } })
    assert.equal(state, status === 200 ? 'ready' : 'unloaded')
  }
})
