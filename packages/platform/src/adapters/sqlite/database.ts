import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite'
import { Kysely, type SqliteDatabase, SqliteDialect, SqliteDriver, type SqliteStatement } from 'kysely'
import { openDatabase, type SqliteOptions } from './connection.ts'
import { translated } from './errors.ts'

const STATEMENTS_KEPT = 200

/** An open store. */
export interface SqliteStore<T> extends AsyncDisposable {
  /** Queries; transactions run one after another, so a transaction must use its own handle and never `db`. */
  db: Kysely<T>
  /** A number that changes whenever another connection has changed the store. Takes microseconds. */
  dataVersion(): number
  close(): Promise<void>
}

/**
 * Opens an SQLite store: write-ahead log, foreign keys checked, five seconds of patience with other processes.
 * Throws `data-unwritable`, `file-unreadable`; queries throw `storage-full` when the disk is.
 */
export function openSqlite<T>(path: string, options: SqliteOptions = {}): SqliteStore<T> {
  const database = openDatabase(path, options)
  const prepared = new Prepared(database, path)
  const db = new Kysely<T>({ dialect: new NodeSqliteDialect(prepared) })
  const version = database.prepare('PRAGMA data_version')
  const close = async () => {
    await db.destroy()
    prepared.close()
  }
  return {
    db,
    dataVersion: () => (version.get() as { data_version: number }).data_version,
    close,
    [Symbol.asyncDispose]: close,
  }
}

/** Prepared statements by their text, the least recently used dropped. */
class Prepared implements SqliteDatabase {
  readonly #database: DatabaseSync
  readonly #path: string
  readonly #statements = new Map<string, SqliteStatement>()

  constructor(database: DatabaseSync, path: string) {
    this.#database = database
    this.#path = path
  }

  get inTransaction(): boolean {
    return this.#database.isTransaction
  }

  prepare(text: string): SqliteStatement {
    const known = this.#statements.get(text)
    const statement = known ?? this.#make(text)
    if (known) this.#statements.delete(text)
    this.#statements.set(text, statement)
    if (this.#statements.size > STATEMENTS_KEPT) {
      const [oldest] = this.#statements.keys()
      this.#statements.delete(oldest ?? '')
    }
    return statement
  }

  close(): void {
    this.#statements.clear()
    if (this.#database.isOpen) this.#database.close()
  }

  #make(text: string): SqliteStatement {
    const guard = <R>(work: () => R): R => {
      try {
        return work()
      } catch (error) {
        throw translated(error, this.#path)
      }
    }
    const statement: StatementSync = guard(() => this.#database.prepare(text))
    return {
      reader: statement.columns().length > 0,
      all: (parameters) => guard(() => statement.all(...bound(parameters))),
      run: (parameters) => guard(() => statement.run(...bound(parameters))),
      iterate: (parameters) => statement.iterate(...bound(parameters)),
    }
  }
}

/** SQLite has no booleans; everything else that cannot be bound is refused by the binding. */
function bound(parameters: readonly unknown[]): SQLInputValue[] {
  return parameters.map((value) => (typeof value === 'boolean' ? Number(value) : value) as SQLInputValue)
}

class NodeSqliteDialect extends SqliteDialect {
  readonly #database: Prepared

  constructor(database: Prepared) {
    super({ database })
    this.#database = database
  }

  override createDriver(): SqliteDriver {
    return new NodeSqliteDriver(this.#database)
  }
}

class NodeSqliteDriver extends SqliteDriver {
  readonly #database: Prepared

  constructor(database: Prepared) {
    super({ database })
    this.#database = database
  }

  override async beginTransaction(): Promise<void> {
    // a deferred transaction that turns from reading to writing fails at once when another process has written meanwhile
    this.#database.prepare('begin immediate').run([])
  }

  override async rollbackTransaction(): Promise<void> {
    // after a full disk SQLite has rolled back by itself, and a second rollback would hide the first error
    if (this.#database.inTransaction) this.#database.prepare('rollback').run([])
  }
}
