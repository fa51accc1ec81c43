import type { Kysely } from 'kysely'
import type { Clock } from '../../../kernel/clock.ts'
import type { QuotaTables } from '../tables.ts'
import type { LimitStore } from './store.ts'
import { windowAt } from './window.ts'

export interface QuotaKeeperOptions {
  db: Kysely<QuotaTables>
  shared: Pick<LimitStore, 'add' | 'changes'>
  clock: Clock
}

/** Keeps what callers spent of their quotas over a restart: the shared state is made anew at every start, and filled from here. */
export class QuotaKeeper {
  readonly #options: QuotaKeeperOptions
  #mark = 0
  #saving: Promise<void> | undefined

  constructor(options: QuotaKeeperOptions) {
    this.#options = options
  }

  /** Fills the shared state, which nobody uses yet. */
  async restore(): Promise<void> {
    const { db, shared, clock } = this.#options
    const now = clock.now()
    const spent = await db.selectFrom('quota_use').selectAll().where('window', 'in', windowsOf(now)).execute()
    shared.add([], spent, now)
  }

  /** Writes what has changed, and removes windows that are over. One at a time. */
  async save(): Promise<void> {
    await this.#saving
    this.#saving = this.#save().finally(() => {
      this.#saving = undefined
    })
    await this.#saving
  }

  async #save(): Promise<void> {
    const { db, shared, clock } = this.#options
    const { mark, spent } = shared.changes(this.#mark)
    const current = windowsOf(clock.now())
    const rows = spent.filter(({ window }) => current.includes(window))
    if (rows.length > 0) {
      await db.transaction().execute(async (transaction) => {
        for (const row of rows) {
          await transaction
            .insertInto('quota_use')
            .values(row)
            .onConflict((c) => c.columns(['subject', 'window']).doUpdateSet(row))
            .execute()
        }
        await transaction.deleteFrom('quota_use').where('window', 'not in', current).execute()
      })
    }
    this.#mark = mark
  }
}

function windowsOf(now: number): string[] {
  return [windowAt('day', now).label, windowAt('month', now).label]
}
