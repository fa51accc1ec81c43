import { FairleadError } from '@fairlead/contract'
import type { Kysely } from 'kysely'
import { type Clock, rfc3339 } from './clock.ts'

const KEPT_MS = 24 * 3_600_000

/** The table of answers that were given; times are RFC 3339. */
export interface IdempotencyTables {
  idempotency: { key: string; scope: string; body_hash: string; status: number; body: string; created_at: string }
}

/** One request that carried an idempotency key: who asked for what, and with which body. */
export interface IdempotentRequest {
  key: string
  /** Who and what: the same key of two callers, or for two paths, is two keys. */
  scope: string
  bodyHash: string
}

/** Answers given to requests with an idempotency key, kept for 24 hours. */
export class IdempotencyStore {
  readonly #db: Kysely<IdempotencyTables>
  readonly #clock: Clock

  constructor(db: Kysely<IdempotencyTables>, clock: Clock) {
    this.#db = db
    this.#clock = clock
  }

  /** The answer given to the same request before. Throws `idempotency-mismatch` when the key was used with another body. */
  async find({ key, scope, bodyHash }: IdempotentRequest): Promise<{ status: number; body: string } | undefined> {
    const row = await this.#db
      .selectFrom('idempotency')
      .selectAll()
      .where('key', '=', key)
      .where('scope', '=', scope)
      .where('created_at', '>', rfc3339(this.#clock.now() - KEPT_MS))
      .executeTakeFirst()
    if (!row) return undefined
    if (row.body_hash !== bodyHash) throw new FairleadError('idempotency-mismatch', `The Idempotency-Key "${key}" was used with another body.`)
    return { status: row.status, body: row.body }
  }

  /** Keeps an answer, and drops those that are too old. */
  async save({ key, scope, bodyHash }: IdempotentRequest, answer: { status: number; body: string }): Promise<void> {
    const now = this.#clock.now()
    const row = { key, scope, body_hash: bodyHash, ...answer, created_at: rfc3339(now) }
    await this.#db
      .deleteFrom('idempotency')
      .where('created_at', '<=', rfc3339(now - KEPT_MS))
      .execute()
    await this.#db
      .insertInto('idempotency')
      .values(row)
      .onConflict((conflict) => conflict.columns(['key', 'scope']).doUpdateSet(row))
      .execute()
  }
}
