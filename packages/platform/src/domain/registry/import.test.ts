import assert from 'node:assert/strict'
import { test } from 'node:test'
import { importResult } from '@fairlead/contract/control'
import { sha256 } from '../../kernel/digest.ts'
import { hasCode, pieces } from '../../testing/blob-suite.ts'
import { type RegistryRig, registryRig } from '../../testing/registry-rig.ts'
import { temporaryFolder } from '../../testing/temporary.ts'
import type { RegistryLimits } from './limits.ts'
import { versionDigest } from './manifest.ts'

const check = (title: string, work: (rig: RegistryRig) => Promise<void>, limits: Partial<RegistryLimits> = {}) =>
  test(title, async () => {
    await using folder = await temporaryFolder()
    await using rig = await registryRig(folder.path, { limits })
    await work(rig)
  })

check('a version has the files, facts, lineage and golden rows that came with it', async (rig) => {
  const upload = await rig.upload({ 'm/model.onnx': 'example', 'm/__pycache__/x.pyc': 'junk', 'data.csv': 'a,b' })
  const golden = { rows: [{ age: 1 }], predictions: [{ label: 'x' }], tolerance: 0.1 }
  const lineage = { source: 'https://example.org/m', codeCommit: 'abc', tool: { version: '2' }, dataDigests: { train: 'sha256:1' } }
  const result = await rig.registry.importVersion(
    'credit',
    { upload, alias: 'champion', tags: { team: 'risk' }, metrics: { auc: 0.8 }, description: 'first', golden, baseline: 'data.csv', lineage },
    'ann',
  )
  const { created, version } = importResult.parse(result)
  assert.equal(created, true)
  assert.equal(version.version, 1)
  assert.deepEqual(
    version.files.map((file) => [file.path, file.digest, file.size]),
    [
      ['data.csv', sha256('a,b'), 3],
      ['m/__pycache__/x.pyc', sha256('junk'), 4],
      ['m/model.onnx', sha256('example'), 7],
    ],
  )
  assert.equal(version.digest, versionDigest(version.files))
  assert.equal(version.sizeBytes, 14)
  assert.deepEqual([version.aliases, version.tags, version.metrics, version.description], [['champion'], { team: 'risk' }, { auc: 0.8 }, 'first'])
  assert.deepEqual(version.example, [{ age: 1 }])
  assert.deepEqual(version.lineage, {
    source: 'https://example.org/m',
    codeCommit: 'abc',
    trainingRun: 'run-of-the-file',
    tool: { writer: 'test', version: '2' },
    dataDigests: { train: 'sha256:1', baseline: sha256('a,b') },
    importedBy: 'ann',
    importedAt: '2026-01-01T00:00:00.000Z',
  })
  assert.deepEqual(await rig.registry.goldenOf('credit', 1), golden)
  await assert.rejects(rig.registry.dropUpload(upload), hasCode('upload-unknown'))
})

check('the digest depends on paths and contents, not on order or model', async (rig) => {
  const digestOf = async (model: string, files: Record<string, string>) =>
    (await rig.registry.importVersion(model, { upload: await rig.upload(files) }, 'ann')).version.digest
  const first = await digestOf('a', { 'model.onnx': 'x', b: 'y' })
  assert.equal(await digestOf('b', { b: 'y', 'model.onnx': 'x' }), first)
  assert.notEqual(await digestOf('a', { 'model.onnx': 'x', c: 'y' }), first)
  assert.notEqual(await digestOf('a', { 'model.onnx': 'x', b: 'z' }), first)
})

check('the same files again find the version that is there; what is said beside them still holds', async (rig) => {
  const once = async (request: object) => rig.registry.importVersion('m', { upload: await rig.upload({ 'model.onnx': 'x' }), ...request }, 'ann')
  await once({ tags: { a: '1' }, description: 'one' })
  const golden = { rows: [{}], predictions: [{}], tolerance: 0 }
  const { created, version } = await once({ tags: { b: '2' }, metrics: { auc: 1 }, alias: 'champion', golden })
  assert.equal(created, false)
  assert.deepEqual([version.version, version.tags, version.metrics, version.aliases], [1, { a: '1', b: '2' }, { auc: 1 }, ['champion']])
  assert.deepEqual([version.description, version.goldenRowCount], ['one', 1])
  assert.equal((await rig.registry.getModel('m')).versions, 1)
  assert.deepEqual(await rig.stored(), [sha256('x')])
})

check('a version that is there gets what a tracking server knows of it, once', async (rig) => {
  const mlflow = (uri: string) => ({ source: uri, trainingRun: 'r', mlflow: { trackingUri: 'https://mlflow', uri } })
  const once = async (lineage: object) =>
    (await rig.registry.importVersion('m', { upload: await rig.upload({ 'model.onnx': 'x' }), lineage }, 'ann')).version.lineage
  const first = await once({ source: 'model.onnx' })
  const told = await once(mlflow('models:/m/1'))
  assert.deepEqual(told, { ...first, mlflow: mlflow('models:/m/1').mlflow })
  assert.deepEqual(await once(mlflow('models:/m/2')), told)
  assert.deepEqual(await once({ source: 'elsewhere' }), told)
})

check('a name that is taken is refused when a new model is wanted, and the upload is still there', async (rig) => {
  const first = await rig.registry.importVersion('m', { upload: await rig.upload({ 'model.onnx': 'x' }), newModel: true }, 'ann')
  assert.equal(first.created, true)
  const upload = await rig.upload({ 'model.onnx': 'y' })
  await assert.rejects(rig.registry.importVersion('m', { upload, newModel: true }, 'ann'), hasCode('name-taken', '"m"'))
  assert.equal((await rig.registry.getModel('m')).versions, 1)
  assert.equal((await rig.registry.importVersion('n', { upload, newModel: true }, 'ann')).created, true)
})

check('imports of the same files at the same time give one version', async (rig) => {
  const uploads = await Promise.all(Array.from({ length: 6 }, () => rig.upload({ 'model.onnx': 'x', 'w.bin': 'w' })))
  const results = await Promise.all(uploads.map((upload) => rig.registry.importVersion('m', { upload }, 'ann')))
  assert.equal(results.filter((result) => result.created).length, 1)
  assert.deepEqual(new Set(results.map((result) => result.version.version)), new Set([1]))
  const different = await Promise.all(
    ['p', 'q', 'r'].map(async (text) => rig.registry.importVersion('m', { upload: await rig.upload({ 'model.onnx': text }) }, 'ann')),
  )
  assert.deepEqual(different.map((result) => result.version.version).sort(), [2, 3, 4])
  assert.equal((await rig.registry.verify('m', 1)).ok, true)
})

check("the user's signature is part of the version, given beside the upload or in it", async (rig) => {
  const files = { 'model.onnx': 'x' }
  const plain = await rig.registry.importVersion('m', { upload: await rig.upload(files) }, 'ann')
  const signed = await rig.registry.importVersion('m', { upload: await rig.upload(files), signature: 'inputs: []' }, 'ann')
  assert.notEqual(signed.version.digest, plain.version.digest)
  assert.deepEqual(
    signed.version.files.map((file) => file.path),
    ['fairlead-signature.yaml', 'model.onnx'],
  )
  assert.equal(signed.version.signature.columns[0]?.name, 'inputs: []')
  const within = await rig.registry.importVersion('m', { upload: await rig.upload({ ...files, 'fairlead-signature.yaml': 'inputs: []' }) }, 'ann')
  assert.deepEqual([within.created, within.version.version], [false, 2])
  const replaced = await rig.upload({ ...files, 'fairlead-signature.yaml': 'old' })
  assert.equal((await rig.registry.importVersion('m', { upload: replaced, signature: 'inputs: []' }, 'ann')).version.version, 2)
  assert.deepEqual(await rig.stored(), [sha256('x'), sha256('inputs: []')].sort())
})

check(
  'a refused import leaves nothing behind, and its upload can be mended',
  async (rig) => {
    const upload = await rig.upload({ 'model.onnx': 'bad', 'w.bin': 'w' })
    const before = await rig.stored()
    const { registry } = rig
    await assert.rejects(registry.importVersion('m', { upload }, 'ann'), hasCode('model-file-invalid', 'model.onnx'))
    await registry.putFile(upload, 'model.onnx', pieces('good'))
    await assert.rejects(registry.importVersion('m', { upload, signature: 'bad' }, 'ann'), hasCode('signature-invalid'))
    await assert.rejects(registry.importVersion('m', { upload, alias: 'v7' }, 'ann'), hasCode('name-invalid', 'v7'))
    await assert.rejects(registry.importVersion('Bad Name', { upload }, 'ann'), hasCode('name-invalid', 'Bad Name'))
    await assert.rejects(registry.importVersion('m', { upload, baseline: 'none.csv' }, 'ann'), hasCode('request-invalid', 'none.csv'))
    const golden = { rows: [{}, {}], predictions: [{}], tolerance: 0 }
    await assert.rejects(registry.importVersion('m', { upload, golden }, 'ann'), hasCode('request-invalid', '2 golden rows'))
    const tags = { a: '1', b: '2', c: '3' }
    await assert.rejects(registry.importVersion('m', { upload, tags }, 'ann'), hasCode('request-invalid', 'tags'))
    await assert.rejects(registry.getModel('m'), hasCode('model-unknown'))
    assert.deepEqual(
      await rig.stored(),
      before
        .filter((digest) => digest !== sha256('bad'))
        .concat(sha256('good'))
        .sort(),
    )
    assert.equal((await registry.importVersion('m', { upload }, 'ann')).version.version, 1)
    await assert.rejects(registry.importVersion('m', { upload }, 'ann'), hasCode('upload-unknown'))
  },
  { tags: 2 },
)

check('a damaged stored file stops the import', async (rig) => {
  const upload = await rig.upload({ 'model.onnx': 'x' })
  await rig.blobs.remove(sha256('x'))
  await assert.rejects(rig.registry.importVersion('m', { upload }, 'ann'), hasCode('blob-missing'))
  await assert.rejects(rig.registry.getModel('m'), hasCode('model-unknown'))
})

check('an upload that is dropped while it is imported gives no version', async (rig) => {
  const upload = await rig.upload({ 'model.onnx': 'x' })
  const [imported] = await Promise.allSettled([rig.registry.importVersion('m', { upload }, 'ann'), rig.registry.dropUpload(upload)])
  assert.equal(imported.status, 'rejected')
  assert.ok(hasCode('upload-unknown')(imported.reason))
  assert.deepEqual(await rig.stored(), [])
})
