import assert from 'node:assert/strict'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
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
    // what was read of a release is not read again when something else changes
    await setup.deployed({ model: 'credit:1', settings: { maxRows: 7 } })
    const [next] = (await source.read()).deployments
    assert.deepEqual(
      next?.releases.map((release) => release.number),
      [3],
    )
    setup.clock.at += 1
    await setup.deployments.deploy('credit-risk', { model: 'credit:2' }, 'admin')
    const [same] = (await source.read()).deployments
    assert.equal(same?.releases[0]?.files, next?.releases[0]?.files)
    assert.equal(same?.generation, next?.generation)
    await setup.deployments.remove('credit-risk')
    setup.clock.at += 1
    await setup.deployments.deploy('credit-risk', { model: 'credit:1' }, 'admin')
    const [anew] = (await source.read()).deployments
    assert.deepEqual([anew?.name, anew?.current, anew?.releases.map((release) => release.number)], ['credit-risk', undefined, [5]])
    assert.notEqual(anew?.generation, next?.generation)
    await setup.deployments.remove('credit-risk')
    assert.ok(source.revision() > before)
    assert.deepEqual((await source.read()).deployments, [])
  } finally {
    await setup.close()
  }
})

test('golden rows stand beside the release, and are asked for alone', async () => {
  await using folder = await temporaryFolder()
  const path = join(folder.path, 'store.db')
  const setup = await deploymentsForTest({ path })
  const golden = { rows: [{ age: 9007199254740993n }], predictions: [{ label: 'good' }], tolerance: 0 }
  setup.models.goldenOf = async () => golden
  try {
    await setup.deployed({ model: 'credit:1' })
    using serving = openServing(path)
    const [deployment] = (await serving.desired.read()).deployments
    assert.equal('golden' in (deployment?.releases[0] ?? {}), false)
    assert.deepEqual(serving.golden('credit-risk', 1), golden)
    assert.equal(serving.golden('credit-risk', 2), undefined)
  } finally {
    await setup.close()
  }
})

test('a question that meets a lock fails at once, and is answered when it is asked again', async () => {
  await using folder = await temporaryFolder()
  const path = join(folder.path, 'store.db')
  const setup = await deploymentsForTest({ path })
  try {
    await setup.deployed({ model: 'credit:1' })
    await setup.deployments.stop()
    await setup.store.close()
    // with the write-ahead log readers meet a lock only in rare moments; without it a test can make one
    const other = new DatabaseSync(path)
    other.exec('PRAGMA journal_mode = DELETE')
    using serving = openServing(path)
    await serving.desired.read()
    other.exec('BEGIN EXCLUSIVE')
    const begun = performance.now()
    await assert.rejects(async () => serving.desired.read(), /locked|busy/)
    assert.ok(performance.now() - begun < 1000, `${performance.now() - begun} ms`)
    other.exec('ROLLBACK')
    other.close()
    assert.equal((await serving.desired.read()).deployments.length, 1)
  } finally {
    await setup.deployments.stop()
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
