import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { FairleadError } from '@fairlead/contract'
import { coded, fakeInference } from '../../testing/fake-inference.ts'
import { FAKE_ROW, fakeModel, fakeRelease } from '../../testing/fake-model.ts'
import type { DesiredState } from './desired.ts'
import type { Inference, ModelLimits } from './inference.ts'
import type { InferenceRequest, ServableRelease } from './types.ts'

const MIB = 1024 * 1024
const NAMES = ['a', 'b', 'c', 'd', 'e']

/** A release of a deployment whose model takes about so many MiB. */
function sized(deployment: string, changes: Partial<ServableRelease> = {}, mebibytes = 1): ServableRelease {
  const digest = `sha256:${deployment}-${changes.number ?? 1}`
  return fakeRelease({ deployment, digest, files: [{ path: 'model.onnx', digest, size: mebibytes * MIB }], ...changes })
}

function wanted(names: readonly string[], { revision = 1, of = (name: string) => [sized(name)] } = {}): DesiredState {
  return {
    revision,
    deployments: names.map((name, i) => {
      const releases = of(name)
      return { name, generation: `2026-01-0${i + 1}`, current: releases[0]!.number, releases }
    }),
  }
}

function limited(limits: Partial<ModelLimits> = {}, model = fakeModel()) {
  const made = fakeInference(model, undefined, { memoryBytes: 100 * MIB, loads: 2, preload: 0, ...limits })
  const loads: string[] = []
  made.world.load = async ({ deployment, number }) => void loads.push(`${deployment}${number}`)
  return { ...made, model, loads }
}

function ask(inference: Inference, deployment: string, changes: Partial<InferenceRequest> = {}) {
  const plan = inference.resolve(deployment, changes.release)
  const now = performance.now()
  return inference.predict(
    {
      id: 'r',
      deployment,
      release: undefined,
      rows: 1,
      inputs: plan.rows.decode([FAKE_ROW]),
      ids: undefined,
      key: undefined,
      deadline: Date.now() + 20_000,
      caller: { kind: 'loopback', id: 'loopback' },
      traceId: undefined,
      interface: 'rows',
      receivedAt: now,
      parsedAt: now,
      ...changes,
    },
    plan,
  )
}

const inMemory = (inference: Inference) =>
  inference
    .list()
    .filter(({ answering }) => answering)
    .map(({ name }) => name)
    .join('')

/** A load that ends when it is told to. */
function held() {
  const gates = new Map<string, PromiseWithResolvers<void>>()
  const begun: string[] = []
  return {
    begun,
    load: ({ deployment, number }: ServableRelease) => {
      const gate = Promise.withResolvers<void>()
      gates.set(`${deployment}${number}`, gate)
      begun.push(`${deployment}${number}`)
      return gate.promise
    },
    end: (name: string) => gates.get(name)!.resolve(),
    fail: (name: string, error: Error) => gates.get(name)!.reject(error),
  }
}

async function until(condition: () => boolean): Promise<void> {
  for (let left = 2000; !condition() && left > 0; left--) await sleep(5)
  assert.ok(condition())
}

test('at the start as many are loaded as the limits say, the newest first; others are known, ready, and loaded when they are asked for', async () => {
  const { inference, world, loads } = limited({ preload: 2 })
  await inference.converge(wanted(NAMES))
  assert.deepEqual([loads, inMemory(inference)], [['e1', 'd1'], 'de'])
  const view = inference.describe('a')
  assert.deepEqual(
    [view.ready, view.reason, view.releases[0]?.state, view.releases[0]?.detail],
    [true, undefined, 'unloaded', 'Not in memory; it is loaded when it is asked for.'],
  )
  assert.equal(inference.resolve('a').tensors.inputs.length, 3, 'its interface is known without the model')
  assert.equal(inference.find('a')?.release.settings.requireKey, false)
  assert.deepEqual(loads.length, 2, 'and looking at it loads nothing')
  const told = world.reports.find(({ deployment }) => deployment === 'a')
  assert.deepEqual([told?.state, told?.onDemand], ['unloaded', true])

  const answer = await ask(inference, 'a')
  assert.deepEqual([answer.release.deployment, inMemory(inference)], ['a', 'ade'])
  assert.ok(answer.queueMs >= 0)
})

test('what was asked last is loaded first', async () => {
  const { inference, loads } = limited({ preload: 2, usedAt: (name) => (name === 'b' ? 9 : name === 'a' ? 5 : 0) })
  await inference.converge(wanted(NAMES))
  assert.deepEqual(loads, ['b1', 'a1'])
})

test('one that is too large for what is left of the memory leaves room for smaller ones', async () => {
  const { inference, loads } = limited({ preload: 5, memoryBytes: 4 * MIB })
  await inference.converge(wanted(NAMES, { of: (name) => [sized(name, {}, name === 'd' ? 3.5 : 1)] }))
  assert.deepEqual(loads, ['e1', 'c1', 'b1'])
})

test('all requests for a model that is not in memory wait for one load', async () => {
  const { inference, world } = limited()
  const gate = held()
  world.load = gate.load
  await inference.converge(wanted(['a']))
  const answers = Promise.all([ask(inference, 'a'), ask(inference, 'a'), ask(inference, 'a', { release: 1 })])
  await until(() => gate.begun.length > 0)
  assert.equal(inference.describe('a').ready, true)
  gate.end('a1')
  assert.equal((await answers).length, 3)
  assert.deepEqual(gate.begun, ['a1'])
  assert.equal(world.predicted.length, 3)
})

test('no more rows wait for a model than may wait in its queue, and none beyond its deadline', async () => {
  const { inference, world } = limited()
  const gate = held()
  world.load = gate.load
  await inference.converge(wanted(['a'], { of: (name) => [sized(name, { settings: { ...fakeRelease().settings, queueRows: 2 } })] }))
  const first = ask(inference, 'a')
  const late = assert.rejects(ask(inference, 'a', { deadline: Date.now() + 30 }), coded('deadline-exceeded', /before the model was loaded/))
  await assert.rejects(ask(inference, 'a'), coded('queue-full', /2 rows wait for the model to be loaded, at most 2 may/))
  await late
  const gone = assert.rejects(ask(inference, 'a', { isAbandoned: () => true }), coded('cancelled'))
  gate.end('a1')
  await first
  await gone
  assert.deepEqual(world.failed.map(({ code, deployment, release }) => [code, deployment, release]).sort(), [
    ['cancelled', 'a', 1],
    ['deadline-exceeded', 'a', 1],
    ['queue-full', 'a', 1],
  ])
})

test('no more bytes of inputs wait for a model than may wait in its queue, but one request always may', async () => {
  const { inference, world } = limited()
  const gate = held()
  world.load = gate.load
  const release = sized('a')
  await inference.converge(wanted(['a'], { of: () => [{ ...release, settings: { ...release.settings, queueBytes: 10 } }] }))
  const first = ask(inference, 'a')
  await assert.rejects(ask(inference, 'a'), coded('queue-full', /bytes of inputs wait for the model to be loaded, at most 10 may/))
  await until(() => gate.begun.length > 0)
  gate.end('a1')
  await first
  await ask(inference, 'a')
})

test('the model that was asked longest ago makes room, and is back when it is asked for', async () => {
  const { inference, world, loads, model } = limited({ memoryBytes: 2.5 * MIB })
  await inference.converge(wanted(NAMES))
  for (const name of ['a', 'b']) await ask(inference, name)
  await ask(inference, 'a')
  await ask(inference, 'c')
  assert.equal(inMemory(inference), 'ac', 'b was asked before a')
  assert.equal(model.disposed, 1)
  assert.deepEqual(
    world.reports.filter(({ deployment }) => deployment === 'b').map(({ state, onDemand }) => [state, onDemand]),
    [
      ['unloaded', true],
      ['loading', true],
      ['ready', undefined],
      ['unloaded', true],
    ],
  )
  await ask(inference, 'b')
  assert.deepEqual([inMemory(inference), loads], ['bc', ['a1', 'b1', 'c1', 'b1']])
  const { loaded, memoryBytes, budgetBytes, evictions, failures } = inference.models()
  assert.deepEqual([loaded, budgetBytes, evictions, failures], [2, 2.5 * MIB, 2, 0])
  assert.ok(memoryBytes > 2 * MIB && memoryBytes <= budgetBytes, `${memoryBytes} bytes`)
})

test('a model at work is never taken away; who needs room waits until it is idle', async () => {
  const model = Object.assign(fakeModel(), { delayMs: 60 })
  const { inference, world } = limited({ memoryBytes: 1.5 * MIB }, model)
  await inference.converge(wanted(['a', 'b']))
  await ask(inference, 'a')
  const order: string[] = []
  world.load = async ({ deployment }) => void order.push(`load ${deployment}`)
  const busy = ask(inference, 'a').then(({ release }) => order.push(`answer of ${release.deployment} with ${inMemory(inference)}`))
  const other = ask(inference, 'b')
  await Promise.all([busy, other])
  assert.deepEqual([order, inMemory(inference), model.disposed], [['answer of a with a', 'load b'], 'b', 1])
})

test('a model larger than the whole budget is loaded when it is alone', async () => {
  const { inference } = limited({ memoryBytes: 2 * MIB })
  await inference.converge(wanted(['a', 'b'], { of: (name) => [sized(name, {}, name === 'b' ? 50 : 1)] }))
  await ask(inference, 'a')
  await ask(inference, 'b')
  assert.equal(inMemory(inference), 'b')
  await ask(inference, 'a')
  assert.equal(inMemory(inference), 'a')
})

test('loads go a few at a time: what a request waits for first, then what should answer, then candidates', async () => {
  const { inference, world } = limited({ loads: 1, preload: 2 })
  const gate = held()
  world.load = gate.load
  const state = wanted(['a', 'b', 'c'], { of: (name) => (name === 'c' ? [sized(name), sized(name, { number: 2 })] : [sized(name)]) })
  const ended = inference.converge(state)
  await until(() => gate.begun.length > 0)
  await sleep(5)
  assert.deepEqual(gate.begun, ['c1'], 'one at a time')
  const waits = (name: string, number = 1) => inference.describe(name).releases.find((release) => release.number === number)
  assert.deepEqual([waits('b')?.state, waits('b')?.detail], ['waiting', 'One load is before it.'])
  const asked = ask(inference, 'a')
  assert.deepEqual([waits('b')?.detail, waits('c', 2)?.detail], ['2 loads are before it.', '3 loads are before it.'])
  for (const name of ['c1', 'a1', 'b1', 'c2']) {
    await until(() => gate.begun.includes(name))
    gate.end(name)
  }
  await ended
  assert.equal((await asked).release.deployment, 'a')
  assert.deepEqual(gate.begun, ['c1', 'a1', 'b1', 'c2'])
})

test('a load that hangs keeps its own place only, and a start does not wait for a candidate', async () => {
  const { inference, world } = limited({ loads: 2, preload: 5 })
  const gate = held()
  world.load = (release) => (release.number === 2 ? gate.load(release) : Promise.resolve())
  const state = wanted(['a', 'b', 'c'], { of: (name) => (name === 'a' ? [sized(name), sized(name, { number: 2 })] : [sized(name)]) })
  await inference.converge(state, { until: 'current' })
  assert.equal(inMemory(inference), 'abc')
  await until(() => gate.begun.length > 0)
  await inference.converge({ revision: 2, deployments: [...state.deployments, ...wanted(['d']).deployments] }, { until: 'current' })
  assert.equal(inMemory(inference), 'abcd')
  gate.end('a2')
})

test('a load that fails tells those who wait why, and the deployment is not ready until it can be loaded', async () => {
  const { inference, world } = limited()
  world.load = async () => {
    throw new FairleadError('load-failed', 'the file is damaged')
  }
  await inference.converge(wanted(['a']))
  await assert.rejects(ask(inference, 'a'), coded('release-not-ready', /release 1 of "a" could not be loaded: the file is damaged/))
  assert.deepEqual([inference.describe('a').ready, world.reports.at(-1)?.state, inference.models().failures], [false, 'failed', 1])
  assert.throws(() => inference.resolve('a'), coded('release-not-ready', /damaged/))
  world.load = async () => {}
  await until(() => inference.describe('a').ready)
  await ask(inference, 'a')
})

test('a release that cannot be loaded leaves the one before serving, also where that is not in memory', async () => {
  const { inference, world, loads } = limited()
  await inference.converge(wanted(['a']))
  world.load = async ({ number }) => {
    loads.push(`a${number}`)
    if (number === 2) throw new FairleadError('load-failed', 'not a model')
  }
  await inference.converge(wanted(['a'], { revision: 2, of: (name) => [sized(name), sized(name, { number: 2 })] }))
  assert.deepEqual([loads, world.reports.at(-1)?.state], [['a2'], 'failed'])
  assert.equal((await ask(inference, 'a')).release.number, 1)
})

test('a new release gets its room though the one before stays until it is replaced', async () => {
  const { inference, model } = limited({ memoryBytes: 1.5 * MIB })
  await inference.converge(wanted(['a']))
  await ask(inference, 'a')
  const both = (current: number, revision: number): DesiredState => ({
    revision,
    deployments: [{ name: 'a', generation: '2026-01-01', current, releases: [sized('a'), sized('a', { number: 2 })].slice(current - 1) }],
  })
  await inference.converge(both(1, 2))
  assert.deepEqual([inference.models().loaded, (await ask(inference, 'a')).release.number], [2, 1])
  await inference.converge(both(2, 3))
  await until(() => model.disposed === 1)
  assert.deepEqual([inference.models().loaded, (await ask(inference, 'a')).release.number], [1, 2])
})

test('what is loaded again need not be measured again', async () => {
  const { inference, world } = limited({ memoryBytes: 1.5 * MIB })
  const known: unknown[] = []
  world.load = async ({ deployment, execution }) => void known.push([deployment, execution?.runtime])
  await inference.converge(wanted(['a', 'b']))
  for (const name of ['a', 'b', 'a']) await ask(inference, name)
  assert.deepEqual(known, [
    ['a', undefined],
    ['b', undefined],
    ['a', 'fake'],
  ])
})

test('ending while requests wait for a load answers them and frees the model', async () => {
  const { inference, world, model } = limited()
  const gate = held()
  world.load = gate.load
  await inference.converge(wanted(['a']))
  const waiting = assert.rejects(ask(inference, 'a'), coded('release-not-ready', /being replaced/))
  await until(() => gate.begun.length > 0)
  const ended = inference[Symbol.asyncDispose]()
  await waiting
  gate.end('a1')
  await ended
  assert.equal(model.disposed, 1)
})
