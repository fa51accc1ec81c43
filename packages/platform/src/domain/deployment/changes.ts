import { FairleadError, writeJson } from '@fairlead/contract'
import type { GoldenRows, Operation } from '@fairlead/contract/control'
import { rfc3339 } from '../../kernel/clock.ts'
import { uuidv7 } from '../../kernel/ids.ts'
import type { ServableRelease } from '../inference/index.ts'
import type { Operations } from './operations.ts'
import type { DeploymentsOptions } from './ports.ts'
import type { Reconciler } from './reconciler.ts'
import { operationOf, operationRow } from './records.ts'
import { bumpRevision, type DeploymentDb } from './tables.ts'

const KEPT_MS = 24 * 3_600_000

/** A release that has no number yet, and the rows with which it is checked. */
export type NewRelease = Omit<ServableRelease, 'number'> & { golden: GoldenRows | undefined }

type ChangesOptions = Pick<DeploymentsOptions, 'db' | 'registry' | 'clock' | 'observed' | 'nudge'> & { operations: Operations; reconciler: Reconciler }

/** Writes desired state: each change in one transaction, then told to those who act on it. */
export class Changes {
  readonly #options: ChangesOptions

  constructor(options: ChangesOptions) {
    this.#options = options
  }

  /** Adds a release as the candidate. Throws `version-unknown` when its model version has been removed meanwhile. */
  add(name: string, { golden, ...frozen }: NewRelease, who: string): Promise<Operation> {
    return this.#begin(name, 'deploy', async (db, at) => {
      await this.#confirm(frozen.model, db)
      const known = await db.selectFrom('deployments').selectAll().where('name', '=', name).executeTakeFirst()
      const number = known?.next_release ?? 1
      if (!known) {
        const row = { name, current: null, candidate: null, next_release: 2, created_at: at, updated_at: at, removed_at: null }
        await db.insertInto('deployments').values(row).execute()
      } else {
        const back = known.removed_at === null ? {} : { created_at: at, removed_at: null }
        await db
          .updateTable('deployments')
          .where('name', '=', name)
          .set({ ...back, next_release: number + 1 })
          .execute()
      }
      const servable: ServableRelease = { ...frozen, number }
      await db
        .insertInto('releases')
        .values({
          deployment: name,
          number,
          digest: frozen.digest,
          model_name: frozen.model.name,
          model_version: frozen.model.version,
          state: 'loading',
          failure: null,
          execution: null,
          checks: '[]',
          servable: writeJson(servable),
          created_at: at,
          created_by: who,
          activated_at: null,
        })
        .execute()
      if (golden)
        await db
          .insertInto('release_golden')
          .values({ deployment: name, number, golden: writeJson(golden) })
          .execute()
      return number
    })
  }

  /** Makes an earlier release the candidate. One that answers already is done at once. Throws like `add`, and `release-unknown`. */
  rollBack(name: string, number: number): Promise<Operation> {
    return this.#begin(name, 'rollback', async (db) => {
      const release = await db
        .selectFrom('releases')
        .innerJoin('deployments', 'deployments.name', 'releases.deployment')
        .select(['current', 'servable'])
        .where('deployment', '=', name)
        .where('number', '=', number)
        .executeTakeFirst()
      if (!release) throw new FairleadError('release-unknown', `Release ${number} of ${name} has been removed meanwhile.`)
      await this.#confirm((JSON.parse(release.servable) as ServableRelease).model, db)
      if (release.current === number) return number
      await db.updateTable('releases').where('deployment', '=', name).where('number', '=', number).set({ state: 'loading', failure: null }).execute()
      // else a report from before the release was superseded would count as news
      this.#options.observed.forget({ deployment: name, release: number })
      return number
    })
  }

  /** Removes a deployment with its releases; only the next release number stays. */
  async remove(name: string): Promise<void> {
    const at = rfc3339(this.#options.clock.now())
    const ended = await this.#options.db.transaction().execute(async (db) => {
      const ended = await this.#giveUp(db, name, at)
      await db.deleteFrom('release_golden').where('deployment', '=', name).execute()
      await db.deleteFrom('releases').where('deployment', '=', name).execute()
      await db.updateTable('deployments').where('name', '=', name).set({ current: null, candidate: null, updated_at: at, removed_at: at }).execute()
      await bumpRevision(db)
      return ended
    })
    this.#options.reconciler.drop(name)
    this.#options.observed.forget({ deployment: name })
    this.#options.nudge()
    for (const operation of ended) this.#options.operations.publish(operation)
  }

  #confirm({ name, version, digest }: ServableRelease['model'], db: DeploymentDb): Promise<void> {
    return this.#options.registry.confirm({ model: name, version, digest }, db)
  }

  async #begin(name: string, kind: Operation['kind'], prepare: (db: DeploymentDb, at: string) => Promise<number>): Promise<Operation> {
    const now = this.#options.clock.now()
    const at = rfc3339(now)
    const { operation, ended } = await this.#options.db.transaction().execute(async (db) => {
      const ended = await this.#giveUp(db, name, at)
      const number = await prepare(db, at)
      const { current } = await db.selectFrom('deployments').select('current').where('name', '=', name).executeTakeFirstOrThrow()
      const already = current === number
      await db
        .updateTable('deployments')
        .where('name', '=', name)
        .set({ candidate: already ? null : number, updated_at: at })
        .execute()
      const operation: Operation = {
        id: uuidv7(now),
        kind,
        state: already ? 'done' : 'running',
        step: already ? `release ${number} answers already` : 'handed to the serve processes',
        progress: already ? 1 : 0,
        target: { deployment: name, release: number },
        error: null,
        startedAt: at,
        endedAt: already ? at : null,
      }
      await db
        .deleteFrom('operations')
        .where('ended_at', '<', rfc3339(now - KEPT_MS))
        .execute()
      await db.insertInto('operations').values(operationRow(operation)).execute()
      await bumpRevision(db)
      return { operation, ended }
    })
    this.#options.reconciler.drop(name)
    if (operation.state === 'running') this.#options.reconciler.follow(operation)
    this.#options.nudge()
    for (const one of ended) this.#options.operations.publish(one)
    return operation
  }

  /** Ends what is under way for a deployment, because something newer takes its place. */
  async #giveUp(db: DeploymentDb, name: string, at: string): Promise<Operation[]> {
    const rows = await db.selectFrom('operations').selectAll().where('deployment', '=', name).where('state', '=', 'running').execute()
    const error = { code: 'changed-meanwhile', detail: 'A later change of the deployment took its place.' }
    const ended: Operation[] = []
    for (const row of rows) {
      const operation: Operation = { ...operationOf(row), state: 'failed', step: 'given up', error, endedAt: at }
      await db.updateTable('operations').where('id', '=', row.id).set(operationRow(operation)).execute()
      const release = db.updateTable('releases').where('deployment', '=', name).where('number', '=', row.release)
      // one that answered before is what it was; a new one never will be
      await release.where('activated_at', 'is not', null).set({ state: 'superseded' }).execute()
      await release
        .where('activated_at', 'is', null)
        .set({ state: 'failed', failure: JSON.stringify(error) })
        .execute()
      ended.push(operation)
    }
    return ended
  }
}
