import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pieces } from '../../testing/blob-suite.ts'
import { registryRig } from '../../testing/registry-rig.ts'
import { temporaryFolder } from '../../testing/temporary.ts'
import { BlobKeeper } from './keeper.ts'

test('nothing is removed between storing a blob and naming it; what stays unnamed goes afterwards', async () => {
  await using folder = await temporaryFolder()
  await using rig = await registryRig(folder.path)
  const keeper = new BlobKeeper(rig.store.db, rig.blobs)
  const { upload } = await rig.registry.createUpload()
  const [named, unnamed] = await keeper.storing(async () => {
    const a = await rig.blobs.put(pieces('named'))
    const b = await rig.blobs.put(pieces('unnamed'))
    await keeper.discard([a.digest, b.digest])
    await keeper.sweep()
    assert.equal(await rig.blobs.has(a.digest), true)
    await rig.store.db
      .insertInto('upload_files')
      .values({ upload, path: 'a', ...a })
      .execute()
    return [a.digest, b.digest] as const
  })
  assert.equal(await rig.blobs.has(named), true)
  assert.equal(await rig.blobs.has(unnamed), false)
})

test('storing waits while something is removed', async () => {
  await using folder = await temporaryFolder()
  await using rig = await registryRig(folder.path)
  const order: string[] = []
  const blobs = Object.create(rig.blobs, {
    remove: {
      async value(digest: string) {
        order.push('removing')
        await new Promise((resolve) => setTimeout(resolve, 20))
        await rig.blobs.remove(digest)
        order.push('removed')
      },
    },
  }) as typeof rig.blobs
  const keeper = new BlobKeeper(rig.store.db, blobs)
  const { digest } = await rig.blobs.put(pieces('x'))
  const removal = keeper.discard([digest])
  const work = keeper.storing(async () => void order.push('storing'))
  await Promise.all([removal, work])
  assert.deepEqual(order, ['removing', 'removed', 'storing'])
})

test('a removal that fails does not fail the change that caused it', async () => {
  await using folder = await temporaryFolder()
  await using rig = await registryRig(folder.path)
  const { digest } = await rig.blobs.put(pieces('x'))
  const blobs = Object.create(rig.blobs, { remove: { value: () => Promise.reject(new Error('the disk is gone')) } }) as typeof rig.blobs
  await new BlobKeeper(rig.store.db, blobs).discard([digest])
  await new BlobKeeper(rig.store.db, rig.blobs).sweep()
  assert.equal(await rig.blobs.has(digest), false)
})
