import { FairleadError } from '@fairlead/contract'
import { type Kysely, sql } from 'kysely'
import { type Clock, rfc3339, systemClock } from '../clock.ts'

/** One step of a store's shape. Steps are never changed after a release, only added. */
export interface Migration {
  /** Four digits that order all steps of the program, and a word: `0001-registry`. */
  id: string
  /** Runs in a transaction of its own. */
  up(db: Kysely<unknown>): Promise<void>
}

export interface MigrateOptions {
  /** What the store is called in errors, such as its path. */
  store: string
  /** Version of this program. */
  program: string
  clock?: Clock
}

interface Applied {
  fairlead_migrations: { id: string; position: number; applied_at: string; applied_by: string }
}

/** The migrations of all areas in their order. Throws when two share an id or an id has the wrong form. */
export function inOrder(...areas: Migration[][]): Migration[] {
  const all = areas.flat().sort((a, b) => (a.id < b.id ? -1 : 1))
  for (const [i, { id }] of all.entries()) {
    if (!/^\d{4}-[a-z0-9-]+$/.test(id)) throw new Error(`migration id "${id}" is not of the form 0001-word`)
    if (all[i - 1]?.id === id) throw new Error(`two migrations have the id "${id}"`)
  }
  return all
}

/**
 * Brings a store to this program's shape and answers the ids that were applied now. Forward only; each step in its own transaction,
 * so that a crash leaves a whole step or none. Throws `store-newer` when the store has steps that this program does not know.
 */
export async function migrate<T>(db: Kysely<T>, migrations: Migration[], options: MigrateOptions): Promise<string[]> {
  // Kysely's type of tables is invariant, and the steps run on stores of any shape
  const store = db as unknown as Kysely<Applied>
  const ordered = inOrder(migrations)
  await sql`create table if not exists fairlead_migrations (
    id text primary key, position integer not null unique, applied_at text not null, applied_by text not null)`.execute(store)
  const present = await store.selectFrom('fairlead_migrations').selectAll().orderBy('position').execute()
  refuseUnknown(present, ordered, options)
  const done = new Set(present.map((row) => row.id))
  const newest = present.at(-1)?.id
  const pending = ordered.filter((step) => !done.has(step.id))
  const misplaced = pending.find((step) => newest !== undefined && step.id < newest)
  if (misplaced) throw new Error(`migration "${misplaced.id}" was added before "${newest}", which is already applied; give it a later number`)

  let position = present.at(-1)?.position ?? 0
  for (const step of pending) {
    position++
    const row = { id: step.id, position, applied_at: rfc3339((options.clock ?? systemClock).now()), applied_by: options.program }
    await store.transaction().execute(async (transaction) => {
      await step.up(transaction as unknown as Kysely<unknown>)
      await transaction.insertInto('fairlead_migrations').values(row).execute()
    })
  }
  return pending.map((step) => step.id)
}

function refuseUnknown(present: Applied['fairlead_migrations'][], known: Migration[], options: MigrateOptions): void {
  const ids = new Set(known.map((step) => step.id))
  const unknown = present.filter((row) => !ids.has(row.id))
  const last = unknown.at(-1)
  if (!last) return
  const steps = unknown.map((row) => row.id).join(', ')
  throw new FairleadError(
    'store-newer',
    `The store ${options.store} was written by Fairlead ${last.applied_by} and has steps (${steps}) that this program, Fairlead ${options.program}, does not know.`,
  )
}
