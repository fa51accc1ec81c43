import { FairleadError, NAME_PATTERN, type Row, type Signature } from '@fairlead/contract'
import type { Deployment, DeployRequest, ModelVersion, Operation, Release, SignatureChange } from '@fairlead/contract/control'
import { isNumber, isText, type Page, type PageRequest, pageOf, positionOf } from '../../kernel/page.ts'
import { compareSignatures } from '../../model/signature/compare.ts'
import { syntheticExample } from '../../model/signature/example.ts'
import type { ServableRelease } from '../inference/index.ts'
import { joined, withCallers } from './callers.ts'
import { Changes } from './changes.ts'
import { freeze, settle } from './freeze.ts'
import { Operations } from './operations.ts'
import type { DeploymentsOptions } from './ports.ts'
import { Reconciler } from './reconciler.ts'
import { operationOf, outcomeOf, releaseOf, servableOf } from './records.ts'
import { stateOf } from './state.ts'
import type { DeploymentDb, DeploymentRow, ReleaseRow } from './tables.ts'

/** A release that uses a version of a model. */
export interface ReleaseUse {
  name: string
  release: number
  version: number
}

/** Deployments of one version whose callers are looked for. */
const MOST_ASKED = 20

/** Deployments and their releases: what should run, and what became of it. */
export class Deployments {
  readonly #options: DeploymentsOptions
  readonly #operations: Operations
  readonly #reconciler: Reconciler
  readonly #changes: Changes

  constructor(options: DeploymentsOptions) {
    this.#options = options
    this.#operations = new Operations(options.db)
    this.#reconciler = new Reconciler({ ...options, operations: this.#operations })
    this.#changes = new Changes({ ...options, operations: this.#operations, reconciler: this.#reconciler })
  }

  /** Takes up the operations that ran when the platform last ended. */
  async start(): Promise<void> {
    const rows = await this.#options.db.selectFrom('operations').selectAll().where('state', '=', 'running').execute()
    for (const row of rows) this.#reconciler.follow(operationOf(row))
  }

  /** Stops following operations, which go on at the next start, and lets those go who wait for one. */
  async stop(): Promise<void> {
    this.#operations.end()
    await this.#reconciler.stop()
  }

  /**
   * Makes the next release and starts to load it; makes the deployment when there is none. A candidate still under way is given up.
   * Throws `name-invalid`, the registry's errors, `pipeline-invalid`, `setting-unknown`, `setting-invalid`.
   */
  async deploy(name: string, request: DeployRequest, who: string): Promise<Operation> {
    if (!NAME_PATTERN.test(name)) {
      throw new FairleadError(
        'name-invalid',
        `"${name.slice(0, 120)}" is not a name: it must start with a-z or 0-9, go on with a-z 0-9 . _ - and have at most 100 characters.`,
      )
    }
    const version = await this.#options.registry.resolve(request.model)
    const row = await this.#currentRow(name)
    const current = row && servableOf(row)
    const settled = settle(version, request, current)
    const parts = await this.#partsOf(version)
    const frozen = freeze(name, version, { ...settled, ...parts })
    const changes = current ? compareSignatures(current.signature, settled.signature) : []
    const signatureChanges = current ? await this.#withCallers(changes, current) : []
    return this.#changes.add(name, { ...frozen, signatureChanges, golden: parts.golden }, who)
  }

  /**
   * Makes an earlier release current again, through the same loading and checking. Without `release`: the newest that has answered of those
   * older than the current one, so that doing it again goes further back.
   * Throws `deployment-unknown`, `release-unknown`, `version-unknown` when its model version is gone.
   */
  async rollback(name: string, { release }: { release?: number | undefined } = {}): Promise<Operation> {
    const deployment = await this.#row(name)
    const target = release === undefined ? await this.#previousRow(deployment) : await this.#releaseRow(name, release)
    if (target.activated_at === null) {
      throw new FairleadError('release-unknown', `Release ${target.number} of ${name} never answered, so there is nothing to go back to.`)
    }
    return this.#changes.rollBack(name, target.number)
  }

  /** Removes a deployment. Its release numbers are never given again. Throws `deployment-unknown`. */
  async remove(name: string): Promise<void> {
    await this.#row(name)
    await this.#changes.remove(name)
  }

  /** Whether there is a deployment of this name. */
  async has(name: string): Promise<boolean> {
    const row = await this.#options.db.selectFrom('deployments').select('name').where('name', '=', name).where('removed_at', 'is', null).executeTakeFirst()
    return row !== undefined
  }

  /** Deployments, and the releases of each that serve processes should have: what answers, and what is under way. */
  async wanted(): Promise<{ name: string; releases: number[] }[]> {
    const rows = await this.#options.db.selectFrom('deployments').select(['name', 'current', 'candidate']).where('removed_at', 'is', null).execute()
    return rows.map(({ name, current, candidate }) => ({ name, releases: [current, candidate].filter((number) => number !== null) }))
  }

  /** Whether there was a deployment of this name, and somebody removed it. */
  async wasRemoved(name: string): Promise<boolean> {
    const row = await this.#options.db.selectFrom('deployments').select('removed_at').where('name', '=', name).executeTakeFirst()
    return row !== undefined && row.removed_at !== null
  }

  /** One deployment. Throws `deployment-unknown`. */
  async get(name: string): Promise<Deployment> {
    return this.#show(await this.#row(name))
  }

  /** Deployments by name. Throws `request-invalid` for a wrong `next`. */
  async list({ limit, next }: PageRequest): Promise<Page<Deployment>> {
    const after = positionOf(next, isText)
    let query = this.#options.db
      .selectFrom('deployments')
      .selectAll()
      .where('removed_at', 'is', null)
      .orderBy('name')
      .limit(limit + 1)
    if (after !== undefined) query = query.where('name', '>', after)
    const page = pageOf(await query.execute(), limit, (row) => row.name)
    return { items: await Promise.all(page.items.map((row) => this.#show(row))), next: page.next }
  }

  /** Releases of a deployment, newest first. Throws `deployment-unknown`, `request-invalid` for a wrong `next`. */
  async listReleases(name: string, { limit, next }: PageRequest): Promise<Page<Release>> {
    await this.#row(name)
    const below = positionOf(next, isNumber)
    let query = this.#options.db
      .selectFrom('releases')
      .selectAll()
      .where('deployment', '=', name)
      .orderBy('number', 'desc')
      .limit(limit + 1)
    if (below !== undefined) query = query.where('number', '<', below)
    const page = pageOf(await query.execute(), limit, (row) => row.number)
    return { items: page.items.map(releaseOf), next: page.next }
  }

  /** One release. Throws `deployment-unknown`, `release-unknown`. */
  async getRelease(name: string, number: number): Promise<Release> {
    await this.#row(name)
    return releaseOf(await this.#releaseRow(name, number))
  }

  /** A release as it is run, of which it is known how it ran; the current one where no number is given. Throws `deployment-unknown`, `release-unknown`. */
  async servable(name: string, number?: number): Promise<ServableRelease> {
    await this.#row(name)
    const row = number === undefined ? await this.#currentRow(name) : await this.#releaseRow(name, number)
    if (!row) throw new FairleadError('release-unknown', `${name} has no release that answers.`)
    return row.execution === null ? servableOf(row) : { ...servableOf(row), execution: JSON.parse(row.execution) }
  }

  /** The signature callers see, and rows that pass. Of the current release, else the newest. */
  async signatureOf(name: string): Promise<{ signature: Signature; example: Row[] }> {
    await this.#row(name)
    const row = (await this.#currentRow(name)) ?? (await this.#newestRow(name))
    if (!row) throw new FairleadError('release-unknown', `${name} has no release yet.`)
    const { signature, example } = servableOf(row)
    return { signature, example: example.length > 0 ? example : [syntheticExample(signature)] }
  }

  /** One operation; with `waitMs`, at its end or after that time. Throws `operation-unknown`. */
  getOperation(id: string, { waitMs = 0 }: { waitMs?: number } = {}): Promise<Operation> {
    return this.#operations.settled(id, waitMs)
  }

  /** An operation each time it changes, to its end. */
  watchOperation(id: string, signal?: AbortSignal): AsyncIterable<Operation> {
    return this.#operations.watch(id, signal)
  }

  /** Deployments that use a model, or one version of it, for the release that answers or one under way. */
  async deploymentsOf(model: string, version?: number): Promise<ReleaseUse[]> {
    const uses = usesOf(this.#options.db, model, version)
    const rows = await uses.where((eb) => eb.or([eb('number', '=', eb.ref('current')), eb('number', '=', eb.ref('candidate'))])).execute()
    return rows.map((row) => ({ ...row }))
  }

  /** All releases that need a model, or one version of it: those of `deploymentsOf`, and those that a rollback may make current again. */
  async releasesOf(model: string, version: number | undefined, within: DeploymentDb): Promise<ReleaseUse[]> {
    return usesOf(within, model, version)
      .where((eb) => eb.or([eb('activated_at', 'is not', null), eb('number', '=', eb.ref('candidate'))]))
      .execute()
  }

  /** Changes against a version, with the callers of the deployments that answer with it. */
  async affected(model: string, version: number, changes: readonly SignatureChange[]): Promise<SignatureChange[]> {
    const rows = await usesOf(this.#options.db, model, version).select('servable').whereRef('number', '=', 'current').execute()
    if (rows.length === 0) return [...changes]
    return joined(await Promise.all(rows.slice(0, MOST_ASKED).map((row) => this.#withCallers(changes, servableOf(row)))))
  }

  async #withCallers(changes: readonly SignatureChange[], { deployment, settings }: ServableRelease): Promise<SignatureChange[]> {
    const { callers: log, clock, onError } = this.#options
    return log ? withCallers(changes, { deployment, redacted: settings.logRedact }, { log, clock, onError }) : [...changes]
  }

  async #partsOf({ model, version }: ModelVersion) {
    return { entry: await this.#options.registry.entryOf(model, version), golden: await this.#options.registry.goldenOf(model, version) }
  }

  async #row(name: string): Promise<DeploymentRow> {
    const row = await this.#options.db.selectFrom('deployments').selectAll().where('name', '=', name).where('removed_at', 'is', null).executeTakeFirst()
    if (!row) throw new FairleadError('deployment-unknown', `There is no deployment "${name.slice(0, 120)}".`)
    return row
  }

  async #releaseRow(name: string, number: number): Promise<ReleaseRow> {
    const row = await this.#options.db.selectFrom('releases').selectAll().where('deployment', '=', name).where('number', '=', number).executeTakeFirst()
    if (!row) throw new FairleadError('release-unknown', `${name} has no release ${number}.`)
    return row
  }

  async #previousRow({ name, current }: DeploymentRow): Promise<ReleaseRow> {
    const answered = this.#options.db.selectFrom('releases').where('deployment', '=', name).where('activated_at', 'is not', null).orderBy('number', 'desc')
    const row = await answered
      .selectAll()
      .where('number', '<', current ?? 0)
      .limit(1)
      .executeTakeFirst()
    if (row) return row
    if (current === null) throw new FairleadError('release-unknown', `No release of ${name} has answered yet, so there is nothing to go back to.`)
    const others = await answered.select('number').where('number', '!=', current).limit(5).execute()
    const choice = others.length === 0 ? '' : ` Name the one that shall answer with --to ${others.map((one) => one.number).join(' or ')}.`
    throw new FairleadError('release-unknown', `${name} has no release older than ${current}, which answers now, that has answered.${choice}`)
  }

  #newestRow(name: string): Promise<ReleaseRow | undefined> {
    return this.#options.db.selectFrom('releases').selectAll().where('deployment', '=', name).orderBy('number', 'desc').limit(1).executeTakeFirst()
  }

  #currentRow(name: string): Promise<ReleaseRow | undefined> {
    return this.#options.db
      .selectFrom('releases')
      .innerJoin('deployments', 'deployments.name', 'releases.deployment')
      .selectAll('releases')
      .where('deployments.name', '=', name)
      .where('removed_at', 'is', null)
      .whereRef('releases.number', '=', 'deployments.current')
      .executeTakeFirst()
  }

  async #show(row: DeploymentRow): Promise<Deployment> {
    const { name } = row
    const current = row.current === null ? null : releaseOf(await this.#releaseRow(name, row.current))
    const newest = await this.#options.db
      .selectFrom('releases')
      .select(['number', 'state', 'failure'])
      .where('deployment', '=', name)
      .orderBy('number', 'desc')
      .limit(1)
      .executeTakeFirst()
    const { count } = await this.#options.db
      .selectFrom('releases')
      .select((eb) => eb.fn.countAll<number>().as('count'))
      .where('deployment', '=', name)
      .executeTakeFirstOrThrow()
    const live = this.#options.liveProcesses()
    const reports = this.#options.observed.list(name).filter((report) => live.includes(report.process))
    const { http } = this.#options.addresses()
    const v1 = `${http}/v1/deployments/${name}`
    return {
      name,
      ...stateOf({ ...row, newest: newest && outcomeOf(newest), reports, live }),
      current,
      releases: Number(count),
      observed: reports.map(({ process, release, state, detail, since }) => ({ process, release, state, since, ...(detail === undefined ? {} : { detail }) })),
      urls: { predict: `${v1}/predict`, openapi: `${v1}/openapi.json`, docs: `${v1}/docs`, oip: `${http}/v2/models/${name}` },
      createdAt: row.created_at,
      updatedAt: row.updated_at,
    }
  }
}

/** The one query of uses; the caller says which releases count. */
function usesOf(db: DeploymentDb, model: string, version: number | undefined) {
  const query = db
    .selectFrom('releases')
    .innerJoin('deployments', 'deployments.name', 'releases.deployment')
    .select(['deployments.name as name', 'releases.number as release', 'model_version as version'])
    .where('removed_at', 'is', null)
    .where('model_name', '=', model)
    .orderBy('deployments.name')
    .orderBy('releases.number')
  return version === undefined ? query : query.where('model_version', '=', version)
}
