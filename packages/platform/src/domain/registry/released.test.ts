import assert from 'node:assert/strict'
import { copyFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { modelVersion } from '@fairlead/contract/control'
import { sql } from 'kysely'
import { openSqlite } from '../../adapters/sqlite/index.ts'
import { migrate } from '../../kernel/sql/migrate.ts'
import { hasCode } from '../../testing/blob-suite.ts'
import { registryRig } from '../../testing/registry-rig.ts'
import { temporaryFolder } from '../../testing/temporary.ts'
import { registryMigrations } from './tables.ts'

const STORES = fileURLToPath(new URL('./testdata', import.meta.url))
const released = (await readdir(STORES)).filter((name) => name.endsWith('.db'))

test('there is a store of the first release', () => {
  assert.ok(released.includes('store-0.1.0.db'))
})

for (const name of released) {
  test(`${name} is brought to this program's shape with everything in it`, async () => {
    await using folder = await temporaryFolder()
    await copyFile(join(STORES, name), join(folder.path, 'fairlead.db'))
    await using rig = await registryRig(folder.path)
    const applied = await sql<{ id: string }>`select id from fairlead_migrations order by position`.execute(rig.store.db)
    assert.deepEqual(
      applied.rows.map((row) => row.id),
      registryMigrations.map((step) => step.id),
    )
    assert.equal((await rig.registry.resolve('credit@champion')).version, 2)
    const first = modelVersion.parse(await rig.registry.getVersion('credit', 1))
    assert.deepEqual([first.tags, first.metrics, first.example, first.goldenRowCount], [{ team: 'risk' }, { auc: 0.8 }, [{ age: 1 }], 1])
    assert.deepEqual(
      first.files.map((file) => file.path),
      ['model.onnx', 'weights.bin'],
    )
    await assert.rejects(rig.registry.getModel('gone'), hasCode('model-unknown'))
    const again = await rig.registry.importVersion('gone', { upload: await rig.upload({ 'model.onnx': 'back' }) }, 'ann')
    assert.equal(again.version.version, 2)
  })
}

test('a store with steps of a later program is refused and left alone', async () => {
  await using folder = await temporaryFolder()
  const path = join(folder.path, 'fairlead.db')
  await using store = openSqlite<unknown>(path)
  const later = { id: '0002-later', up: async () => {} }
  await migrate(store.db, [...registryMigrations, later], { store: path, program: '0.7.0' })
  await assert.rejects(registryRig(folder.path), hasCode('store-newer', path, '0.7.0', '0.1.0', '0002-later'))
})
