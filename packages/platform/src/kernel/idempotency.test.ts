import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Kysely } from 'kysely'
import { deploymentsForTest } from '../testing/deployments.ts'
import { IdempotencyStore, type IdempotencyTables } from './idempotency.ts'

test('idempotency keys hold for a day, for one caller, path and body', async () => {
  const { store: sqlite, clock, close } = await deploymentsForTest()
  const store = new IdempotencyStore(sqlite.db as unknown as Kysely<IdempotencyTables>, clock)
  const request = { key: 'k', scope: 'admin POST /x', bodyHash: 'h' }
  assert.equal(await store.find(request), undefined)
  await store.save(request, { status: 201, body: '{}' })
  assert.deepEqual(await store.find(request), { status: 201, body: '{}' })
  assert.equal(await store.find({ ...request, scope: 'other POST /x' }), undefined)
  await assert.rejects(store.find({ ...request, bodyHash: 'i' }), { code: 'idempotency-mismatch' })
  clock.at += 24 * 3_600_000 + 1
  assert.equal(await store.find({ ...request, bodyHash: 'i' }), undefined)
  await close()
})
