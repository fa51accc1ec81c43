import type { DatabaseSync } from 'node:sqlite'
import type { Changes, LimitStore } from '../../domain/governance/index.ts'
import type { Patience } from './patience.ts'

/** Tables of what callers took of their limits. `turn` grows with every change, so that each reader finds what is new to it. */
export const LIMITS_SHAPE = `
  CREATE TABLE IF NOT EXISTS limit_turn (id INTEGER PRIMARY KEY, turn INTEGER NOT NULL);
  INSERT OR IGNORE INTO limit_turn VALUES (1, 0);
  CREATE TABLE IF NOT EXISTS limit_bucket (
    subject TEXT PRIMARY KEY, level REAL NOT NULL, at INTEGER NOT NULL, full_at REAL NOT NULL, turn INTEGER NOT NULL) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS limit_bucket_turn ON limit_bucket (turn);
  CREATE TABLE IF NOT EXISTS limit_spent (
    subject TEXT NOT NULL, window TEXT NOT NULL, rows INTEGER NOT NULL, turn INTEGER NOT NULL, PRIMARY KEY (subject, window)) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS limit_spent_turn ON limit_spent (turn);`

/** What came back since the last change fills the bucket up to the most it holds, after what was taken meanwhile. */
const TAKE = `
  INSERT INTO limit_bucket (subject, level, at, full_at, turn) VALUES (:subject, :most - :requests, :now, 0, :turn)
  ON CONFLICT DO UPDATE SET level = min(:most, level + max(0, :now - at) * :perMs - :requests), at = :now, turn = :turn`
/** What is full says nothing that a new one would not. */
const FULL_AT = 'UPDATE limit_bucket SET full_at = at + (:most - level) / :perMs WHERE subject = :subject'
const SPEND = `
  INSERT INTO limit_spent (subject, window, rows, turn) VALUES (:subject, :window, :rows, :turn)
  ON CONFLICT DO UPDATE SET rows = rows + excluded.rows, turn = excluded.turn`

/** How often buckets that are full are taken away, in changes. */
const CLEAN_TURNS = 100
/** Quotas of windows that are over are kept for as many days and months. */
const KEPT = { day: 3, month: 62 }
const DAY_MS = 86_400_000

/** Limits of callers in the file that all processes share. */
export function limitStore(database: DatabaseSync, patience: Patience): LimitStore {
  const next = database.prepare('UPDATE limit_turn SET turn = turn + 1 RETURNING turn')
  const current = database.prepare('SELECT turn FROM limit_turn')
  const take = database.prepare(TAKE)
  const fullAt = database.prepare(FULL_AT)
  const spend = database.prepare(SPEND)
  const level = database.prepare('SELECT level, at FROM limit_bucket WHERE subject = ?')
  const spentOf = database.prepare('SELECT rows FROM limit_spent WHERE subject = ? AND window = ?')
  const levels = database.prepare('SELECT subject, level, at FROM limit_bucket WHERE turn > ?')
  const spents = database.prepare('SELECT subject, window, rows FROM limit_spent WHERE turn > ?')
  const clean = database.prepare('DELETE FROM limit_bucket WHERE full_at < ?')
  const end = database.prepare('DELETE FROM limit_spent WHERE (length(window) = 10 AND window < ?) OR (length(window) = 7 AND window < ?)')
  const tidy = (now: number) => {
    clean.run(now)
    const day = (ago: number) => new Date(now - ago * DAY_MS).toISOString()
    end.run(day(KEPT.day).slice(0, 10), day(KEPT.month).slice(0, 7))
  }
  return {
    level: (subject) => level.get(subject) as { level: number; at: number } | undefined,
    spent: (subject, window) => Number(spentOf.get(subject, window)?.rows ?? 0),
    add: (taken, spent, now) =>
      patience.attempt(() =>
        within(database, () => {
          const turn = Number(next.get()?.turn)
          for (const { subject, requests, perMs, most } of taken) {
            take.run({ subject, most, requests, now, perMs, turn })
            fullAt.run({ subject, most, perMs })
          }
          for (const row of spent) spend.run({ ...row, turn })
          if (turn % CLEAN_TURNS === 0) tidy(now)
        }),
      ),
    changes(mark): Changes {
      // taken before reading: a change during the read is seen again with the next one
      const turn = Number(current.get()?.turn)
      if (turn === mark) return { mark, levels: [], spent: [] }
      return { mark: turn, levels: levels.all(mark) as unknown as Changes['levels'], spent: spents.all(mark) as unknown as Changes['spent'] }
    },
  }
}

function within(database: DatabaseSync, work: () => void): void {
  database.exec('BEGIN IMMEDIATE')
  try {
    work()
    database.exec('COMMIT')
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK')
    throw error
  }
}
