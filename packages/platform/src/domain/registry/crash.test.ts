import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { FairleadError } from '@fairlead/contract'
import { hasCode, pieces } from '../../testing/blob-suite.ts'
import { mountTinyDisk } from '../../testing/full-disk.ts'
import { type RegistryRig, registryRig } from '../../testing/registry-rig.ts'
import { temporaryFolder } from '../../testing/temporary.ts'

const CHILD = fileURLToPath(new URL('../../testing/registry-child.ts', import.meta.url))

/** Every version is whole, and nothing is stored that no version needs. */
async function assertWhole(rig: RegistryRig, model: string): Promise<number> {
  const needed = new Set<string>()
  const { items } = await rig.registry.listVersions(model, { limit: 1000 })
  for (const { version } of items) {
    assert.equal((await rig.registry.verify(model, version)).ok, true, `version ${version}`)
    for (const file of (await rig.registry.getVersion(model, version)).files) needed.add(file.digest)
  }
  assert.deepEqual(await rig.stored(), [...needed].sort())
  return items[0]?.version ?? 0
}

test('after kill -9 at any moment the registry is whole, and what was answered is there', async () => {
  await using folder = await temporaryFolder()
  for (const delay of [0, 7, 23, 41]) {
    const child = spawn(process.execPath, [CHILD, folder.path], { stdio: ['ignore', 'pipe', 'inherit'] })
    let said = ''
    child.stdout.on('data', (data: Buffer) => {
      said += data.toString()
    })
    await once(child.stdout, 'data')
    await new Promise((resolve) => setTimeout(resolve, delay))
    child.kill('SIGKILL')
    await once(child, 'exit')
    const answered = said
      .split('\n')
      .slice(0, -1)
      .map(Number)
      .filter((version) => Number.isInteger(version))
    await using rig = await registryRig(folder.path)
    // the uploads that the child had open are not yet past their time
    rig.time.now += 3_600_000
    await rig.registry.start()
    const newest = await assertWhole(rig, 'm')
    const last = answered.at(-1) ?? 0
    assert.ok(newest >= last - 1, `newest ${newest}, last answered ${last}`)
    assert.deepEqual(await readdir(join(folder.path, 'blobs', 'tmp')), [])
  }
})

test('on a full disk an import is refused whole, and succeeds when there is room again', async () => {
  await using folder = await temporaryFolder()
  using disk = mountTinyDisk(join(folder.path, 'disk'))
  // without the right to mount there is no small disk; the store's and the blobs' own tests cover their halves
  if (!disk) return
  await using rig = await registryRig(disk.path)
  const first = await rig.upload({ 'model.onnx': 'one' })
  await rig.registry.importVersion('m', { upload: first }, 'ann')
  const upload = await rig.upload({ 'model.onnx': 'two' })
  await assert.rejects(rig.registry.putFile(upload, 'w.bin', pieces(Buffer.alloc(2_000_000))), hasCode('storage-full'))

  const junk = join(disk.path, 'junk')
  await writeFile(junk, Buffer.alloc(2_000_000)).catch(() => {})
  const golden = {
    rows: Array.from({ length: 2000 }, (_, i) => ({ i, text: 'x'.repeat(100) })),
    predictions: Array.from({ length: 2000 }, () => ({})),
    tolerance: 0,
  }
  await assert.rejects(rig.registry.importVersion('m', { upload, golden, alias: 'champion' }, 'ann'), hasCode('storage-full'))
  const model = await rig.registry.getModel('m')
  assert.deepEqual([model.versions, model.newest, model.aliases], [1, 1, {}])
  assert.equal((await rig.registry.verify('m', 1)).ok, true)

  await rm(junk)
  assert.equal((await rig.registry.importVersion('m', { upload }, 'ann')).version.version, 2)
  assert.equal(await assertWhole(rig, 'm'), 2)
})

test('a source that fails with the platform error of its own keeps it', async () => {
  await using folder = await temporaryFolder()
  await using rig = await registryRig(folder.path)
  const { upload } = await rig.registry.createUpload()
  async function* cut(): AsyncIterable<Uint8Array> {
    yield Buffer.from('x')
    throw new FairleadError('upload-incomplete', 'the body ended early')
  }
  await assert.rejects(rig.registry.putFile(upload, 'a', cut()), hasCode('upload-incomplete'))
})
