import { rmSync } from 'node:fs'
import type { DatabaseSync } from 'node:sqlite'
import type { ObservedReport, ObservedStore } from '../../domain/deployment/index.ts'
import type { ProcessSnapshot, SnapshotStore } from '../../domain/monitoring/index.ts'
import { type Clock, rfc3339, systemClock } from '../../kernel/clock.ts'
import { openDatabase } from './connection.ts'

/** What processes tell each other while they live, in one file that all of them open. */
export interface EphemeralStore extends Disposable {
  observed: ObservedStore
  snapshots: SnapshotStore
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
  CREATE TABLE IF NOT EXISTS snapshot (process TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID;`

/** Opens the file, or makes it. Nothing in it survives a power cut, nor needs to. */
export function openEphemeral(path: string, { recreate = false, clock = systemClock }: EphemeralOptions = {}): EphemeralStore {
  if (recreate) for (const file of [path, `${path}-wal`, `${path}-shm`]) rmSync(file, { force: true })
  const database = openDatabase(path, { durability: 'off' })
  database.exec(SHAPE)
  return {
    observed: observedStore(database, clock),
    snapshots: snapshotStore(database),
    [Symbol.dispose]: () => database.close(),
  }
}

function observedStore(database: DatabaseSync, clock: Clock): ObservedStore {
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
      write.run(report.process, report.deployment, report.release, report.state, rfc3339(clock.now()), JSON.stringify(report))
    },
    list(deployment) {
      const rows = deployment === undefined ? all.all() : some.all(deployment)
      return rows.map((row) => ({ ...(JSON.parse(String(row.report)) as ObservedReport), since: String(row.since) }))
    },
    forget(what) {
      if ('process' in what && 'deployment' in what) forgetOwn.run(what.process, what.deployment, what.release)
      else if ('process' in what) forgetProcess.run(what.process)
      else if (what.release === undefined) forgetDeployment.run(what.deployment)
      else forgetRelease.run(what.deployment, what.release)
    },
  }
}

function snapshotStore(database: DatabaseSync): SnapshotStore {
  const write = database.prepare('INSERT INTO snapshot (process, body) VALUES (?, ?) ON CONFLICT DO UPDATE SET body = excluded.body')
  const all = database.prepare('SELECT body FROM snapshot ORDER BY process')
  const remove = database.prepare('DELETE FROM snapshot WHERE process = ?')
  return {
    publish(snapshot, ended) {
      const body = JSON.stringify(snapshot)
      if (ended === undefined) {
        write.run(snapshot.process, body)
        return
      }
      database.exec('BEGIN IMMEDIATE')
      try {
        write.run(snapshot.process, body)
        remove.run(ended)
        database.exec('COMMIT')
      } catch (error) {
        if (database.isTransaction) database.exec('ROLLBACK')
        throw error
      }
    },
    list: () => all.all().map((row) => JSON.parse(String(row.body)) as ProcessSnapshot),
  }
}
