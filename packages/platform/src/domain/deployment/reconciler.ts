import type { Operation } from '@fairlead/contract/control'
import { type Clock, rfc3339 } from '../../kernel/clock.ts'
import { type Candidacy, judge, type Verdict } from './judge.ts'
import type { Operations } from './operations.ts'
import { operationRow } from './records.ts'
import { bumpRevision, type DeploymentDb } from './tables.ts'
import type { ObservedStore } from './types.ts'

const POLL_MS = 20

export interface ReconcilerOptions {
  db: DeploymentDb
  observed: ObservedStore
  operations: Operations
  clock: Clock
  liveProcesses(): string[]
  nudge(): void
  /** Told of errors of the store; the next round tries again. */
  onError?: ((error: unknown) => void) | undefined
}

/** Brings candidates under way to their end: waits for all serve processes, then swaps, or gives up and says why. */
export class Reconciler {
  readonly #options: ReconcilerOptions
  readonly #watched = new Map<string, { operation: Operation; candidacy: Candidacy }>()
  #timer: NodeJS.Timeout | undefined
  #round: Promise<void> | undefined
  #stopped = false

  constructor(options: ReconcilerOptions) {
    this.#options = options
  }

  /** Follows an operation until it ends. */
  follow(operation: Operation): void {
    const { release } = operation.target
    const candidacy: Candidacy = { release, loading: new Set(), deaths: 0, since: this.#options.clock.now() }
    this.#watched.set(operation.target.deployment, { operation, candidacy })
    this.#options.operations.publish(operation)
    this.#schedule(0)
  }

  /** Follows a deployment's operation no longer, because it ended otherwise. */
  drop(deployment: string): void {
    this.#watched.delete(deployment)
  }

  /** Stops; what runs is taken up again at the next start. */
  async stop(): Promise<void> {
    this.#stopped = true
    clearTimeout(this.#timer)
    this.#timer = undefined
    await this.#round
  }

  #schedule(ms: number): void {
    if (this.#stopped || this.#timer !== undefined || this.#round !== undefined || this.#watched.size === 0) return
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      this.#round = this.#all().finally(() => {
        this.#round = undefined
        this.#schedule(POLL_MS)
      })
    }, ms)
  }

  async #all(): Promise<void> {
    const live = this.#options.liveProcesses()
    for (const [deployment, { operation, candidacy }] of [...this.#watched]) {
      try {
        const verdict = judge(candidacy, { reports: this.#options.observed.list(deployment), live, now: this.#options.clock.now() })
        if (verdict.kind === 'wait') {
          const next = { ...operation, step: verdict.step, progress: verdict.progress }
          if (this.#watched.get(deployment)?.operation === operation) this.#watched.set(deployment, { operation: next, candidacy })
          this.#options.operations.publish(next)
        } else await this.#finish(operation, verdict)
      } catch (error) {
        this.#options.onError?.(error)
      }
    }
  }

  async #finish(operation: Operation, verdict: Exclude<Verdict, { kind: 'wait' }>): Promise<void> {
    const { deployment, release } = operation.target
    const at = rfc3339(this.#options.clock.now())
    const ended: Operation =
      verdict.kind === 'activate'
        ? { ...operation, state: 'done', step: `release ${release} answers`, progress: 1, error: null, endedAt: at }
        : { ...operation, state: 'failed', step: 'failed', error: { code: verdict.code, detail: verdict.detail }, endedAt: at }
    const superseded = await this.#options.db.transaction().execute(async (db) => {
      const row = await db.selectFrom('deployments').select(['current', 'candidate']).where('name', '=', deployment).executeTakeFirst()
      // another deploy or a removal came between the judgement and this transaction, and has ended the operation itself
      if (row?.candidate !== release || this.#watched.get(deployment)?.operation.id !== operation.id) return undefined
      const found = { execution: verdict.execution === null ? null : JSON.stringify(verdict.execution), checks: JSON.stringify(verdict.checks) }
      const releases = db.updateTable('releases').where('deployment', '=', deployment)
      if (verdict.kind === 'activate') {
        if (row.current !== null) await releases.where('number', '=', row.current).set({ state: 'superseded' }).execute()
        await releases
          .where('number', '=', release)
          .set({ ...found, state: 'active', failure: null, activated_at: at })
          .execute()
        await db.updateTable('deployments').where('name', '=', deployment).set({ current: release, candidate: null, updated_at: at }).execute()
      } else {
        const failure = JSON.stringify({ code: verdict.code, detail: verdict.detail })
        await releases
          .where('number', '=', release)
          .set({ ...found, state: 'failed', failure })
          .execute()
        await db.updateTable('deployments').where('name', '=', deployment).set({ candidate: null, updated_at: at }).execute()
      }
      await db.updateTable('operations').where('id', '=', operation.id).set(operationRow(ended)).execute()
      await bumpRevision(db)
      return { previous: row.current }
    })
    if (superseded === undefined) return
    this.#watched.delete(deployment)
    // what was reported of a release no longer wanted must not be taken for news when it is wanted again
    const gone = verdict.kind === 'activate' ? superseded.previous : release
    if (gone !== null) this.#options.observed.forget({ deployment, release: gone })
    this.#options.nudge()
    this.#options.operations.publish(ended)
  }
}
