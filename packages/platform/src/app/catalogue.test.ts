import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { FairleadError } from '@fairlead/contract'
import type { Operation } from '@fairlead/contract/control'
import { fileBlobs } from '../adapters/files/index.ts'
import { openSqlite } from '../adapters/sqlite/index.ts'
import { deploymentMigrations } from '../domain/deployment/index.ts'
import { registryMigrations } from '../domain/registry/index.ts'
import { systemClock } from '../kernel/clock.ts'
import { migrate } from '../kernel/sql/migrate.ts'
import { memoryObserved } from '../testing/deployments.ts'
import { identityModel } from '../testing/identity-model.ts'
import { temporaryFolder } from '../testing/temporary.ts'
import { type CatalogueTables, openCatalogue } from './catalogue.ts'

async function catalogueIn(folder: string) {
  const store = openSqlite<CatalogueTables>(join(folder, 'fairlead.db'))
  await migrate(store.db, [...registryMigrations, ...deploymentMigrations], { store: folder, program: '0.1.0' })
  const observed = memoryObserved()
  const { registry, deployments } = openCatalogue({
    db: store.db,
    blobs: fileBlobs({ root: join(folder, 'blobs') }),
    clock: systemClock,
    observed,
    liveProcesses: () => ['serve-1'],
    nudge: () => {},
    addresses: () => ({ http: 'http://127.0.0.1:7310' }),
  })
  return {
    registry,
    deployments,
    async importOne(note: string): Promise<number> {
      const { upload } = await registry.createUpload()
      await registry.putFile(upload, 'model.onnx', one(identityModel([{ name: 'x', type: 'float32', shape: [-1, 1] }]).bytes))
      await registry.putFile(upload, 'note.txt', one(Buffer.from(note)))
      return (await registry.importVersion('m', { upload }, 'ann')).version.version
    },
    async activated({ id, target }: Operation): Promise<void> {
      observed.report({ process: 'serve-1', ...target, state: 'ready' })
      assert.equal((await deployments.getOperation(id, { waitMs: 5000 })).state, 'done')
    },
    async [Symbol.asyncDispose]() {
      await deployments.stop()
      await store.close()
    },
  }
}

async function* one(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  yield bytes
}

/** The store answers without ever leaving the turn of the event loop, so two that run side by side take turns in these. */
async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await undefined
}

const codeOf = (result: PromiseSettledResult<unknown>) =>
  result.status === 'fulfilled' ? 'done' : result.reason instanceof FairleadError ? result.reason.code : String(result.reason)

test('a version that is removed and deployed at the same moment is either gone or deployed', async () => {
  await using folder = await temporaryFolder()
  await using s = await catalogueIn(folder.path)
  const ends = new Set<string>()
  for (let i = 0; i < 24; i++) {
    const version = await s.importOne(String(i))
    const removed = turns(i * 8).then(() => s.registry.deleteVersion('m', version))
    const deployed = turns(40).then(() => s.deployments.deploy(`d${i}`, { model: `m:${version}` }, 'ann'))
    const end = (await Promise.allSettled([deployed, removed])).map(codeOf).join()
    ends.add(end)
    if (end === 'done,version-in-use') assert.equal((await s.registry.verify('m', version)).ok, true)
  }
  assert.deepEqual([...ends].sort(), ['done,version-in-use', 'version-unknown,done'])
})

test('what a rollback may want cannot be removed, so that it always works', async () => {
  await using folder = await temporaryFolder()
  await using s = await catalogueIn(folder.path)
  for (const note of ['one', 'two']) await s.importOne(note)
  for (const model of ['m:1', 'm:2', 'm:1', 'm:2']) await s.activated(await s.deployments.deploy('flowers', { model }, 'ann'))
  const inUse = (words: RegExp) => (error: unknown) => error instanceof FairleadError && error.code === 'version-in-use' && words.test(error.message)
  await assert.rejects(s.registry.deleteVersion('m', 1), inUse(/^m:1 is used by flowers \(releases 3, 1\);/))
  await assert.rejects(s.registry.deleteModel('m'), inUse(/^m is used by flowers \(releases 4, 3, 2, 1\);/))
  assert.deepEqual((await s.registry.getVersion('m', 1)).deployments, [])
  await s.activated(await s.deployments.rollback('flowers', { release: 1 }))
  await s.deployments.remove('flowers')
  await s.registry.deleteModel('m')
})
