import assert from 'node:assert/strict'
import { chmod, writeFile } from 'node:fs/promises'
import { test } from 'node:test'
import { model as modelSchema, modelVersion, modelVersionSummary } from '@fairlead/contract/control'
import { sha256 } from '../../kernel/digest.ts'
import { collect, hasCode } from '../../testing/blob-suite.ts'
import { type RegistryRig, registryRig } from '../../testing/registry-rig.ts'
import { temporaryFolder } from '../../testing/temporary.ts'

const check = (title: string, work: (rig: RegistryRig) => Promise<void>) =>
  test(title, async () => {
    await using folder = await temporaryFolder()
    await using rig = await registryRig(folder.path)
    await work(rig)
  })

async function add(rig: RegistryRig, model: string, text: string, alias?: string): Promise<number> {
  const upload = await rig.upload({ 'model.onnx': text })
  const { version } = await rig.registry.importVersion(model, { upload, ...(alias === undefined ? {} : { alias }) }, 'ann')
  return version.version
}

check('models are listed by name, page by page, as the contract has them', async (rig) => {
  for (const name of ['c', 'a', 'b', 'e', 'd']) await add(rig, name, name, 'champion')
  rig.uses.push({ model: 'b', name: 'shop', release: 4, version: 1 })
  const first = await rig.registry.listModels({ limit: 2 })
  const second = await rig.registry.listModels({ limit: 2, next: first.next ?? undefined })
  const third = await rig.registry.listModels({ limit: 2, next: second.next ?? undefined })
  assert.deepEqual(
    [first, second, third].map((page) => page.items.map((model) => model.name)),
    [['a', 'b'], ['c', 'd'], ['e']],
  )
  assert.equal(third.next, null)
  assert.match(first.next ?? '', /^[\w-]+$/)
  const b = modelSchema.parse(first.items[1])
  assert.deepEqual([b.versions, b.newest, b.aliases, b.deployments], [1, 1, { champion: 1 }, ['shop']])
  for (const next of ['', '!', 'bnVsbA', Buffer.from('5').toString('base64url')]) {
    await assert.rejects(rig.registry.listModels({ limit: 2, next }), hasCode('request-invalid', 'next'))
  }
})

check('versions are listed newest first, page by page', async (rig) => {
  for (const text of ['1', '2', '3']) await add(rig, 'm', text, `v-${text}`)
  rig.uses.push({ model: 'm', name: 'shop', release: 9, version: 2 })
  const first = await rig.registry.listVersions('m', { limit: 2 })
  const second = await rig.registry.listVersions('m', { limit: 2, next: first.next ?? undefined })
  assert.deepEqual(
    [...first.items, ...second.items].map((version) => [version.version, version.aliases, version.deployments]),
    [
      [3, ['v-3'], []],
      [2, ['v-2'], [{ name: 'shop', release: 9 }]],
      [1, ['v-1'], []],
    ],
  )
  assert.equal(second.next, null)
  modelVersionSummary.parse(first.items[0])
  const request = { upload: await rig.upload({ 'model.onnx': 'four' }), lineage: { source: './four' } }
  await rig.registry.importVersion('m', request, 'ann')
  assert.deepEqual(
    (await rig.registry.listVersions('m', { limit: 2 })).items.map((version) => version.source),
    ['./four', undefined],
  )
  await assert.rejects(rig.registry.listVersions('m', { limit: 2, next: Buffer.from('"x"').toString('base64url') }), hasCode('request-invalid'))
  await assert.rejects(rig.registry.listVersions('none', { limit: 2 }), hasCode('model-unknown'))
})

check('every form of reference resolves', async (rig) => {
  await add(rig, 'credit', 'one', 'champion')
  await add(rig, 'credit', 'two')
  const digest = (await rig.registry.getVersion('credit', 1)).digest
  const cases: [string, number][] = [
    ['credit', 2],
    ['credit:1', 1],
    ['credit@champion', 1],
    ['models:/credit/2', 2],
    ['models:/credit@champion', 1],
    ['models:/credit/latest', 2],
    [digest, 1],
  ]
  for (const [ref, version] of cases) assert.equal((await rig.registry.resolve(ref)).version, version, ref)
  modelVersion.parse(await rig.registry.resolve('credit'))
})

check('references that name nothing say what there is', async (rig) => {
  await add(rig, 'credit', 'one', 'champion')
  const { resolve } = { resolve: (ref: string) => rig.registry.resolve(ref) }
  for (const ref of ['', 'Credit', 'credit:0', 'credit:x', 'a b', 'credit/1', 'sha256:abc'])
    await assert.rejects(resolve(ref), hasCode('reference-invalid'), ref)
  await assert.rejects(resolve('credti'), hasCode('model-unknown', 'credti', 'Did you mean "credit"?'))
  await assert.rejects(resolve('credit:7'), hasCode('version-unknown', 'no version 7', 'newest is 1'))
  await assert.rejects(resolve('credit@champoin'), hasCode('version-unknown', 'Did you mean "champion"?'))
  await assert.rejects(resolve('credit@constructor'), hasCode('version-unknown'))
  await assert.rejects(resolve(sha256('nothing')), hasCode('version-unknown'))
})

check('aliases move, go, and cannot look like versions', async (rig) => {
  await add(rig, 'm', 'one', 'champion')
  await add(rig, 'm', 'two')
  assert.deepEqual((await rig.registry.setAlias('m', 'champion', 2)).aliases, { champion: 2 })
  assert.deepEqual((await rig.registry.getVersion('m', 1)).aliases, [])
  for (const alias of ['3', 'v3', 'latest', 'Champion', '', 'a b', 'x'.repeat(101)]) {
    await assert.rejects(rig.registry.setAlias('m', alias, 1), hasCode('name-invalid'), alias)
  }
  await assert.rejects(rig.registry.setAlias('m', 'other', 9), hasCode('version-unknown'))
  await rig.registry.deleteAlias('m', 'champion')
  await assert.rejects(rig.registry.deleteAlias('m', 'champion'), hasCode('version-unknown', 'champion'))
  await assert.rejects(rig.registry.resolve('m@champion'), hasCode('version-unknown'))
})

check('descriptions, tags and metrics change; null removes', async (rig) => {
  await add(rig, 'm', 'one')
  rig.time.now += 1000
  await rig.registry.patchVersion('m', 1, { description: 'first', tags: { team: 'risk', gone: 'x' }, metrics: { auc: 0.8, old: 1 } })
  const version = await rig.registry.patchVersion('m', 1, { tags: { gone: null }, metrics: { old: null, f1: 0.5 } })
  assert.deepEqual([version.description, version.tags, version.metrics], ['first', { team: 'risk' }, { auc: 0.8, f1: 0.5 }])
  const model = await rig.registry.patchModel('m', { description: 'all', tags: { a: 'b' } })
  assert.deepEqual([model.description, model.tags, model.updatedAt], ['all', { a: 'b' }, '2026-01-01T00:00:01.000Z'])
  const many = Object.fromEntries(Array.from({ length: 1001 }, (_, i) => [`k${i}`, 'v']))
  await assert.rejects(rig.registry.patchVersion('m', 1, { description: 'changed', tags: many }), hasCode('request-invalid', '1000'))
  assert.equal((await rig.registry.getVersion('m', 1)).description, 'first')
  await assert.rejects(rig.registry.patchVersion('m', 2, {}), hasCode('version-unknown'))
  await assert.rejects(rig.registry.patchModel('n', {}), hasCode('model-unknown'))
})

check('numbers are never given again, not even to a model made anew', async (rig) => {
  await add(rig, 'm', 'one')
  assert.equal(await add(rig, 'm', 'two', 'champion'), 2)
  await rig.registry.deleteVersion('m', 2)
  await assert.rejects(rig.registry.resolve('m@champion'), hasCode('version-unknown'))
  assert.equal((await rig.registry.getModel('m')).newest, 1)
  assert.equal(await add(rig, 'm', 'two'), 3)
  await rig.registry.patchModel('m', { description: 'old' })
  await rig.registry.deleteModel('m')
  await assert.rejects(rig.registry.getModel('m'), hasCode('model-unknown'))
  assert.deepEqual((await rig.registry.listModels({ limit: 10 })).items, [])
  assert.deepEqual(await rig.stored(), [])
  rig.time.now += 1000
  assert.equal(await add(rig, 'm', 'one'), 4)
  const model = await rig.registry.getModel('m')
  assert.deepEqual([model.description, model.createdAt, model.versions], ['', '2026-01-01T00:00:01.000Z', 1])
})

check('what is deployed cannot be removed', async (rig) => {
  await add(rig, 'm', 'one')
  await add(rig, 'm', 'two')
  rig.uses.push({ model: 'm', name: 'shop', release: 4, version: 1 })
  await assert.rejects(rig.registry.deleteVersion('m', 1), hasCode('version-in-use', 'shop (release 4)'))
  await assert.rejects(rig.registry.deleteModel('m'), hasCode('version-in-use', 'shop'))
  await rig.registry.deleteVersion('m', 2)
  assert.deepEqual((await rig.registry.getVersion('m', 1)).deployments, [{ name: 'shop', release: 4 }])
  await assert.rejects(rig.registry.deleteVersion('m', 2), hasCode('version-unknown'))
})

check('a file that two versions share stays until both are gone', async (rig) => {
  for (const model of ['a', 'b']) {
    const upload = await rig.upload({ 'model.onnx': model, 'shared.bin': 'same' })
    await rig.registry.importVersion(model, { upload }, 'ann')
  }
  await rig.registry.deleteVersion('a', 1)
  assert.deepEqual(await rig.stored(), [sha256('b'), sha256('same')].sort())
  await rig.registry.deleteModel('b')
  assert.deepEqual(await rig.stored(), [])
})

check('verifying finds damaged and missing files and names them', async (rig) => {
  const upload = await rig.upload({ 'model.onnx': 'graph', 'a.bin': 'weights', 'b.bin': 'more' })
  await rig.registry.importVersion('m', { upload }, 'ann')
  assert.equal((await rig.registry.verify('m', 1)).ok, true)
  const path = rig.blobs.pathOf(sha256('weights'))
  await chmod(path, 0o644)
  await writeFile(path, 'Weights')
  await rig.blobs.remove(sha256('more'))
  const { ok, files } = await rig.registry.verify('m', 1)
  assert.equal(ok, false)
  assert.deepEqual(
    files.map((file) => [file.path, file.ok, /damaged|missing/.exec(file.problem ?? '')?.[0]]),
    [
      ['a.bin', false, 'damaged'],
      ['b.bin', false, 'missing'],
      ['model.onnx', true, undefined],
    ],
  )
  const again = await rig.upload({ 'model.onnx': 'graph', 'a.bin': 'weights', 'b.bin': 'more' })
  assert.equal((await rig.registry.importVersion('m', { upload: again }, 'ann')).created, false)
  assert.equal((await rig.registry.verify('m', 1)).ok, true)
})

check('files, graph and entry of a version can be read', async (rig) => {
  const upload = await rig.upload({ 'model.onnx': 'graph', 'data/a.bin': 'weights' })
  await rig.registry.importVersion('m', { upload }, 'ann')
  const file = await rig.registry.openFile('m', 1, 'data/a.bin')
  assert.deepEqual([file.size, file.digest, (await collect(file.body)).toString()], [7, sha256('weights'), 'weights'])
  await assert.rejects(rig.registry.openFile('m', 1, 'data/b.bin'), hasCode('path-unknown', 'Did you mean "data/a.bin"?'))
  assert.equal((await rig.registry.graph('m', 1)).nodes[0]?.op, 'graph')
  assert.equal(await rig.registry.entryOf('m', 1), 'model.onnx')
})

test('who keeps what was made of versions is told when their files are gone', async () => {
  const gone: string[] = []
  await using folder = await temporaryFolder()
  await using rig = await registryRig(folder.path, { removed: async (digests) => void gone.push(...digests) })
  const version = async (name: string, text: string) =>
    (await rig.registry.importVersion(name, { upload: await rig.upload({ 'model.onnx': text }) }, 'ada')).version.digest
  const [one, two] = [await version('m', 'one'), await version('m', 'two')]
  assert.equal(await version('n', 'two'), two)
  await rig.registry.deleteVersion('m', 1)
  assert.deepEqual(gone, [one])
  await rig.registry.deleteModel('m')
  assert.deepEqual(gone, [one], 'another model has the same files')
  await rig.registry.deleteModel('n')
  assert.deepEqual(gone, [one, two])
})
