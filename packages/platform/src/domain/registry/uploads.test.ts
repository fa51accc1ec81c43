import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sha256 } from '../../kernel/digest.ts'
import { hasCode, pieces } from '../../testing/blob-suite.ts'
import { type RegistryRig, registryRig } from '../../testing/registry-rig.ts'
import { temporaryFolder } from '../../testing/temporary.ts'
import type { RegistryLimits } from './limits.ts'

const check = (title: string, work: (rig: RegistryRig) => Promise<void>, limits: Partial<RegistryLimits> = {}) =>
  test(title, async () => {
    await using folder = await temporaryFolder()
    await using rig = await registryRig(folder.path, { limits })
    await work(rig)
  })

check('a file is answered with its digest and size; one at the same path takes its place', async (rig) => {
  const { upload, expiresAt } = await rig.registry.createUpload()
  assert.equal(expiresAt, '2026-01-01T01:00:00.000Z')
  assert.deepEqual(await rig.registry.putFile(upload, 'a/b', pieces('x', 'y')), { path: 'a/b', digest: sha256('xy'), size: 2 })
  await rig.registry.putFile(upload, 'a/b', pieces('z'))
  assert.deepEqual(await rig.stored(), [sha256('z')])
})

check('dropping removes files that only this upload has', async (rig) => {
  const one = await rig.upload({ a: 'shared', b: 'own' })
  await rig.upload({ a: 'shared' })
  await rig.registry.dropUpload(one)
  assert.deepEqual(await rig.stored(), [sha256('shared')])
  await assert.rejects(rig.registry.dropUpload(one), hasCode('upload-unknown'))
  await assert.rejects(rig.registry.putFile(one, 'c', pieces('x')), hasCode('upload-unknown'))
})

check('an upload past its time is gone, and the next one clears it away', async (rig) => {
  const upload = await rig.upload({ 'model.onnx': 'x' })
  rig.time.now += 3_600_000
  await assert.rejects(rig.registry.putFile(upload, 'b', pieces('y')), hasCode('upload-unknown'))
  await assert.rejects(rig.registry.importVersion('m', { upload }, 'ann'), hasCode('upload-unknown'))
  await rig.registry.createUpload()
  assert.deepEqual(await rig.stored(), [])
})

check('wrong paths are refused before anything is read', async (rig) => {
  const { upload } = await rig.registry.createUpload()
  async function* untouched(): AsyncIterable<Uint8Array> {
    assert.fail('the body was read')
    yield new Uint8Array()
  }
  for (const path of ['../x', '/x', 'a/../b', '', 'a\0']) await assert.rejects(rig.registry.putFile(upload, path, untouched()), hasCode('request-invalid'))
  await rig.registry.putFile(upload, 'a', pieces('x'))
  await assert.rejects(rig.registry.putFile(upload, 'a/b', untouched()), hasCode('request-invalid', 'a/b'))
  await assert.rejects(rig.registry.putFile('no-such', 'a', untouched()), hasCode('upload-unknown', 'no-such'))
})

check(
  'limits on files, their size, and the size of all',
  async (rig) => {
    const { upload } = await rig.registry.createUpload()
    const put = (path: string, bytes: number) => rig.registry.putFile(upload, path, pieces(Buffer.alloc(bytes)))
    await assert.rejects(put('m.ONNX', 11), hasCode('model-too-large', 'm.ONNX', '10 bytes'))
    await put('m.onnx', 10)
    await assert.rejects(put('w.bin', 21), hasCode('model-too-large', '20 bytes'))
    await put('w.bin', 20)
    await assert.rejects(put('x.bin', 16), hasCode('model-too-large', '45 bytes'))
    await put('x.bin', 15)
    await put('x.bin', 14)
    await assert.rejects(put('y.bin', 0), hasCode('request-invalid', 'at most 3 files'))
    assert.equal((await rig.stored()).length, 3)
  },
  { files: 3, onnxBytes: 10, fileBytes: 20, uploadBytes: 45 },
)

check(
  'the limit on all files holds also for those that arrive at the same time',
  async (rig) => {
    const { upload } = await rig.registry.createUpload()
    const puts = await Promise.allSettled(['a', 'b', 'c'].map((path) => rig.registry.putFile(upload, path, pieces(Buffer.alloc(10, path)))))
    assert.equal(puts.filter((put) => put.status === 'fulfilled').length, 2)
    assert.equal((await rig.stored()).length, 2)
  },
  { uploadBytes: 25 },
)

check('a line that breaks leaves the upload as it was', async (rig) => {
  const upload = await rig.upload({ a: 'old' })
  async function* breaking(): AsyncIterable<Uint8Array> {
    yield Buffer.from('ne')
    throw new Error('the line broke')
  }
  await assert.rejects(rig.registry.putFile(upload, 'a', breaking()), /the line broke/)
  assert.deepEqual(await rig.stored(), [sha256('old')])
})

check('nothing that is being put is swept away by a removal at the same time', async (rig) => {
  const gone = await rig.upload({ a: 'same' })
  const { upload } = await rig.registry.createUpload()
  let drop: Promise<void> | undefined
  async function* slow(): AsyncIterable<Uint8Array> {
    drop = rig.registry.dropUpload(gone)
    await new Promise((resolve) => setTimeout(resolve, 20))
    yield Buffer.from('same')
  }
  await rig.registry.putFile(upload, 'b', slow())
  await drop
  assert.deepEqual(await rig.stored(), [sha256('same')])
})
