import { DatabaseSync } from 'node:sqlite'
import { translated } from './errors.ts'

const BUSY_TIMEOUT_MS = 5000

export interface SqliteOptions {
  /** Opens an existing store without the right to change it. */
  readOnly?: boolean
  /** `full` (default): what is committed survives a power cut. `off`: it survives a crash of the process only. */
  durability?: 'full' | 'off'
}

/** Opens the file and sets its pragmas. */
export function openDatabase(path: string, { readOnly = false, durability = 'full' }: SqliteOptions = {}): DatabaseSync {
  let database: DatabaseSync | undefined
  try {
    database = new DatabaseSync(path, { readOnly, enableForeignKeyConstraints: true, timeout: BUSY_TIMEOUT_MS })
    if (!readOnly) {
      database.exec('PRAGMA journal_mode = WAL')
      database.exec(`PRAGMA synchronous = ${durability === 'full' ? 'FULL' : 'OFF'}`)
    } else database.prepare('SELECT count(*) FROM sqlite_schema').get()
    return database
  } catch (error) {
    database?.close()
    throw translated(error, path)
  }
}
