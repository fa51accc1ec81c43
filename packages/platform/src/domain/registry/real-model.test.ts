import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { modelGraph, modelVersion } from '@fairlead/contract/control'
import { readModel } from '../../model/index.ts'
import { hasCode, pieces } from '../../testing/blob-suite.ts'
import { type RegistryRig, registryRig } from '../../testing/registry-rig.ts'
import { temporaryFolder } from '../../testing/temporary.ts'

const MODELS = fileURLToPath(new URL('../../model/testdata/mlflow', import.meta.url))

async function uploadOf({ registry }: RegistryRig, folder: string): Promise<string> {
  const { upload } = await registry.createUpload()
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const path = join(entry.parentPath, entry.name)
    await registry.putFile(upload, relative(folder, path), pieces(await readFile(path)))
  }
  return upload
}

test('an MLflow model goes in with signature, facts, graph, example and lineage', async () => {
  await using folder = await temporaryFolder()
  await using rig = await registryRig(folder.path, { readModel })
  const upload = await uploadOf(rig, join(MODELS, 'credit-risk'))
  const { version } = await rig.registry.importVersion('credit-risk', { upload }, 'ann')
  modelVersion.parse(version)
  assert.equal(version.format, 'onnx')
  assert.ok(version.signature.columns.length > 1)
  assert.equal(version.signature.task, 'classification')
  assert.ok((version.example?.length ?? 0) > 0)
  assert.ok(version.lineage.tool !== undefined)
  assert.ok(modelGraph.parse(await rig.registry.graph('credit-risk', 1)).nodes.length > 0)
  assert.ok(version.files.some((file) => file.path === 'model.onnx' && file.size > 0))
  assert.equal(await rig.registry.entryOf('credit-risk', 1), 'model.onnx')
})

test('files that are no model, and a signature that does not fit, are refused and leave no model', async () => {
  await using folder = await temporaryFolder()
  await using rig = await registryRig(folder.path, { readModel })
  const empty = await rig.registry.createUpload()
  await assert.rejects(rig.registry.importVersion('m', { upload: empty.upload }, 'ann'), hasCode('model-format-unknown'))
  const text = await rig.upload({ 'model.onnx': 'this is not a model' })
  await assert.rejects(rig.registry.importVersion('m', { upload: text }, 'ann'), hasCode('model-file-invalid'))
  const upload = await uploadOf(rig, join(MODELS, 'credit-risk'))
  const signature = 'inputs:\n  - { name: no_such_column, type: int64 }\n'
  await assert.rejects(rig.registry.importVersion('m', { upload, signature }, 'ann'), hasCode('signature-invalid', 'no_such_column'))
  await assert.rejects(rig.registry.getModel('m'), hasCode('model-unknown'))
})
