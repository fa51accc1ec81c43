import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FairleadError } from '@fairlead/contract'
import { type Kysely, sql } from 'kysely'
import { openSqlite } from '../../adapters/sqlite/database.ts'
import { inOrder, type Migration, migrate } from './migrate.ts'

const options = { store: '/data/fairlead.db', program: '0.1.0', clock: { now: () => 0 } }
const table = (name: string): Migration => ({
  id: `000${name}-step`,
  up: async (db) => void (await db.schema.createTable(`t${name}`).addColumn('id', 'integer').execute()),
})

async function tables(db: Kysely<unknown>): Promise<string[]> {
  const found = await sql<{ name: string }>`select name from sqlite_schema where name like 't_' order by name`.execute(db)
  return found.rows.map((row) => row.name)
}

test('steps are applied once, in the order of their ids, and recorded', async () => {
  await using store = openSqlite<unknown>(':memory:')
  assert.deepEqual(await migrate(store.db, [table('2'), table('1')], options), ['0001-step', '0002-step'])
  assert.deepEqual(await migrate(store.db, [table('1'), table('2')], options), [])
  assert.deepEqual(await migrate(store.db, [table('1'), table('2'), table('3')], { ...options, program: '0.2.0' }), ['0003-step'])
  assert.deepEqual(await tables(store.db), ['t1', 't2', 't3'])
  const rows = await sql<object>`select * from fairlead_migrations order by position`.execute(store.db)
  const at = '1970-01-01T00:00:00.000Z'
  assert.deepEqual(
    rows.rows.map((row) => ({ ...row })),
    [
      { id: '0001-step', position: 1, applied_at: at, applied_by: '0.1.0' },
      { id: '0002-step', position: 2, applied_at: at, applied_by: '0.1.0' },
      { id: '0003-step', position: 3, applied_at: at, applied_by: '0.2.0' },
    ],
  )
})

test('a step that fails leaves nothing of itself, and the steps before it stay', async () => {
  await using store = openSqlite<unknown>(':memory:')
  const broken: Migration = {
    id: '0002-broken',
    async up(db) {
      await db.schema.createTable('t9').addColumn('id', 'integer').execute()
      throw new Error('on purpose')
    },
  }
  await assert.rejects(migrate(store.db, [table('1'), broken], options), /on purpose/)
  assert.deepEqual(await tables(store.db), ['t1'])
  assert.deepEqual(await migrate(store.db, [table('1'), table('2')], options), ['0002-step'])
})

test('a store of a newer program is refused, with both versions named and nothing changed', async () => {
  await using store = openSqlite<unknown>(':memory:')
  await migrate(store.db, [table('1'), table('3')], { ...options, program: '0.9.0' })
  await assert.rejects(migrate(store.db, [table('1'), table('2')], options), (error) => {
    assert.ok(error instanceof FairleadError)
    assert.equal(error.code, 'store-newer')
    for (const part of ['/data/fairlead.db', '0.9.0', '0.1.0', '0003-step']) assert.ok(error.message.includes(part), part)
    return true
  })
  assert.deepEqual(await tables(store.db), ['t1', 't3'])
})

test('mistakes of the program itself are refused: double ids, wrong ids, steps put before applied ones', async () => {
  assert.throws(() => inOrder([table('1')], [table('1')]), /two migrations/)
  assert.throws(() => inOrder([{ id: 'registry', up: async () => {} }]), /not of the form/)
  await using store = openSqlite<unknown>(':memory:')
  await migrate(store.db, [table('2')], options)
  await assert.rejects(migrate(store.db, [table('1'), table('2')], options), /later number/)
})
