import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FairleadError } from '@fairlead/contract'
import { coded, fakeInference, serveReleases } from '../../testing/fake-inference.ts'
import { FAKE_ROW, fakeRelease } from '../../testing/fake-model.ts'
import { ChecksFailed } from './checks.ts'
import type { Inference } from './inference.ts'
import type { InferenceRequest } from './types.ts'

function request(inference: Inference, changes: Partial<InferenceRequest> = {}): InferenceRequest {
  const now = performance.now()
  const serving = inference.find('credit') === undefined ? undefined : inference.resolve('credit')
  return {
    id: 'r1',
    deployment: 'credit',
    release: undefined,
    rows: 1,
    inputs: serving ? serving.rows.decode([FAKE_ROW]) : {},
    ids: undefined,
    key: undefined,
    deadline: Date.now() + 10_000,
    caller: { kind: 'loopback', id: 'loopback' },
    traceId: undefined,
    interface: 'rows',
    receivedAt: now,
    parsedAt: now,
    ...changes,
  }
}

test('a release is loaded, answers, and its events tell of it', async () => {
  const { inference, world } = fakeInference()
  await serveReleases(inference)
  const answer = await inference.predict(request(inference))
  assert.equal(answer.release.number, 1)
  assert.deepEqual(
    [...(answer.outputs.p!.data as Float32Array)].map((x) => Math.round(x * 100)),
    [75, 25],
  )
  const [event] = world.predicted
  assert.equal(event!.answer, answer)
  assert.ok(event!.totalMs >= 0 && Math.abs(event!.time - Date.now()) < 5000)
  assert.deepEqual(
    world.reports.map(({ release, state }) => [release, state]),
    [
      [1, 'loading'],
      [1, 'ready'],
    ],
  )
})

test('the answer waits for a sink that must be waited for, and fails with it', async () => {
  const { inference, world } = fakeInference()
  await serveReleases(inference)
  let write = () => {}
  world.durable = new Promise((resolve) => {
    write = resolve
  })
  let answered = false
  const pending = inference.predict(request(inference)).then(() => {
    answered = true
  })
  while (world.logged.length === 0) await new Promise((resolve) => setImmediate(resolve))
  await new Promise((resolve) => setTimeout(resolve, 20))
  assert.equal(answered, false)
  assert.deepEqual([world.logged.length, world.predicted.length], [1, 0], 'what is not on disk is not answered yet')
  write()
  await pending
  const [event] = world.predicted
  assert.ok(event!.logMs! >= 15 && event!.totalMs >= event!.logMs!, `waited ${event!.logMs} of ${event!.totalMs} ms`)
  world.durable = Promise.reject(new FairleadError('log-unavailable', 'the disk is full'))
  world.durable.catch(() => {})
  await assert.rejects(inference.predict(request(inference)), coded('log-unavailable'))
  assert.deepEqual(
    world.failed.map(({ code, status, rows, release }) => [code, status, rows, release]),
    [['log-unavailable', 503, 1, 1]],
  )
  assert.equal(world.predicted.length, 1, 'what failed was not counted as answered, too')
})

test('what is not there is named', async () => {
  const { inference, world } = fakeInference()
  await serveReleases(inference)
  assert.throws(() => inference.resolve('credits'), coded('deployment-unknown', /did you mean "credit"/))
  assert.throws(() => inference.resolve('credit', 7), coded('release-unknown', /release 7 of "credit" is not served; there is 1/))
  assert.throws(() => inference.describe('other'), coded('deployment-unknown'))
  await assert.rejects(inference.predict(request(inference, { deployment: 'nobody' })), coded('deployment-unknown'))
  assert.deepEqual(
    world.failed.map(({ deployment, code }) => [deployment, code]),
    [['', 'deployment-unknown']],
    'a made-up name makes no series',
  )
})

test('the old release answers until the new one is ready, then is freed', async () => {
  const { inference, world } = fakeInference()
  await serveReleases(inference)
  let go = () => {}
  world.load = () =>
    new Promise((resolve) => {
      go = resolve
    })
  const swap = inference.converge({ revision: 2, deployments: [{ name: 'credit', current: 2, releases: [fakeRelease({ number: 2 })] }] })
  await new Promise((resolve) => setImmediate(resolve))
  assert.equal(inference.resolve('credit').release.number, 1)
  const pending = inference.predict(request(inference))
  const early = inference.predict(request(inference, { release: 2 }))
  assert.equal((await pending).release.number, 1)
  go()
  await swap
  assert.equal((await early).release.number, 2, 'who asks for the new one by its number waits for it')
  assert.equal(inference.resolve('credit').release.number, 2)
  await new Promise((resolve) => setImmediate(resolve))
  assert.equal(world.model.disposed, 1)
})

test('a deployment that was removed and made anew between two looks answers nothing until its own release is active', async () => {
  const { inference, world } = fakeInference()
  const converge = (revision: number, generation: string, current: number | undefined, number: number) =>
    inference.converge({ revision, deployments: [{ name: 'credit', generation, current, releases: [fakeRelease({ number })] }] })
  await converge(1, 'first', 1, 1)
  await converge(2, 'first', 1, 1)
  assert.equal(inference.resolve('credit').release.number, 1)
  await converge(3, 'second', undefined, 2)
  assert.throws(() => inference.resolve('credit'), coded('release-not-ready', /no release of "credit" is active yet/))
  await new Promise((resolve) => setImmediate(resolve))
  assert.equal(world.model.disposed, 1)
  assert.deepEqual(
    world.forgotten.map(({ release }) => release),
    [1],
  )
  await converge(4, 'second', 2, 2)
  assert.equal(inference.resolve('credit').release.number, 2)
})

test('a candidate is loaded beside the current release without answering for it', async () => {
  const { inference } = fakeInference()
  const [one, two] = [fakeRelease(), fakeRelease({ number: 2 })]
  await inference.converge({ revision: 1, deployments: [{ name: 'credit', current: 1, releases: [one, two] }] })
  assert.equal(inference.resolve('credit').release.number, 1)
  assert.equal(inference.resolve('credit', 2).release.number, 2)
  assert.deepEqual(
    inference.describe('credit').releases.map(({ number, state }) => [number, state]),
    [
      [1, 'ready'],
      [2, 'ready'],
    ],
  )
})

test('a candidate that fails is reported with its checks, and nothing else changes', async () => {
  const { inference, world } = fakeInference()
  await serveReleases(inference)
  world.load = async () => {
    throw new ChecksFailed('golden[0].label: expected 1, got 0', [{ kind: 'golden', rows: 1, passed: false }], { items: [] })
  }
  await inference.converge({ revision: 2, deployments: [{ name: 'credit', current: 1, releases: [fakeRelease(), fakeRelease({ number: 2 })] }] })
  const report = world.reports.at(-1)!
  assert.deepEqual([report.release, report.state, report.failure?.code, report.checks?.length], [2, 'failed', 'example-failed', 1])
  assert.throws(() => inference.resolve('credit', 2), coded('release-not-ready', /golden\[0\]\.label/))
  assert.equal(inference.resolve('credit').release.number, 1)
})

test('what is held already is reported again when it is wanted again: control may have forgotten it', async () => {
  const { inference, world } = fakeInference()
  const [one, two] = [fakeRelease(), fakeRelease({ number: 2 })]
  const wanted = { revision: 1, deployments: [{ name: 'credit', current: 1, releases: [one, two] }] }
  world.load = async ({ number }) => {
    if (number === 2) throw new FairleadError('load-failed', 'no')
  }
  await inference.converge(wanted)
  world.reports.length = 0
  await inference.converge({ ...wanted, revision: 2 })
  assert.deepEqual(
    world.reports.map(({ release, state, execution, failure }) => [release, state, execution?.runtime, failure?.code]),
    [
      [1, 'ready', 'fake', undefined],
      [2, 'failed', undefined, 'load-failed'],
    ],
  )
})

test('a process takes back only its own word', async () => {
  const { inference, world } = fakeInference()
  await serveReleases(inference)
  await serveReleases(inference, [fakeRelease({ number: 2 })])
  assert.deepEqual(world.forgotten, [{ process: 'test', deployment: 'credit', release: 1 }])
})

test('a deployment without an active release is not ready, and says why', async () => {
  const { inference } = fakeInference()
  await inference.converge({ revision: 1, deployments: [{ name: 'credit', current: undefined, releases: [] }] })
  assert.throws(() => inference.resolve('credit'), coded('release-not-ready', /no release of "credit" is active yet/))
  assert.deepEqual(
    inference.list().map(({ ready, reason }) => [ready, reason]),
    [[false, 'no release of "credit" is active yet']],
  )
})

test('a deployment that is wanted no more is freed after its last answer', async () => {
  const { inference, world } = fakeInference()
  world.model.delayMs = 20
  await serveReleases(inference)
  const last = inference.predict(request(inference))
  await inference.converge({ revision: 2, deployments: [] })
  assert.throws(() => inference.resolve('credit'), coded('deployment-unknown'))
  assert.equal(world.model.disposed, 0)
  assert.equal((await last).release.number, 1)
  await inference[Symbol.asyncDispose]()
  assert.equal(world.model.disposed, 1)
})

test('disposing while a release loads frees it too', async () => {
  const { inference, world } = fakeInference()
  world.load = () => new Promise((resolve) => setTimeout(resolve, 20))
  const loading = serveReleases(inference)
  await new Promise((resolve) => setTimeout(resolve, 5))
  await inference[Symbol.asyncDispose]()
  await loading
  assert.equal(world.model.disposed, 1)
})
