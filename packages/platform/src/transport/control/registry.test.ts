import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { ControlError, createControl } from '@fairlead/client'
import type { Kysely } from 'kysely'
import { fileBlobs } from '../../adapters/files/index.ts'
import { openSqlite } from '../../adapters/sqlite/index.ts'
import { type CatalogueTables, openCatalogue } from '../../app/catalogue.ts'
import { deploymentMigrations } from '../../domain/deployment/index.ts'
import { Access, type GovernanceDb, governanceMigrations } from '../../domain/governance/index.ts'
import { registryMigrations } from '../../domain/registry/index.ts'
import { systemClock } from '../../kernel/clock.ts'
import { IdempotencyStore, type IdempotencyTables } from '../../kernel/idempotency.ts'
import { migrate } from '../../kernel/sql/migrate.ts'
import { ADMIN_TOKEN, controlForTest } from '../../testing/control.ts'
import { memoryObserved } from '../../testing/deployments.ts'
import { identityModel } from '../../testing/identity-model.ts'
import { temporaryFolder } from '../../testing/temporary.ts'

async function realControl(folder: string) {
  const store = openSqlite<object>(join(folder, 'fairlead.db'))
  await migrate(store.db, [...registryMigrations, ...deploymentMigrations, ...governanceMigrations], { store: folder, program: '0.1.0' })
  const observed = memoryObserved()
  const { registry, deployments } = openCatalogue({
    db: store.db as unknown as Kysely<CatalogueTables>,
    blobs: fileBlobs({ root: join(folder, 'blobs') }),
    clock: systemClock,
    observed,
    liveProcesses: () => ['serve-1'],
    nudge: () => {},
    addresses: () => ({ http: 'http://127.0.0.1:7310' }),
  })
  const access = new Access({ db: store.db as unknown as GovernanceDb, adminToken: ADMIN_TOKEN, clock: systemClock })
  const idempotency = new IdempotencyStore(store.db as unknown as Kysely<IdempotencyTables>, systemClock)
  const made = await controlForTest({ registry, deployments, access, idempotency, clock: systemClock })
  return {
    observed,
    control: createControl({ url: await made.server.listen({ host: '127.0.0.1', port: 0 }), token: ADMIN_TOKEN }),
    async [Symbol.asyncDispose]() {
      await deployments.stop()
      await made[Symbol.asyncDispose]()
      await store.close()
    },
  }
}

const code = (wanted: string) => (error: unknown) => error instanceof ControlError && error.code === wanted

test('a model goes through the API from its file to a release that answers, and cannot be removed while it does', async () => {
  await using folder = await temporaryFolder()
  await using s = await realControl(folder.path)
  const { control } = s
  const bytes = new Uint8Array(identityModel([{ name: 'x', type: 'float32', shape: [-1, 1] }]).bytes)
  const { upload } = await control.call('createUpload')
  await control.upload(upload, 'model.onnx', new Blob([bytes]))
  const { created, version } = await control.call('importVersion', { params: { model: 'identity' }, body: { upload, alias: 'champion' } })
  assert.deepEqual([created, version.version, version.aliases, version.lineage.importedBy], [true, 1, ['champion'], 'admin'])
  const file = await control.raw('getVersionFile', { params: { model: 'identity', version: 1, '*': 'model.onnx' } })
  assert.deepEqual(new Uint8Array(await file.arrayBuffer()), bytes)

  const operation = await control.call('createRelease', { params: { deployment: 'identity' }, body: { model: 'identity@champion' } })
  s.observed.report({ process: 'serve-1', deployment: 'identity', release: 1, state: 'ready' })
  const done = await control.call('getOperation', { params: { operation: operation.id }, query: { wait: 5 } })
  assert.equal(done.state, 'done')
  assert.equal((await control.call('getDeployment', { params: { deployment: 'identity' } })).current?.model.digest, version.digest)
  const shown = await control.call('getVersion', { params: { model: 'identity', version: 1 } })
  assert.deepEqual(shown.deployments, [{ name: 'identity', release: 1 }])
  await assert.rejects(control.call('deleteVersion', { params: { model: 'identity', version: 1 } }), code('version-in-use'))
  await control.call('deleteDeployment', { params: { deployment: 'identity' } })
  await control.call('deleteModel', { params: { model: 'identity' } })
  await assert.rejects(control.call('resolveModel', { query: { ref: 'identity' } }), code('model-unknown'))
})

test('a file that is no model is refused with its code, and nothing is made', async () => {
  await using folder = await temporaryFolder()
  await using s = await realControl(folder.path)
  const { upload } = await s.control.call('createUpload')
  await s.control.upload(upload, 'model.onnx', new Blob(['this is not a model']))
  const refused = s.control.call('importVersion', { params: { model: 'wrong' }, body: { upload } })
  await assert.rejects(refused, (error) => error instanceof ControlError && error.status === 422 && error.code.startsWith('model-'))
  assert.deepEqual((await s.control.call('listModels')).items, [])
})
