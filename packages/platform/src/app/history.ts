import { renameSync, rmSync } from 'node:fs'
import { FairleadError } from '@fairlead/contract'
import { sql } from 'kysely'
import { openSqlite } from '../adapters/sqlite/index.ts'
import { type QuotaTables, quotaMigrations } from '../domain/governance/index.ts'
import { type TelemetryTables, telemetryMigrations } from '../domain/monitoring/index.ts'
import type { Logger } from '../kernel/logger.ts'
import { migrate } from '../kernel/sql/migrate.ts'
import { PROGRAM_VERSION } from './program-version.ts'

/** Tables of what is counted. */
export type HistoryTables = TelemetryTables & QuotaTables

/**
 * Opens the history of counters, and what callers used of their quotas. It is worth less than a start: a damaged one is put aside under another name, and begun anew.
 * Throws `store-newer` and whatever else is not damage.
 */
export async function openHistory(path: string, logger: Logger): Promise<ReturnType<typeof openSqlite<HistoryTables>>> {
  try {
    return await open(path)
  } catch (error) {
    if (!(error instanceof FairleadError) || error.code !== 'file-unreadable') throw error
    const aside = `${path}.damaged`
    rmSync(aside, { force: true })
    renameSync(path, aside)
    for (const end of ['-wal', '-shm']) rmSync(`${path}${end}`, { force: true })
    logger.warn({ error, aside }, 'the history of counters is damaged; it is put aside and begun anew')
    return open(path)
  }
}

async function open(path: string) {
  const history = openSqlite<HistoryTables>(path)
  try {
    await migrate(history.db, [...telemetryMigrations, ...quotaMigrations], { store: path, program: PROGRAM_VERSION })
    const { rows } = await sql<{ quick_check: string }>`PRAGMA quick_check(1)`.execute(history.db)
    const found = rows[0]?.quick_check
    if (found !== 'ok') throw new FairleadError('file-unreadable', `The store ${path} is damaged: ${found}.`)
    return history
  } catch (error) {
    await history[Symbol.asyncDispose]()
    throw error
  }
}
