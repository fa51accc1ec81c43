import assert from 'node:assert/strict'
import { test } from 'node:test'
import { coded, fakeInference, fakeRepository, serveReleases } from '../../testing/fake-inference.ts'
import { fakeRelease } from '../../testing/fake-model.ts'

const wanted = (revision: number, current: number, numbers: number[]) => ({
  revision,
  deployments: [{ name: 'credit', current, releases: numbers.map((number) => fakeRelease({ number })) }],
})

test('an answer waits until every process has done it, and says so when one has not', async () => {
  const { inference, world } = fakeInference()
  await serveReleases(inference)
  const { repository } = fakeRepository(inference, world, { peers: () => ['test', 'other'] })
  let done = false
  const unloading = repository.unload('credit').then(() => {
    done = true
  })
  await new Promise((resolve) => setTimeout(resolve, 60))
  assert.deepEqual([done, world.model.disposed], [false, 1])
  const report = { process: 'other', deployment: 'credit', release: 1, state: 'unloaded' as const }
  world.reports.push({ ...report, wish: { sequence: 1 } })
  await unloading

  const loading = repository.load('credit')
  world.reports.push({ ...report, state: 'failed', wish: { sequence: 2, failure: { code: 'load-failed', detail: 'no memory' } } })
  await assert.rejects(loading, coded('load-failed', /^failed to load 'credit' in other: no memory/))
})

test('wishes that cannot be read for a moment are read on the next turn', async () => {
  const { inference, world } = fakeInference()
  await serveReleases(inference)
  const { repository, store } = fakeRepository(inference, world)
  const { list } = store
  let failures = 0
  store.list = () => {
    if (failures++ < 2) throw new Error('database is locked')
    return list()
  }
  repository.start()
  await repository.unload('credit')
  repository[Symbol.dispose]()
  assert.equal(failures, 3)
  assert.throws(() => inference.resolve('credit'), coded('model-unloaded'))
})

test('what takes longer than callers wait is told as it stands', async () => {
  const { inference, world } = fakeInference()
  await serveReleases(inference)
  const { repository } = fakeRepository(inference, world, { peers: () => ['test', 'silent'], waitMs: 60 })
  await assert.rejects(repository.unload('credit'), coded('release-not-ready', /'credit' is unloaded in 1 of 2 processes so far/))
})

test('a process that starts takes up what was wished for before', async () => {
  const { inference, world } = fakeInference()
  const wish = { deployment: 'credit', generation: undefined, release: 1, kind: 'unload' as const, sequence: 7 }
  await inference.follow([wish])
  await serveReleases(inference)
  assert.throws(() => inference.resolve('credit'), coded('model-unloaded', /POST \/v2\/repository\/models\/credit\/load/))
  assert.deepEqual([world.reports.at(-1)?.state, world.reports.at(-1)?.onDemand, world.reports.at(-1)?.wish], ['unloaded', undefined, { sequence: 7 }])
  await inference.follow([{ ...wish, kind: 'load', sequence: 8 }])
  assert.deepEqual([inference.resolve('credit').release.number, world.reports.at(-1)?.wish], [1, { sequence: 8 }])
})

test('a wish means nothing for the next release', async () => {
  const { inference, world } = fakeInference()
  await serveReleases(inference)
  const { repository } = fakeRepository(inference, world)
  await repository.unload('credit')
  await inference.converge(wanted(2, 1, [1, 2]))
  assert.throws(() => inference.resolve('credit'), coded('model-unloaded'))
  await inference.converge(wanted(3, 2, [2]))
  assert.equal(inference.resolve('credit').release.number, 2)
})

test('an unload while the model is being loaded takes it out when it is there; who waited for it is refused', async () => {
  const { inference, world } = fakeInference()
  const gate = Promise.withResolvers<void>()
  world.load = () => gate.promise
  const converged = serveReleases(inference)
  const { repository } = fakeRepository(inference, world)
  await repository.unload('credit')
  gate.resolve()
  await converged
  await new Promise((resolve) => setTimeout(resolve, 5))
  assert.throws(() => inference.resolve('credit'), coded('model-unloaded'))
  assert.equal(world.model.disposed, 1)
})

test('what is kept by wish leaves no room: who asks for another is refused at once, and may ask again', async () => {
  const { inference, world } = fakeInference(undefined, undefined, { memoryBytes: 100 * 1024, loads: 2, preload: 1 })
  const one = (name: string) => ({ name, current: 1, releases: [fakeRelease({ deployment: name, digest: `sha256:${name}` })] })
  await inference.converge({ revision: 1, deployments: ['a', 'b'].map(one) })
  const { repository } = fakeRepository(inference, world)
  await repository.load('a')
  const begun = performance.now()
  await assert.rejects(repository.load('b'), coded('model-memory-full', /failed to load 'b' .* 0\.1 MiB, and 1 others/))
  assert.ok(performance.now() - begun < 4000)
  assert.deepEqual([inference.describe('b').ready, inference.describe('a').ready], [true, true], 'nothing is wrong with it')
  await repository.unload('a')
  await repository.load('b')
})

test('what is kept by wish does not make room for others', async () => {
  const { inference, world } = fakeInference(undefined, undefined, { memoryBytes: 200 * 1024, loads: 2, preload: 9 })
  const one = (name: string) => ({ name, current: 1, releases: [fakeRelease({ deployment: name, digest: `sha256:${name}` })] })
  await inference.converge({ revision: 1, deployments: ['a', 'b', 'c'].map(one) })
  const { repository } = fakeRepository(inference, world)
  await repository.load('a')
  await repository.load('c')
  const states = repository.index().map(({ name, state, reason }) => [name, state, reason])
  assert.deepEqual(states, [
    ['a', 'READY', ''],
    ['b', 'READY', ''],
    ['c', 'READY', ''],
  ])
  const more = { revision: 2, deployments: ['a', 'b', 'c', 'd'].map(one) }
  await inference.converge(more)
  const loaded = inference.list().filter(({ answering }) => answering)
  assert.deepEqual(
    loaded.map(({ name }) => name),
    ['a', 'c', 'd'],
  )
  await assert.rejects(repository.load('nobody'), coded('deployment-unknown'))
})
