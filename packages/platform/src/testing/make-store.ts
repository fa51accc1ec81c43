import { copyFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ServableRelease } from '../domain/inference/index.ts'
import { emptySeries } from '../domain/monitoring/types.ts'
import { pieces } from './blob-suite.ts'
import { identityModel } from './identity-model.ts'
import { sampleProcess } from './process-snapshots.ts'
import { storeRig } from './store-rig.ts'
import { temporaryFolder } from './temporary.ts'

// Writes the stores as this release makes them, with something in every table. Run it once per release, when its shape is final:
// node packages/platform/src/testing/make-store.ts packages/platform/src/app/testdata X.Y.Z
const [target, version] = process.argv.slice(2)
if (target === undefined || version === undefined) throw new Error('name the folder to write to, and the version')

/** Rows whose numbers a double cannot hold, which must survive every rewriting of the store. */
const GOLDEN = { rows: [{ x: 1.5 }, { x: 9007199254740993n }], predictions: [{ value: 1.5 }, { value: 9007199254740993n }], tolerance: 0.1 }
const MODEL = identityModel([{ name: 'x', type: 'float32', shape: [-1, 1] }]).bytes

await using folder = await temporaryFolder()
{
  await using rig = await storeRig(folder.path, version)
  const { registry, deployments, access, telemetry, observed, snapshots, clock } = rig
  const add = async (model: string, note: string, more: object = {}) => {
    const { upload } = await registry.createUpload()
    await registry.putFile(upload, 'model.onnx', pieces(MODEL))
    await registry.putFile(upload, 'note.txt', pieces(note))
    return registry.importVersion(model, { upload, ...more }, 'ann')
  }
  const said = { alias: 'champion', tags: { team: 'risk' }, metrics: { auc: 0.8 }, description: 'the first' }
  await add('credit', 'one', { ...said, golden: GOLDEN, lineage: { source: './one' } })
  await add('credit', 'two', { alias: 'champion' })
  await add('gone', 'gone')
  await registry.deleteModel('gone')
  await registry.createUpload()

  const deploy = async (name: string, request: { model: string; settings?: Partial<ServableRelease['settings']> }) => {
    const { id, target: made } = await deployments.deploy(name, request, 'ann')
    observed.report({ process: 'serve-1', ...made, state: 'ready', checks: [{ kind: 'golden', rows: 2, passed: true }] })
    await deployments.getOperation(id, { waitMs: 5000 })
  }
  await deploy('scoring', { model: 'credit:1', settings: { maxRows: 7 } })
  await deploy('scoring', { model: 'credit:2' })
  await deploy('old', { model: 'credit:1' })
  await deployments.remove('old')
  await access.createKey({ name: 'web', deployments: ['scoring'] }, 'ann')

  snapshots.set(sampleProcess([{ ...emptySeries('scoring', 2), requests: 5, rows: 9, errors: { 'column-missing': 1 } }]))
  clock.at += 10_000
  await telemetry.tick()
}
await copyFile(join(folder.path, 'fairlead.db'), join(target, `store-${version}.db`))
await copyFile(join(folder.path, 'telemetry.db'), join(target, `telemetry-${version}.db`))
