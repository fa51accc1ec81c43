import { copyFile } from 'node:fs/promises'
import { join } from 'node:path'
import { registryRig } from './registry-rig.ts'
import { temporaryFolder } from './temporary.ts'

// Writes the registry's store as this release makes it. Run it once per release, when its shape is final:
// node packages/platform/src/testing/make-store.ts packages/platform/src/domain/registry/testdata/store-X.Y.Z.db
const [target] = process.argv.slice(2)
if (target === undefined) throw new Error('name the file to write')
await using folder = await temporaryFolder()
{
  await using rig = await registryRig(folder.path)
  const golden = { rows: [{ age: 1 }], predictions: [{ label: 'x' }], tolerance: 0.1 }
  for (const text of ['one example', 'two']) {
    const upload = await rig.upload({ 'model.onnx': text, 'weights.bin': 'weights' })
    await rig.registry.importVersion('credit', { upload, alias: 'champion', tags: { team: 'risk' }, metrics: { auc: 0.8 }, golden }, 'ann')
  }
  await rig.registry.importVersion('gone', { upload: await rig.upload({ 'model.onnx': 'gone' }) }, 'ann')
  await rig.registry.deleteModel('gone')
}
await copyFile(join(folder.path, 'fairlead.db'), target)
