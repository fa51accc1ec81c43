import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { FairleadError } from '@fairlead/contract'
import { Access, KeyCache } from '../../domain/governance/index.ts'
import { deploymentsForTest, EXECUTION } from '../../testing/deployments.ts'
import { temporaryFolder } from '../../testing/temporary.ts'
import { openServing } from './serving.ts'

test('desired state holds the current release and the candidate, and is read anew only after a change', async () => {
  await using folder = await temporaryFolder()
  const path = join(folder.path, 'store.db')
  const setup = await deploymentsForTest({ path })
  try {
    using serving = openServing(path)
    const source = serving.desired
    assert.deepEqual((await source.read()).deployments, [])
    await setup.deployed({ model: 'credit:1' })
    await setup.deployments.deploy('credit-risk', { model: 'credit:2' }, 'admin')
    const before = source.revision()
    const { revision, deployments } = await source.read()
    assert.equal(revision, source.revision())
    assert.equal(before, revision)
    assert.deepEqual(
      deployments.map((one) => [one.name, one.current, one.releases.map((release) => release.number)]),
      [['credit-risk', 1, [1, 2]]],
    )
    const [current, candidate] = deployments[0]!.releases
    assert.equal(current?.entry, 'model.onnx')
    assert.deepEqual([current?.execution, candidate?.execution], [EXECUTION, undefined])
    assert.equal((await source.read()).deployments, deployments)
    await setup.deployments.remove('credit-risk')
    assert.ok(source.revision() > before)
    assert.deepEqual((await source.read()).deployments, [])
  } finally {
    await setup.close()
  }
})

test('serve processes know the keys in force, and read them again only when the store has changed', async () => {
  await using folder = await temporaryFolder()
  const path = join(folder.path, 'store.db')
  const setup = await deploymentsForTest({ path })
  try {
    using serving = openServing(path)
    const access = new Access({ db: setup.access, adminToken: 'fla_token-of-the-administrator', clock: setup.clock })
    const cache = new KeyCache({ source: serving.keys, clock: setup.clock })
    assert.equal(cache.refresh(), true)
    const { id, key } = await access.createKey({ name: 'ci', expiresAt: '2026-01-02T00:00:00.000Z' }, 'admin')
    assert.equal(cache.verify(key), undefined)
    assert.equal(cache.refresh(), true)
    assert.deepEqual(cache.verify(key), { id, scopes: ['predict'], deployments: [] })
    assert.equal(cache.verify('fl_aaaaaaaa_b'), undefined)
    assert.equal(cache.refresh(), false)
    setup.clock.at = Date.parse('2026-01-02T00:00:00.000Z')
    assert.equal(cache.verify(key), undefined)
    setup.clock.at -= 1
    assert.ok(cache.verify(key))
    await access.revokeKey(id)
    assert.equal(cache.refresh(), true)
    assert.equal(cache.verify(key), undefined)
  } finally {
    await setup.close()
  }
})

test('a serve process cannot write to the store, nor make one', async () => {
  await using folder = await temporaryFolder()
  assert.throws(
    () => openServing(join(folder.path, 'none.db')),
    (error: unknown) => error instanceof FairleadError && ['file-unreadable', 'data-unwritable'].includes(error.code),
  )
})
