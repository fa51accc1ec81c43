import assert from 'node:assert/strict'
import { chmod, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { sha256 } from '../../kernel/digest.ts'
import { hasCode, pieces } from '../../testing/blob-suite.ts'
import { temporaryFolder } from '../../testing/temporary.ts'
import { type FileBlobStore, fileBlobs } from './blobs.ts'
import { materialise } from './materialise.ts'

const FILES = [
  { path: 'model.onnx', digest: sha256('graph') },
  { path: 'data/weights.bin', digest: sha256('weights') },
]

async function filled(root: string): Promise<FileBlobStore> {
  const store = fileBlobs({ root: join(root, 'blobs') })
  await store.put(pieces('graph'))
  await store.put(pieces('weights'))
  return store
}

test('files lie under their paths, linked and not copied, and a second time changes nothing', async () => {
  await using folder = await temporaryFolder()
  const store = await filled(folder.path)
  const into = join(folder.path, 'cache', 'v1')
  await materialise(store, FILES, into)
  assert.equal(await readFile(join(into, 'data/weights.bin'), 'utf8'), 'weights')
  assert.equal((await stat(join(into, 'model.onnx'))).ino, (await stat(store.pathOf(sha256('graph')))).ino)
  const before = (await stat(into)).ino
  await materialise(store, FILES, into)
  assert.equal((await stat(into)).ino, before)
  assert.deepEqual(await readdir(join(folder.path, 'cache')), ['v1'])
})

test('a folder with a changed, missing or foreign file is made anew', async () => {
  await using folder = await temporaryFolder()
  const store = await filled(folder.path)
  const into = join(folder.path, 'v1')
  await materialise(store, FILES, into)
  await writeFile(join(into, 'extra'), 'x')
  await materialise(store, FILES, into)
  assert.deepEqual((await readdir(into)).sort(), ['data', 'model.onnx'])
})

test('a damaged or missing blob is not laid out, and nothing is left', async () => {
  await using folder = await temporaryFolder()
  const store = await filled(folder.path)
  const into = join(folder.path, 'v1')
  const path = store.pathOf(sha256('weights'))
  await chmod(path, 0o644)
  await writeFile(path, 'Weights')
  await assert.rejects(materialise(store, FILES, into), hasCode('blob-corrupt'))
  await store.remove(sha256('weights'))
  await assert.rejects(materialise(store, FILES, into), hasCode('blob-missing'))
  assert.deepEqual(await readdir(folder.path), ['blobs'])
})

test('a path that leaves the folder is refused before anything is written', async () => {
  await using folder = await temporaryFolder()
  const store = await filled(folder.path)
  await assert.rejects(materialise(store, [{ path: '../evil', digest: sha256('graph') }], join(folder.path, 'v1')), hasCode('request-invalid', '../evil'))
  assert.deepEqual(await readdir(folder.path), ['blobs'])
})

test('several processes may lay out the same folder at once', async () => {
  await using folder = await temporaryFolder()
  const store = await filled(folder.path)
  const into = join(folder.path, 'v1')
  await Promise.all(Array.from({ length: 6 }, () => materialise(store, FILES, into)))
  assert.equal(await readFile(join(into, 'model.onnx'), 'utf8'), 'graph')
  assert.deepEqual((await readdir(folder.path)).sort(), ['blobs', 'v1'])
})
