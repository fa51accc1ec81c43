import { FairleadError, type ModelRef, parseJson, parseModelRef, ROW_MEMBERS } from '@fairlead/contract'
import type {
  GoldenRows,
  ImportRequest,
  ImportResult,
  Model,
  ModelFile,
  ModelGraph,
  ModelVersion,
  ModelVersionSummary,
  Verification,
  VersionPatch,
} from '@fairlead/contract/control'
import { type Clock, rfc3339 } from '../../kernel/clock.ts'
import { isNumber, isText, type Page, type PageRequest, pageOf, positionOf } from '../../kernel/page.ts'
import { didYouMean } from '../../kernel/suggestion.ts'
import { checkAlias, checkModelName, patched } from './attributes.ts'
import { type CodePolicy, Importer, type ModelReader, type ModelTrial, pointAlias } from './import.ts'
import { BlobKeeper } from './keeper.ts'
import { DEFAULT_LIMITS, type RegistryLimits } from './limits.ts'
import { versionDigest } from './manifest.ts'
import type { BlobInventory, BlobStore, ModelUsage } from './ports.ts'
import { readApart } from './read-apart.ts'
import {
  aliasesOf,
  modelRow,
  modelsOf,
  newestVersion,
  refuseVersion,
  summaryOf,
  summaryRows,
  type Use,
  versionFiles,
  versionOf,
  versionRow,
} from './reading.ts'
import type { RegistryDb } from './tables.ts'
import { Uploads } from './uploads.ts'

/** Deployments, and releases of each, that a refusal names. */
const USES_NAMED = 5

export interface RegistryOptions {
  db: RegistryDb
  blobs: BlobStore & BlobInventory
  clock: Clock
  usage: ModelUsage
  readModel?: ModelReader
  /** Whether models may be loaded that run their author's code; when a request says so, where this is not given. */
  allowCode?: CodePolicy
  /** Tries new versions; without it none is tried. */
  tryModel?: ModelTrial
  limits?: Partial<RegistryLimits>
  /** Told of the digests of versions that were removed, where no other version has the same files. */
  removed?: ((digests: string[]) => Promise<void>) | undefined
}

/**
 * Models and their immutable versions. Every change is whole or does not happen, also under kill -9; there may be one registry per store
 * that changes it. All members that take a name throw `model-unknown` or `version-unknown`; all that write, `storage-full`.
 */
export class Registry {
  readonly #db: RegistryDb
  readonly #options: RegistryOptions
  readonly #limits: RegistryLimits
  readonly #keeper: BlobKeeper
  readonly #uploads: Uploads
  readonly #importer: Importer

  constructor(options: RegistryOptions) {
    const { db, blobs, clock } = options
    const limits = { ...DEFAULT_LIMITS, ...options.limits }
    this.#options = options
    this.#db = db
    this.#limits = limits
    this.#keeper = new BlobKeeper(db, blobs)
    this.#uploads = new Uploads({ db, blobs, keeper: this.#keeper, clock, limits })
    this.#importer = new Importer({
      db,
      blobs,
      keeper: this.#keeper,
      uploads: this.#uploads,
      clock,
      limits,
      readModel: options.readModel ?? readApart(),
      tryModel: options.tryModel,
      affected: options.usage.affected,
    })
  }

  /** Clears away what a crash or an abandoned upload has left. Call it once, before anything else. */
  async start(): Promise<void> {
    await this.#uploads.removeExpired()
    await this.#keeper.sweep()
  }

  /** A new upload; it is removed after an hour. */
  createUpload(): Promise<{ upload: string; expiresAt: string }> {
    return this.#uploads.create()
  }

  /** Stores a file of an upload. Throws `upload-unknown`, `request-invalid` for its path, `model-too-large`, and the source's own error. */
  putFile(upload: string, path: string, source: AsyncIterable<Uint8Array>): Promise<ModelFile> {
    return this.#uploads.put(upload, path, source)
  }

  /** Removes an upload. Throws `upload-unknown`. */
  dropUpload(upload: string): Promise<void> {
    return this.#uploads.drop(upload)
  }

  /**
   * Makes a version of an upload and uses the upload up; the model is made when there is none. The same files again give the version that
   * there is. Throws `name-invalid`, `upload-unknown`, `request-invalid`, and what reading the model throws (`model-…`, `signature-invalid`).
   */
  async importVersion(model: string, request: ImportRequest, who: string): Promise<ImportResult> {
    checkModelName(model)
    const { created, version } = await this.#importer.run(model, request, who)
    return { created, version: await this.getVersion(model, version) }
  }

  /** Models by name. */
  async listModels({ limit, next }: PageRequest): Promise<Page<Model>> {
    const after = positionOf(next, isText)
    const query = this.#db.selectFrom('models').selectAll().where('removed_at', 'is', null)
    const rows = await (after === undefined ? query : query.where('name', '>', after))
      .orderBy('name')
      .limit(limit + 1)
      .execute()
    const page = pageOf(rows, limit, (row) => row.name)
    return { items: await modelsOf(this.#db, page.items, (name) => this.#options.usage.deploymentsOf(name)), next: page.next }
  }

  /** Whether there was a model of this name, and somebody removed it or all its versions. */
  async wasRemoved(model: string): Promise<boolean> {
    const row = await this.#db.selectFrom('models').select('removed_at').where('name', '=', model).executeTakeFirst()
    return row !== undefined && (row.removed_at !== null || (await newestVersion(this.#db, model)) === undefined)
  }

  /** One model. */
  async getModel(model: string): Promise<Model> {
    const [found] = await modelsOf(this.#db, [await modelRow(this.#db, model)], (name) => this.#options.usage.deploymentsOf(name))
    return found as Model
  }

  /** Changes description and tags of a model; `null` removes a tag. */
  async patchModel(model: string, patch: Omit<VersionPatch, 'metrics'>): Promise<Model> {
    await this.#db.transaction().execute(async (trx) => {
      const row = await modelRow(trx, model)
      await trx
        .updateTable('models')
        .set({
          description: patch.description ?? row.description,
          tags: patched(row.tags, patch.tags, { what: 'tags', most: this.#limits.tags }),
          updated_at: this.#now(),
        })
        .where('name', '=', model)
        .execute()
    })
    return this.getModel(model)
  }

  /** Removes a model with all its versions. Throws `version-in-use` while a release of any deployment needs one. */
  async deleteModel(model: string): Promise<void> {
    const gone: string[] = []
    const files = await this.#db.transaction().execute(async (trx) => {
      await modelRow(trx, model)
      refuseUsed(model, await this.#options.usage.releasesOf(model, undefined, trx))
      const named = await trx.selectFrom('version_files').select('digest').distinct().where('model', '=', model).execute()
      const versions = await trx.selectFrom('model_versions').select('digest').where('model', '=', model).execute()
      gone.push(...versions.map(({ digest }) => digest))
      await trx.deleteFrom('model_versions').where('model', '=', model).execute()
      await trx.updateTable('models').set({ description: '', tags: '{}', removed_at: this.#now() }).where('name', '=', model).execute()
      return named
    })
    await this.#keeper.discard(files.map((file) => file.digest))
    await this.#forget(gone)
  }

  /** Versions of a model, newest first. */
  async listVersions(model: string, { limit, next }: PageRequest): Promise<Page<ModelVersionSummary>> {
    await modelRow(this.#db, model)
    const rows = await summaryRows(this.#db, model, { below: positionOf(next, isNumber), limit: limit + 1 })
    const page = pageOf(rows, limit, (row) => row.version)
    const aliases = (await aliasesOf(this.#db, [model])).get(model) ?? {}
    const uses = await this.#options.usage.deploymentsOf(model)
    return { items: page.items.map((row) => summaryOf(row, namesAt(aliases, row.version), uses)), next: page.next }
  }

  /** One version. */
  async getVersion(model: string, version: number): Promise<ModelVersion> {
    const row = await versionRow(this.#db, model, version)
    const aliases = (await aliasesOf(this.#db, [model])).get(model) ?? {}
    return versionOf(row, {
      aliases: namesAt(aliases, version),
      uses: await this.#options.usage.deploymentsOf(model, version),
      files: await versionFiles(this.#db, model, version),
    })
  }

  /** The version that `name`, `name:3`, `name@alias` or a digest names, also behind `models:/`. Throws `reference-invalid`. */
  async resolve(refText: string): Promise<ModelVersion> {
    const ref = parseModelRef(refText)
    if (!ref) throw new FairleadError('reference-invalid', `"${refText.slice(0, 200)}" is not a model reference.`)
    const { model, version } = await this.#locate(ref)
    return this.getVersion(model, version)
  }

  /** Changes description, tags and metrics of a version; `null` removes one. */
  async patchVersion(model: string, version: number, patch: VersionPatch): Promise<ModelVersion> {
    const most = this.#limits.tags
    await this.#db.transaction().execute(async (trx) => {
      const row = await versionRow(trx, model, version)
      await trx
        .updateTable('model_versions')
        .set({
          description: patch.description ?? row.description,
          tags: patched(row.tags, patch.tags, { what: 'tags', most }),
          metrics: patched(row.metrics, patch.metrics, { what: 'metrics', most }),
        })
        .where('model', '=', model)
        .where('version', '=', version)
        .execute()
      await this.#touch(trx, model)
    })
    return this.getVersion(model, version)
  }

  /** Removes a version and its aliases; its number is not given again. Throws `version-in-use`. */
  async deleteVersion(model: string, version: number): Promise<void> {
    const gone: string[] = []
    const files = await this.#db.transaction().execute(async (trx) => {
      gone.push((await versionRow(trx, model, version)).digest)
      refuseUsed(`${model}:${version}`, await this.#options.usage.releasesOf(model, version, trx))
      const named = await versionFiles(trx, model, version)
      await trx.deleteFrom('model_versions').where('model', '=', model).where('version', '=', version).execute()
      await this.#touch(trx, model)
      return named
    })
    await this.#keeper.discard(files.map((file) => file.digest))
    await this.#forget(gone)
  }

  /** Points an alias at a version. Throws `name-invalid` for one that looks like a version. */
  async setAlias(model: string, alias: string, version: number): Promise<Model> {
    checkAlias(alias)
    await this.#db.transaction().execute(async (trx) => {
      await versionRow(trx, model, version)
      await pointAlias(trx, { model, alias, version })
      await this.#touch(trx, model)
    })
    return this.getModel(model)
  }

  /** Removes an alias. Throws `version-unknown` when there is none of that name. */
  async deleteAlias(model: string, alias: string): Promise<void> {
    await this.#db.transaction().execute(async (trx) => {
      await this.#aliased(trx, model, alias)
      await trx.deleteFrom('model_aliases').where('model', '=', model).where('alias', '=', alias).execute()
      await this.#touch(trx, model)
    })
  }

  /** Reads every file of a version again and compares digests. */
  async verify(model: string, version: number): Promise<Verification> {
    const { digest } = await versionRow(this.#db, model, version)
    const files: Verification['files'] = []
    const recorded = await versionFiles(this.#db, model, version)
    for (const file of recorded) {
      const problem = await this.#problemOf(file.digest)
      files.push({ path: file.path, digest: file.digest, ok: problem === undefined, ...(problem === undefined ? {} : { problem }) })
    }
    return { model, version, digest, ok: files.every((file) => file.ok) && versionDigest(recorded) === digest, files }
  }

  /** The graph of the model, for drawing. */
  async graph(model: string, version: number): Promise<ModelGraph> {
    return JSON.parse((await versionRow(this.#db, model, version)).graph) as ModelGraph
  }

  /** One file of a version; its stream ends with `blob-corrupt` when it is damaged. Throws `path-unknown`. */
  async openFile(model: string, version: number, path: string): Promise<{ size: number; digest: string; body: AsyncIterable<Uint8Array> }> {
    await versionRow(this.#db, model, version)
    const files = await versionFiles(this.#db, model, version)
    const file = files.find((one) => one.path === path)
    if (file) return { size: file.size, digest: file.digest, body: this.#options.blobs.open(file.digest) }
    const hint = didYouMean(
      path,
      files.map((one) => one.path),
    )
    throw new FairleadError('path-unknown', `${model}:${version} has no file "${path.slice(0, 200)}".${hint}`)
  }

  /** Golden rows that came with a version. */
  async goldenOf(model: string, version: number): Promise<GoldenRows | undefined> {
    const { golden } = await versionRow(this.#db, model, version)
    return golden === null ? undefined : (parseJson(golden, ROW_MEMBERS) as GoldenRows)
  }

  /** Path of the model file among a version's files. */
  async entryOf(model: string, version: number): Promise<string> {
    return (await versionRow(this.#db, model, version)).entry
  }

  /** Throws `version-unknown` when a version is gone, or is another by now; `within` the transaction that builds on it. */
  async confirm({ model, version, digest }: Pick<ModelVersion, 'model' | 'version' | 'digest'>, within: RegistryDb): Promise<void> {
    const row = await within.selectFrom('model_versions').select('digest').where('model', '=', model).where('version', '=', version).executeTakeFirst()
    if (row?.digest !== digest) throw new FairleadError('version-unknown', `The model version ${model}:${version} has been removed (its digest was ${digest}).`)
  }

  async #locate(ref: ModelRef): Promise<{ model: string; version: number }> {
    if (ref.kind === 'version') return { model: ref.name, version: ref.version }
    if (ref.kind === 'alias') return { model: ref.name, version: await this.#aliased(this.#db, ref.name, ref.alias) }
    if (ref.kind === 'newest') {
      const newest = await newestVersion(this.#db, ref.name)
      return newest === undefined ? refuseVersion(this.#db, ref.name, 1) : { model: ref.name, version: newest }
    }
    const query = this.#db.selectFrom('model_versions').select(['model', 'version']).where('digest', '=', ref.digest)
    const found = await query.orderBy('created_at', 'desc').orderBy('model').limit(1).executeTakeFirst()
    if (!found) throw new FairleadError('version-unknown', `No version has the digest ${ref.digest}.`)
    return found
  }

  async #aliased(db: RegistryDb, model: string, alias: string): Promise<number> {
    await modelRow(db, model)
    const aliases = (await aliasesOf(db, [model])).get(model) ?? {}
    const version = Object.hasOwn(aliases, alias) ? aliases[alias] : undefined
    if (version !== undefined) return version
    throw new FairleadError('version-unknown', `Model "${model}" has no alias "${alias.slice(0, 100)}".${didYouMean(alias, Object.keys(aliases))}`)
  }

  async #problemOf(digest: string): Promise<string | undefined> {
    try {
      for await (const _ of this.#options.blobs.open(digest)) {
        // read to the end for the digest only
      }
      return undefined
    } catch (error) {
      return error instanceof Error ? error.message : String(error)
    }
  }

  async #forget(digests: readonly string[]): Promise<void> {
    if (!this.#options.removed || digests.length === 0) return
    const kept = await this.#db
      .selectFrom('model_versions')
      .select('digest')
      .where('digest', 'in', [...new Set(digests)])
      .execute()
    const still = new Set(kept.map(({ digest }) => digest))
    await this.#options.removed([...new Set(digests)].filter((digest) => !still.has(digest)))
  }

  #now(): string {
    return rfc3339(this.#options.clock.now())
  }

  async #touch(db: RegistryDb, model: string): Promise<void> {
    await db.updateTable('models').set({ updated_at: this.#now() }).where('name', '=', model).execute()
  }
}

function namesAt(aliases: Record<string, number>, version: number): string[] {
  return Object.keys(aliases).filter((alias) => aliases[alias] === version)
}

function refuseUsed(what: string, uses: Use[]): void {
  if (uses.length === 0) return
  const releases = new Map<string, number[]>()
  for (const { name, release } of uses) releases.set(name, [...(releases.get(name) ?? []), release])
  const [named, more] = [[...releases].slice(0, USES_NAMED), releases.size - USES_NAMED]
  const words = named.map(([name, numbers]) => `${name} (${numbers.length === 1 ? 'release' : 'releases'} ${someOf(numbers)})`)
  if (more > 0) words.push(`${more} more`)
  throw new FairleadError('version-in-use', `${what} is used by ${words.join(', ')}; a deployment can go back to any release that answered.`)
}

/** The newest of a deployment's releases, at most so many. */
function someOf(numbers: number[]): string {
  const newest = numbers.toSorted((a, b) => b - a)
  return newest.length <= USES_NAMED ? newest.join(', ') : `${newest.slice(0, USES_NAMED).join(', ')} and ${newest.length - USES_NAMED} older`
}
