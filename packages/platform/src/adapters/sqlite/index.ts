export type { SqliteOptions } from './connection.ts'
export { openSqlite, type SqliteStore } from './database.ts'
export { type EphemeralOptions, type EphemeralStore, openEphemeral } from './ephemeral.ts'
export { lockFolder, unattended } from './lock.ts'
