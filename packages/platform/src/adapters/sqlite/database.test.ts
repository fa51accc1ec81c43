import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { FairleadError } from '@fairlead/contract'
import { sql } from 'kysely'
import { temporaryFolder } from '../../testing/temporary.ts'
import { openSqlite } from './database.ts'

interface Tables {
  item: { id: number; name: string; flag: number | boolean | null; bytes: Uint8Array | null }
  child: { item: number }
}

async function withStore(work: (path: string) => Promise<void>): Promise<void> {
  await using folder = await temporaryFolder()
  const path = join(folder.path, 'store.db')
  {
    await using store = openSqlite<Tables>(path)
    await sql`create table item (id integer primary key, name text not null, flag integer, bytes blob)`.execute(store.db)
    await sql`create table child (item integer not null references item (id))`.execute(store.db)
  }
  await work(path)
}

test('values go in and come back, booleans as numbers', () =>
  withStore(async (path) => {
    await using store = openSqlite<Tables>(path)
    const inserted = await store.db
      .insertInto('item')
      .values({ id: 1, name: "o'k", flag: true, bytes: new Uint8Array([0, 255]) })
      .executeTakeFirstOrThrow()
    assert.equal(inserted.numInsertedOrUpdatedRows, 1n)
    const row = await store.db.selectFrom('item').selectAll().executeTakeFirstOrThrow()
    assert.deepEqual({ ...row, bytes: [...(row.bytes ?? [])] }, { id: 1, name: "o'k", flag: 1, bytes: [0, 255] })
    const returned = await store.db.updateTable('item').set({ name: 'b' }).where('id', '=', 1).returning('name').execute()
    assert.deepEqual(
      returned.map((r) => r.name),
      ['b'],
    )
  }))

test('the pragmas hold: write-ahead log, full synchronisation, foreign keys', () =>
  withStore(async (path) => {
    await using store = openSqlite<Tables>(path)
    const pragma = async (name: string) => Object.values((await sql.raw<Record<string, unknown>>(`PRAGMA ${name}`).execute(store.db)).rows[0] ?? {})[0]
    assert.equal(await pragma('journal_mode'), 'wal')
    assert.equal(await pragma('synchronous'), 2)
    assert.equal(await pragma('busy_timeout'), 5000)
    await assert.rejects(store.db.insertInto('child').values({ item: 99 }).execute(), /FOREIGN KEY/)
    await using fast = openSqlite<Tables>(path, { durability: 'off' })
    assert.equal((await sql<{ synchronous: number }>`PRAGMA synchronous`.execute(fast.db)).rows[0]?.synchronous, 0)
  }))

test('transactions that start together run one after another and see each other whole', () =>
  withStore(async (path) => {
    await using store = openSqlite<Tables>(path)
    const add = () =>
      store.db.transaction().execute(async (trx) => {
        const { count } = await trx
          .selectFrom('item')
          .select((e) => e.fn.countAll<number>().as('count'))
          .executeTakeFirstOrThrow()
        await new Promise((resolve) => setImmediate(resolve))
        await trx
          .insertInto('item')
          .values({ id: count + 1, name: 'n', flag: null, bytes: null })
          .execute()
      })
    await Promise.all(Array.from({ length: 20 }, add))
    assert.equal((await store.db.selectFrom('item').selectAll().execute()).length, 20)
  }))

test('a transaction holds the right to write from its start', () =>
  withStore(async (path) => {
    await using store = openSqlite<Tables>(path)
    using other = new DatabaseSync(path, { timeout: 0 })
    await store.db.transaction().execute(async (trx) => {
      await trx.selectFrom('item').selectAll().execute()
      assert.throws(() => other.exec("insert into item (id, name) values (1, 'n')"), /locked/)
    })
    other.exec("insert into item (id, name) values (1, 'n')")
  }))

test('a failed transaction leaves nothing', () =>
  withStore(async (path) => {
    await using store = openSqlite<Tables>(path)
    const failed = store.db.transaction().execute(async (trx) => {
      await trx.insertInto('item').values({ id: 1, name: 'n', flag: null, bytes: null }).execute()
      throw new Error('on purpose')
    })
    await assert.rejects(failed, /on purpose/)
    assert.deepEqual(await store.db.selectFrom('item').selectAll().execute(), [])
  }))

test('the data version changes with the writes of others only', () =>
  withStore(async (path) => {
    await using one = openSqlite<Tables>(path)
    await using two = openSqlite<Tables>(path, { readOnly: true })
    const before = two.dataVersion()
    const own = one.dataVersion()
    await one.db.insertInto('item').values({ id: 1, name: 'n', flag: null, bytes: null }).execute()
    assert.notEqual(two.dataVersion(), before)
    assert.equal(two.dataVersion(), two.dataVersion())
    assert.equal(one.dataVersion(), own)
  }))

test('a store opened for reading refuses writes', () =>
  withStore(async (path) => {
    await using store = openSqlite<Tables>(path, { readOnly: true })
    assert.deepEqual(await store.db.selectFrom('item').selectAll().execute(), [])
    await assert.rejects(
      store.db.insertInto('item').values({ id: 1, name: 'n', flag: null, bytes: null }).execute(),
      (error) => error instanceof FairleadError && error.code === 'data-unwritable',
    )
  }))

test('a full disk is named, and the transaction is undone', () =>
  withStore(async (path) => {
    await using store = openSqlite<Tables>(path)
    // SQLite reports a full store the same way for its own page limit as for the disk
    await sql`PRAGMA max_page_count = 8`.execute(store.db)
    const failed = store.db.transaction().execute(async (trx) => {
      await trx.insertInto('item').values({ id: 1, name: 'kept?', flag: null, bytes: null }).execute()
      await trx
        .insertInto('item')
        .values({ id: 2, name: 'n', flag: null, bytes: new Uint8Array(1_000_000) })
        .execute()
    })
    await assert.rejects(failed, (error) => error instanceof FairleadError && error.code === 'storage-full' && error.message.includes(path))
    assert.deepEqual(await store.db.selectFrom('item').selectAll().execute(), [])
    await store.db.insertInto('item').values({ id: 3, name: 'small', flag: null, bytes: null }).execute()
  }))

test('what is not a store, or cannot be opened, is named', async () => {
  await using folder = await temporaryFolder()
  const text = join(folder.path, 'text.db')
  await writeFile(text, 'this is not a database, and it is long enough to have a header to be looked at '.repeat(20))
  for (const readOnly of [false, true]) {
    assert.throws(
      () => openSqlite(text, { readOnly }),
      (error) => error instanceof FairleadError && error.code === 'file-unreadable' && error.message.includes(text),
    )
  }
  assert.throws(
    () => openSqlite(join(folder.path, 'no', 'such', 'folder.db')),
    (error) => error instanceof FairleadError && error.code === 'data-unwritable',
  )
})

test('a store can be closed without having been used, and many different statements are kept in bounds', () =>
  withStore(async (path) => {
    const unused = openSqlite<Tables>(path)
    await unused.close()
    await using store = openSqlite<Tables>(path)
    for (let i = 0; i < 500; i++) await sql.raw(`select ${i}`).execute(store.db)
    assert.deepEqual(
      (await sql`select 1 as one`.execute(store.db)).rows.map((r) => ({ ...(r as object) })),
      [{ one: 1 }],
    )
  }))
