import assert from 'node:assert/strict'
import { copyFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { deployment, modelVersion, release } from '@fairlead/contract/control'
import { openSqlite } from '../adapters/sqlite/index.ts'
import { openServing } from '../adapters/sqlite/serving.ts'
import { telemetryMigrations } from '../domain/monitoring/index.ts'
import { migrate } from '../kernel/sql/migrate.ts'
import { hasCode } from '../testing/blob-suite.ts'
import { storeRig } from '../testing/store-rig.ts'
import { temporaryFolder } from '../testing/temporary.ts'
import { STORE_MIGRATIONS } from './catalogue.ts'

const STORES = fileURLToPath(new URL('./testdata', import.meta.url))
const released = (await readdir(STORES)).flatMap((name) => /^store-(.+)\.db$/.exec(name)?.[1] ?? [])

/** The stores of a release in a data folder of their own. */
async function storesOf(version: string, folder: string): Promise<void> {
  for (const [from, to] of [
    ['store', 'fairlead'],
    ['telemetry', 'telemetry'],
  ]) {
    await copyFile(join(STORES, `${from}-${version}.db`), join(folder, `${to}.db`))
  }
}

test('there are stores of the first release, and the numbers of all steps are one sequence', () => {
  assert.ok(released.includes('0.1.0'))
  const numbers = [...STORE_MIGRATIONS, ...telemetryMigrations].map(({ id }) => id.slice(0, 4))
  assert.equal(new Set(numbers).size, numbers.length)
})

for (const version of released) {
  test(`the stores of ${version} are brought to this program's shape with everything in them`, async () => {
    await using folder = await temporaryFolder()
    await storesOf(version, folder.path)
    await using rig = await storeRig(folder.path, '0.7.0')
    const { registry, deployments } = rig
    assert.equal((await registry.resolve('credit@champion')).version, 2)
    const first = modelVersion.parse(await registry.getVersion('credit', 1))
    assert.deepEqual([first.tags, first.metrics, first.example, first.goldenRowCount], [{ team: 'risk' }, { auc: 0.8 }, [{ x: 1.5 }], 2])
    assert.deepEqual(
      first.files.map((file) => file.path),
      ['model.onnx', 'note.txt'],
    )
    await assert.rejects(registry.getModel('gone'), hasCode('model-unknown'))
    await assert.rejects(registry.deleteVersion('credit', 1), hasCode('version-in-use', 'scoring (release 1)'))

    const shown = deployment.parse(await deployments.get('scoring'))
    assert.deepEqual([shown.current?.number, shown.releases], [2, 2])
    const before = release.parse(await deployments.getRelease('scoring', 1))
    assert.deepEqual([before.state, before.settings.maxRows, before.checks.length], ['superseded', 7, 1])
    assert.deepEqual([await deployments.wasRemoved('old'), (await deployments.deploy('old', { model: 'credit' }, 'ann')).target.release], [true, 2])
    assert.deepEqual(
      (await rig.access.listKeys({ limit: 9 })).items.map(({ name, scopes, deployments }) => [name, scopes, deployments]),
      [['web', ['predict'], ['scoring']]],
    )
    rig.clock.at += 60_000
    const { points } = await rig.telemetry.telemetry('scoring', {
      since: Date.parse('2026-01-01T00:00:00.000Z'),
      until: Date.parse('2026-01-01T00:00:10.000Z'),
    })
    assert.deepEqual([points[0]?.requests, points[0]?.rows, points[0]?.refused], [5, 9, 1])
  })

  test(`golden rows of ${version} are kept apart from what serve processes read again and again, to the last digit`, async () => {
    await using folder = await temporaryFolder()
    await storesOf(version, folder.path)
    await using rig = await storeRig(folder.path, '0.7.0')
    await rig.deployments.rollback('scoring')
    using serving = openServing(rig.path)
    const [scoring] = (await serving.desired.read()).deployments
    assert.deepEqual(
      scoring?.releases.map((one) => [one.number, 'golden' in one, one.example]),
      [
        [1, false, [{ x: 1.5 }]],
        [2, false, []],
      ],
    )
    assert.deepEqual(serving.golden('scoring', 1)?.rows, [{ x: 1.5 }, { x: 9007199254740993n }])
    assert.equal(serving.golden('scoring', 2), undefined)
    await rig.deployments.remove('scoring')
    assert.equal(serving.golden('scoring', 1), undefined)
  })
}

test('a store with steps of a later program is refused and left alone', async () => {
  await using folder = await temporaryFolder()
  await storesOf('0.1.0', folder.path)
  const path = join(folder.path, 'fairlead.db')
  await using store = openSqlite<unknown>(path)
  const later = { id: '9999-later', up: async () => {} }
  await migrate(store.db, [...STORE_MIGRATIONS, later], { store: path, program: '0.7.0' })
  await assert.rejects(storeRig(folder.path), hasCode('store-newer', path, '0.7.0', '0.1.0', '9999-later'))
})

test('a step with a number before those that are applied is refused', async () => {
  await using folder = await temporaryFolder()
  await storesOf('0.1.0', folder.path)
  await using store = openSqlite<unknown>(join(folder.path, 'fairlead.db'))
  const early = { id: '0002-early', up: async () => {} }
  await assert.rejects(migrate(store.db, [...STORE_MIGRATIONS, early], { store: 'x', program: '0.7.0' }), /"0002-early" was added before "0020-access"/)
})
