export { openSqlite, type SqliteOptions, type SqliteStore } from './database.ts'
export { type EphemeralOptions, type EphemeralStore, openEphemeral } from './ephemeral.ts'
export { lockFolder } from './lock.ts'
