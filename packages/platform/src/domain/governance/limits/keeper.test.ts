import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { openEphemeral, openSqlite } from '../../../adapters/sqlite/index.ts'
import { migrate } from '../../../kernel/sql/migrate.ts'
import { handClock } from '../../../testing/deployments.ts'
import { temporaryFolder } from '../../../testing/temporary.ts'
import { type QuotaTables, quotaMigrations } from '../tables.ts'
import { QuotaKeeper } from './keeper.ts'

test('what was spent outlives a restart; windows that are over are removed', async () => {
  await using folder = await temporaryFolder()
  const clock = handClock()
  clock.at = Date.parse('2026-11-30T23:00:00Z')
  const start = async () => {
    const store = openSqlite<QuotaTables>(join(folder.path, 't.db'))
    await migrate(store.db, quotaMigrations, { store: 't.db', program: '1' })
    const shared = openEphemeral(join(folder.path, 'e.db'), { recreate: true, clock })
    const keeper = new QuotaKeeper({ db: store.db, shared: shared.limits, clock })
    await keeper.restore()
    return { store, shared, keeper, limits: shared.limits }
  }
  const stop = async ({ store, shared }: Awaited<ReturnType<typeof start>>) => {
    shared[Symbol.dispose]()
    await store.close()
  }
  const spent = (subject: string, rows: number) => [
    { subject, window: '2026-11-30', rows },
    { subject, window: '2026-11', rows },
  ]
  const one = await start()
  one.limits.add([], [...spent('key:a', 7), ...spent('key:b', 1)], clock.at)
  await Promise.all([one.keeper.save(), one.keeper.save()])
  one.limits.add([], spent('key:a', 3), clock.at)
  await one.keeper.save()
  // a crash takes what came after
  one.limits.add([], spent('key:a', 100), clock.at)
  await stop(one)

  const two = await start()
  assert.deepEqual(
    ['2026-11-30', '2026-11'].map((window) => two.limits.spent('key:a', window)),
    [10, 10],
  )
  clock.at += 2 * 3_600_000
  two.limits.add([], [{ subject: 'key:a', window: '2026-12-01', rows: 2 }], clock.at)
  await two.keeper.save()
  const kept = await two.store.db.selectFrom('quota_use').selectAll().execute()
  assert.deepEqual(
    kept.map((row) => ({ ...row })),
    [{ subject: 'key:a', window: '2026-12-01', rows: 2 }],
  )
  await stop(two)
})
