import { DatabaseSync } from 'node:sqlite'
import { translated } from './errors.ts'

const BUSY_TIMEOUT_MS = 5000
const IMPATIENT_MS = 50

export interface SqliteOptions {
  /** Opens an existing store without the right to change it. */
  readOnly?: boolean
  /** `full` (default): what is committed survives a power cut. `off`: it survives a crash of the process only. */
  durability?: 'full' | 'off'
  /** Once it is open, a lock of another process is waited for a moment only; for threads that have other work. */
  impatient?: boolean
}

/** Opens the file and sets its pragmas. */
export function openDatabase(path: string, { readOnly = false, durability = 'full', impatient = false }: SqliteOptions = {}): DatabaseSync {
  let database: DatabaseSync | undefined
  try {
    database = new DatabaseSync(path, { readOnly, enableForeignKeyConstraints: true, timeout: BUSY_TIMEOUT_MS })
    if (!readOnly) {
      database.exec('PRAGMA journal_mode = WAL')
      database.exec(`PRAGMA synchronous = ${durability === 'full' ? 'FULL' : 'OFF'}`)
    } else database.prepare('SELECT count(*) FROM sqlite_schema').get()
    if (impatient) database.exec(`PRAGMA busy_timeout = ${IMPATIENT_MS}`)
    return database
  } catch (error) {
    database?.close()
    throw translated(error, path)
  }
}
