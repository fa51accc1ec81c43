import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { FairleadError } from '@fairlead/contract'
import { sqliteCode, translated } from './errors.ts'

const BUSY = 5
const LOCKED = 6

/**
 * Holds a data folder for this process until disposed. The operating system lets go of it when the process ends in any way, so a crash
 * leaves nothing to clean up. Throws `data-locked` when another process holds it, `data-unwritable` when it cannot be written.
 *
 * `lock.db` must not be opened by other code of this process: closing any handle on it would drop the lock (POSIX record locks).
 */
export function lockFolder(dir: string): Disposable {
  const folder = resolve(dir)
  const pidFile = join(folder, 'lock.pid')
  let database: DatabaseSync | undefined
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    database = new DatabaseSync(join(folder, 'lock.db'), { timeout: 0 })
    database.exec('PRAGMA journal_mode = DELETE; PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE')
    writeFileSync(pidFile, `${process.pid}\n`)
  } catch (error) {
    database?.close()
    throw refusal(error, folder, pidFile)
  }
  const held = database
  return {
    [Symbol.dispose]() {
      if (!held.isOpen) return
      rmSync(pidFile, { force: true })
      held.close()
    },
  }
}

/**
 * Marks this process as one that works on a folder for the one that holds it, until disposed or the process ends in any way.
 * Any number of processes may.
 */
export function attendFolder(dir: string): Disposable {
  const database = new DatabaseSync(attendance(dir), { timeout: 5000 })
  // a read within a transaction holds the file's shared lock
  database.exec('BEGIN')
  database.prepare('SELECT count(*) FROM sqlite_schema').get()
  return { [Symbol.dispose]: () => database.isOpen && database.close() }
}

/** Settles when no other process attends a folder, `true`, or still one does after `patienceMs`, `false`. Must not be called by one that does. */
export async function unattended(dir: string, patienceMs: number): Promise<boolean> {
  const until = Date.now() + patienceMs
  for (;;) {
    const database = new DatabaseSync(attendance(dir), { timeout: 0 })
    try {
      database.exec('PRAGMA journal_mode = DELETE; BEGIN EXCLUSIVE; COMMIT')
      return true
    } catch (error) {
      const code = sqliteCode(error)
      if (code !== BUSY && code !== LOCKED) throw damaged(translated(error, attendance(dir)), attendance(dir))
      if (Date.now() >= until) return false
    } finally {
      database.close()
    }
    await sleep(50)
  }
}

/** The file only serves to be held; that it may be removed is what its reader needs to know. */
function damaged(error: unknown, path: string): unknown {
  if (!(error instanceof FairleadError) || error.code !== 'file-unreadable') return error
  return new FairleadError('file-unreadable', `${path} is damaged. It holds nothing: remove it, and start again.`, { cause: error })
}

function attendance(dir: string): string {
  return join(resolve(dir), 'attend.db')
}

function refusal(error: unknown, folder: string, pidFile: string): FairleadError {
  const code = sqliteCode(error)
  if (code === BUSY || code === LOCKED) {
    const holder = holderOf(pidFile)
    const who = holder === undefined ? 'Another platform' : `Another platform (process ${holder})`
    return new FairleadError('data-locked', `${who} runs on the data folder ${folder}. Stop it, or choose another folder with --data.`, { cause: error })
  }
  const reason = error instanceof Error ? error.message : String(error)
  return new FairleadError('data-unwritable', `The data folder ${folder} cannot be written: ${reason}. Choose another with --data.`, { cause: error })
}

function holderOf(pidFile: string): number | undefined {
  try {
    const pid = Number(readFileSync(pidFile, 'utf8').trim())
    return Number.isSafeInteger(pid) && pid > 0 ? pid : undefined
  } catch {
    return undefined
  }
}
