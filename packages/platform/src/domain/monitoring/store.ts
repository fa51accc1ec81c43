import { addSums, emptySums, rowOf, type Sums, sumsOfRow } from './point.ts'
import type { TelemetryDb, TelemetryTables } from './tables.ts'

/** Seconds of the short and the long steps. */
export const SHORT = 10
export const LONG = 60
const KEPT_MS = { [SHORT]: 86_400_000, [LONG]: 30 * 86_400_000 }

type Row = TelemetryTables['telemetry']
type Step = typeof SHORT | typeof LONG

/** What was counted within a step, and which release answered. */
export interface StepSums {
  deployment: string
  release: number
  sums: Sums
}

/** Keeps telemetry by steps of ten seconds for a day and of a minute for thirty days. */
export class TelemetryStore {
  readonly #db: TelemetryDb

  constructor(db: TelemetryDb) {
    this.#db = db
  }

  /** Adds to a short step, and notes that the platform was up in it. */
  async add(at: number, steps: readonly StepSums[]): Promise<void> {
    await this.#db.transaction().execute(async (db) => {
      await tick(db, SHORT, at)
      for (const { deployment, release, sums } of steps) {
        const key = { step: SHORT, at, deployment, release }
        const known = await db
          .selectFrom('telemetry')
          .selectAll()
          .where((e) => e.and(key))
          .executeTakeFirst()
        if (known) addSums(sums, sumsOfRow(known))
        await put(db, rowOf(sums, key))
      }
    })
  }

  /** Sums whole minutes before `now` that are not summed yet, and removes what is too old. May be repeated after a stop. */
  async rollUp(now: number): Promise<void> {
    const minute = LONG * 1000
    const last = await this.#newestTick(LONG)
    const from = last === undefined ? 0 : last + minute
    const ticks = await this.#db.selectFrom('telemetry_ticks').select('at').where('step', '=', SHORT).where('at', '>=', from).orderBy('at').execute()
    const minutes = new Set(ticks.map((t) => Math.floor(t.at / minute) * minute).filter((m) => m + minute <= now))
    for (const at of minutes) {
      const rows = await this.#rows(SHORT, { from: at, to: at + minute })
      const sums = new Map<string, { row: Row; sums: Sums }>()
      for (const row of rows) {
        const key = `${row.deployment}\u0000${row.release}`
        const entry = sums.get(key) ?? { row, sums: emptySums() }
        sums.set(key, entry)
        addSums(entry.sums, sumsOfRow(row))
      }
      await this.#db.transaction().execute(async (db) => {
        for (const { row, sums: all } of sums.values()) await put(db, rowOf(all, { step: LONG, at, deployment: row.deployment, release: row.release }))
        await tick(db, LONG, at)
      })
    }
    if (minutes.size > 0) await this.#expire(now)
  }

  /** Rows and ticks within `[from, to)`. Minutes that are not summed yet come in short steps. */
  async read(deployment: string, range: { from: number; to: number; step: Step }): Promise<{ rows: Row[]; ticks: number[] }> {
    const { from, to, step } = range
    if (step === SHORT) return { rows: await this.#rows(SHORT, { from, to, deployment }), ticks: await this.#ticks(SHORT, from, to) }
    const newest = await this.#newestTick(LONG)
    const cut = newest === undefined ? from : Math.max(from, newest + LONG * 1000)
    const rows = [...(await this.#rows(LONG, { from, to: Math.min(cut, to), deployment })), ...(await this.#rows(SHORT, { from: cut, to, deployment }))]
    const ticks = [...(await this.#ticks(LONG, from, Math.min(cut, to))), ...(await this.#ticks(SHORT, cut, to))]
    return { rows, ticks }
  }

  /** Sums of each deployment since a time, from short steps, and the steps in which the platform was up. */
  async sumsSince(from: number): Promise<{ sums: Map<string, Sums>; ticks: number[] }> {
    const result = new Map<string, Sums>()
    for (const row of await this.#rows(SHORT, { from, to: Number.MAX_SAFE_INTEGER })) {
      const sums = result.get(row.deployment) ?? emptySums()
      result.set(row.deployment, sums)
      addSums(sums, sumsOfRow(row))
    }
    return { sums: result, ticks: await this.#ticks(SHORT, from, Number.MAX_SAFE_INTEGER) }
  }

  /** Requests by minute and deployment since a time, and the minutes in which the platform was up. */
  async requestsByMinute(from: number): Promise<{ up: Set<number>; requests: { deployment: string; minute: number; requests: number }[] }> {
    const requests = await this.#db
      .selectFrom('telemetry')
      .select((e) => ['deployment', e('at', '-', e('at', '%', 60_000)).as('minute'), e.fn.sum<number>('requests').as('requests')])
      .where('step', '=', SHORT)
      .where('at', '>=', from)
      .groupBy(['deployment', 'minute'])
      .execute()
    const ticks = await this.#ticks(SHORT, from, Number.MAX_SAFE_INTEGER)
    return { up: new Set(ticks.map((at) => Math.floor(at / 60_000) * 60_000)), requests }
  }

  async #expire(now: number): Promise<void> {
    for (const step of [SHORT, LONG] as const) {
      for (const table of ['telemetry', 'telemetry_ticks'] as const) {
        await this.#db
          .deleteFrom(table)
          .where('step', '=', step)
          .where('at', '<', now - KEPT_MS[step])
          .execute()
      }
    }
  }

  async #newestTick(step: Step): Promise<number | undefined> {
    const row = await this.#db
      .selectFrom('telemetry_ticks')
      .select((e) => e.fn.max('at').as('at'))
      .where('step', '=', step)
      .executeTakeFirst()
    return row?.at ?? undefined
  }

  #rows(step: Step, range: { from: number; to: number; deployment?: string }): Promise<Row[]> {
    const query = this.#db.selectFrom('telemetry').selectAll().where('step', '=', step).where('at', '>=', range.from).where('at', '<', range.to)
    return (range.deployment === undefined ? query : query.where('deployment', '=', range.deployment)).orderBy('at').execute()
  }

  async #ticks(step: Step, from: number, to: number): Promise<number[]> {
    const rows = await this.#db.selectFrom('telemetry_ticks').select('at').where('step', '=', step).where('at', '>=', from).where('at', '<', to).execute()
    return rows.map((row) => row.at)
  }
}

async function put(db: TelemetryDb, row: Row): Promise<void> {
  await db
    .insertInto('telemetry')
    .values(row)
    .onConflict((c) => c.columns(['deployment', 'step', 'at', 'release']).doUpdateSet(row))
    .execute()
}

async function tick(db: TelemetryDb, step: Step, at: number): Promise<void> {
  await db
    .insertInto('telemetry_ticks')
    .values({ step, at })
    .onConflict((c) => c.columns(['step', 'at']).doNothing())
    .execute()
}
