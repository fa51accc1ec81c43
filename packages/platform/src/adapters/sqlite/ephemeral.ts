import { rmSync } from 'node:fs'
import type { DatabaseSync } from 'node:sqlite'
import { FairleadError } from '@fairlead/contract'
import type { ObservedReport, ObservedStore } from '../../domain/deployment/index.ts'
import type { LimitStore } from '../../domain/governance/index.ts'
import type { Wish, WishStore } from '../../domain/inference/index.ts'
import type { ProcessSnapshot, SnapshotStore } from '../../domain/monitoring/index.ts'
import { type Clock, rfc3339, systemClock } from '../../kernel/clock.ts'
import { openDatabase } from './connection.ts'
import { LIMITS_SHAPE, limitStore } from './limits.ts'
import { Patience } from './patience.ts'

/**
 * What processes tell each other while they live, in one file that all of them open. It has room of its own, so that they are heard on a
 * full disk, too; once that is used up, what is said waits.
 */
export interface EphemeralStore extends Disposable {
  observed: ObservedStore
  snapshots: SnapshotStore
  limits: LimitStore
  wishes: WishStore
}

export interface EphemeralOptions {
  /** Starts with an empty file; for the control process at its start. */
  recreate?: boolean
  clock?: Clock
}

const SHAPE = `
  CREATE TABLE IF NOT EXISTS observed (
    process TEXT NOT NULL, deployment TEXT NOT NULL, release INTEGER NOT NULL, state TEXT NOT NULL, since TEXT NOT NULL, report TEXT NOT NULL,
    PRIMARY KEY (process, deployment, release)) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS snapshot (process TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS wish (deployment TEXT PRIMARY KEY, sequence INTEGER NOT NULL, body TEXT NOT NULL) WITHOUT ROWID;`

/** How long a write waits for one of another process, which takes well under a millisecond. */
const BUSY_MS = 50
/** Room set aside for rows, and as much for the write-ahead log, which is never shortened. */
const RESERVED_BYTES = 2 << 20
/** Pages of the write-ahead log after which it begins anew: half of what is set aside. */
const CHECKPOINT_PAGES = 256

/** Opens the file, or makes it. Nothing in it survives a power cut, nor needs to. Its writes do not fail when the disk is full, or another process is writing. */
export function openEphemeral(path: string, { recreate = false, clock = systemClock }: EphemeralOptions = {}): EphemeralStore {
  if (recreate) for (const file of [path, `${path}-wal`, `${path}-shm`]) rmSync(file, { force: true })
  const database = openDatabase(path, { durability: 'off' })
  database.exec(`PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES}`)
  database.exec(SHAPE)
  database.exec(LIMITS_SHAPE)
  // a serve process says it again on its next turn rather than let predictions wait for a lock
  database.exec(`PRAGMA busy_timeout = ${BUSY_MS}`)
  const patience = new Patience()
  if (recreate) patience.attempt(() => reserve(database))
  return {
    observed: observedStore(database, { clock, patience }),
    snapshots: snapshotStore(database, patience),
    limits: limitStore(database, patience),
    wishes: wishStore(database),
    [Symbol.dispose]() {
      patience[Symbol.dispose]()
      database.close()
    },
  }
}

function reserve(database: DatabaseSync): void {
  database.prepare("INSERT INTO snapshot (process, body) VALUES ('', zeroblob(?))").run(RESERVED_BYTES)
  database.exec("DELETE FROM snapshot WHERE process = ''; PRAGMA wal_checkpoint")
}

function observedStore(database: DatabaseSync, { clock, patience }: { clock: Clock; patience: Patience }): ObservedStore {
  // `since` tells when the state began, so saying the same state again keeps it
  const write = database.prepare(`
    INSERT INTO observed (process, deployment, release, state, since, report) VALUES (?, ?, ?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET report = excluded.report, state = excluded.state,
      since = CASE WHEN observed.state = excluded.state THEN observed.since ELSE excluded.since END`)
  const all = database.prepare('SELECT report, since FROM observed ORDER BY deployment, release, process')
  const some = database.prepare('SELECT report, since FROM observed WHERE deployment = ? ORDER BY release, process')
  const forgetProcess = database.prepare('DELETE FROM observed WHERE process = ?')
  const forgetDeployment = database.prepare('DELETE FROM observed WHERE deployment = ?')
  const forgetRelease = database.prepare('DELETE FROM observed WHERE deployment = ? AND release = ?')
  const forgetOwn = database.prepare('DELETE FROM observed WHERE process = ? AND deployment = ? AND release = ?')
  return {
    report(report) {
      const { process, deployment, release, state } = report
      const row = [process, deployment, release, state, rfc3339(clock.now()), JSON.stringify(report)] as const
      patience.write(JSON.stringify([process, deployment, release]), () => write.run(...row))
    },
    list(deployment) {
      const rows = deployment === undefined ? all.all() : some.all(deployment)
      return rows.map((row) => ({ ...(JSON.parse(String(row.report)) as ObservedReport), since: String(row.since) }))
    },
    forget(what) {
      patience.write(JSON.stringify(what), () => {
        if ('process' in what && 'deployment' in what) forgetOwn.run(what.process, what.deployment, what.release)
        else if ('process' in what) forgetProcess.run(what.process)
        else if (what.release === undefined) forgetDeployment.run(what.deployment)
        else forgetRelease.run(what.deployment, what.release)
      })
    },
  }
}

function snapshotStore(database: DatabaseSync, patience: Patience): SnapshotStore {
  const write = database.prepare('INSERT INTO snapshot (process, body) VALUES (?, ?) ON CONFLICT DO UPDATE SET body = excluded.body')
  const all = database.prepare('SELECT body FROM snapshot ORDER BY process')
  const remove = database.prepare('DELETE FROM snapshot WHERE process = ?')
  const replace = ({ process, body, ended }: { process: string; body: string; ended: string }) => {
    database.exec('BEGIN IMMEDIATE')
    try {
      write.run(process, body)
      remove.run(ended)
      database.exec('COMMIT')
    } catch (error) {
      if (database.isTransaction) database.exec('ROLLBACK')
      throw error
    }
  }
  return {
    publish(snapshot, ended) {
      const { process } = snapshot
      const body = JSON.stringify(snapshot)
      if (ended !== undefined) patience.write(`ended ${ended}`, () => replace({ process, body, ended }))
      // the next one follows within a second
      else patience.attempt(() => write.run(process, body))
    },
    list: () => all.all().map((row) => JSON.parse(String(row.body)) as ProcessSnapshot),
  }
}

function wishStore(database: DatabaseSync): WishStore {
  const write = database.prepare(`
    INSERT INTO wish (deployment, sequence, body) VALUES (?, (SELECT 1 + coalesce(max(sequence), 0) FROM wish), ?)
    ON CONFLICT DO UPDATE SET sequence = excluded.sequence, body = excluded.body RETURNING sequence`)
  const all = database.prepare('SELECT sequence, body FROM wish ORDER BY sequence')
  const newest = database.prepare('SELECT coalesce(max(sequence), 0) AS sequence FROM wish')
  return {
    add(wish) {
      try {
        return Number(write.get(wish.deployment, JSON.stringify(wish))?.sequence)
      } catch (cause) {
        throw new FairleadError('not-ready', 'the wish could not be told to the other processes; try again', { cause, retryAfter: 1 })
      }
    },
    list: () => all.all().map(({ sequence, body }) => ({ ...(JSON.parse(String(body)) as Omit<Wish, 'sequence'>), sequence: Number(sequence) })),
    newest: () => Number(newest.get()?.sequence),
  }
}
