import { FairleadError, writeJson } from '@fairlead/contract'
import type { GoldenRows, ImportRequest, Lineage, ModelCheck, ModelFile, RuntimeChoice } from '@fairlead/contract/control'
import { type Clock, rfc3339 } from '../../kernel/clock.ts'
import type { FileListing, ReadModel, ReadOptions } from '../../model/index.ts'
import { checkAlias, patched } from './attributes.ts'
import type { BlobKeeper } from './keeper.ts'
import type { RegistryLimits } from './limits.ts'
import { STATED_FILES, versionDigest } from './manifest.ts'
import type { BlobStore, ModelUsage } from './ports.ts'
import { signatureCheck } from './signature-check.ts'
import { withStated } from './stated.ts'
import type { RegistryDb } from './tables.ts'
import type { Uploads } from './uploads.ts'

/** Reads what a model is from its files, without running it. */
export type ModelReader = (files: FileListing, options: ReadOptions) => Promise<ReadModel>

/** Tries the ways in which a model that was read can be run, on the same rows, and checks what running it shows. */
export type ModelTrial = (model: {
  files: FileListing
  read: ReadModel
  golden: GoldenRows | undefined
}) => Promise<{ runtimes: RuntimeChoice; checks: ModelCheck[] }>

/** Whether models may be loaded that run their author's code: when a request says so, always, or never. */
export type CodePolicy = 'ask' | 'always' | 'never'

export interface ImporterOptions {
  db: RegistryDb
  blobs: BlobStore
  keeper: BlobKeeper
  uploads: Uploads
  clock: Clock
  limits: RegistryLimits
  readModel: ModelReader
  /** Whether models may be loaded that run their author's code: when a request says so, always, or never. */
  allowCode?: CodePolicy | undefined
  tryModel?: ModelTrial | undefined
  affected?: ModelUsage['affected']
}

interface Incoming {
  model: string
  request: ImportRequest
  who: string
  files: ModelFile[]
  digest: string
  read: ReadModel
  baseline: string | undefined
  /** By what the code may run that loading the model runs; absent where it runs none. */
  codeAllowed: 'request' | 'setting' | undefined
}

/** Makes versions of uploads. */
export class Importer {
  readonly #options: ImporterOptions

  constructor(options: ImporterOptions) {
    this.#options = options
  }

  /** Makes a version, or finds the one that has the same files; settles when everything is on disk. */
  async run(model: string, request: ImportRequest, who: string): Promise<{ created: boolean; version: number }> {
    const { keeper, uploads } = this.#options
    if (request.alias !== undefined) checkAlias(request.alias)
    checkGolden(request)
    const discarded: string[] = []
    try {
      return await keeper.storing(async () => {
        const uploaded = await uploads.files(request.upload)
        const baseline = baselineOf(request, uploaded)
        const { files, ...stated } = await withStated(request, uploaded, this.#options.blobs)
        discarded.push(...[...uploaded, ...files].map((file) => file.digest))
        const listing = this.#listing(uploaded)
        const allowed = this.#allowed(request)
        const read = await this.#options.readModel(listing, { ...stated, allowCode: allowed !== undefined })
        const codeAllowed = read.format === 'python' ? allowed : undefined
        const digest = versionDigest(files)
        // what is there already was tried when it came
        if (!(await this.#isKnown(model, digest))) await this.#examine(model, { files: listing, read, golden: request.golden })
        return this.#options.db.transaction().execute((trx) => this.#store(trx, { model, request, who, files, digest, read, baseline, codeAllowed }))
      })
    } finally {
      // those that neither a version nor an upload names are removed: of a failed import, the signature
      await keeper.discard(discarded)
    }
  }

  /** By what code of models may run. Throws `code-not-allowed` for a request to allow what the platform never does. */
  #allowed({ allowCode = false }: ImportRequest): 'request' | 'setting' | undefined {
    const { allowCode: policy = 'ask' } = this.#options
    if (policy === 'never' && allowCode)
      throw new FairleadError('code-not-allowed', 'This platform was started with --allow-code never: it loads no model that runs code of its own.')
    return allowCode ? 'request' : policy === 'always' ? 'setting' : undefined
  }

  /** Tries a new version and compares it with the one before; what that shows becomes a part of its facts. */
  async #examine(model: string, incoming: Parameters<ModelTrial>[0]): Promise<void> {
    const { facts, signature } = incoming.read
    const tried = await this.#options.tryModel?.(incoming)
    if (tried) facts.runtimes = tried.runtimes
    const compared = await signatureCheck(this.#options.db, { model, signature }, this.#options.affected)
    const checks = [...(facts.checks ?? []), ...(tried?.checks ?? []), ...(compared ? [compared] : [])]
    if (checks.length > 0) facts.checks = checks
  }

  async #isKnown(model: string, digest: string): Promise<boolean> {
    const row = await this.#options.db.selectFrom('model_versions').select('version').where('model', '=', model).where('digest', '=', digest).executeTakeFirst()
    return row !== undefined
  }

  #listing(uploaded: ModelFile[]): FileListing {
    const files = new Map(uploaded.filter((file) => !STATED_FILES.includes(file.path)).map((file) => [file.path, file]))
    return {
      paths: [...files.values()].map(({ path, size }) => ({ path, size })),
      read: async (path) => {
        const file = files.get(path)
        if (!file) throw new FairleadError('model-data-missing', `"${path}" is not among the uploaded files.`)
        return this.#options.blobs.read(file.digest)
      },
    }
  }

  async #store(trx: RegistryDb, incoming: Incoming): Promise<{ created: boolean; version: number }> {
    const { model, request, digest } = incoming
    const now = rfc3339(this.#options.clock.now())
    await this.#ensureModel(trx, incoming, now)
    const same = await trx.selectFrom('model_versions').select('version').where('model', '=', model).where('digest', '=', digest).executeTakeFirst()
    const version = same?.version ?? (await this.#insert(trx, incoming, now))
    await this.#annotate(trx, incoming, version)
    await trx.deleteFrom('uploads').where('id', '=', request.upload).execute()
    return { created: same === undefined, version }
  }

  async #ensureModel(trx: RegistryDb, { model: name, request }: Incoming, now: string): Promise<void> {
    const present = await trx.selectFrom('models').select('removed_at').where('name', '=', name).executeTakeFirst()
    if (!present) {
      await trx
        .insertInto('models')
        .values({ name, description: '', tags: '{}', last_version: 0, created_at: now, updated_at: now, removed_at: null })
        .execute()
      return
    }
    if (request.newModel && present.removed_at === null) {
      throw new FairleadError('name-taken', `There is a model "${name}" already. Choose another name, or import without --new to make its next version.`)
    }
    const anew = present.removed_at === null ? {} : { created_at: now, removed_at: null }
    await trx
      .updateTable('models')
      .set({ updated_at: now, ...anew })
      .where('name', '=', name)
      .execute()
  }

  async #insert(trx: RegistryDb, incoming: Incoming, now: string): Promise<number> {
    const { model, files, read } = incoming
    // the upload's rows held the files until now; if it is gone they may be, too
    await this.#options.uploads.files(incoming.request.upload, trx)
    const { last_version: version } = await trx
      .updateTable('models')
      .set((e) => ({ last_version: e('last_version', '+', 1) }))
      .where('name', '=', model)
      .returning('last_version')
      .executeTakeFirstOrThrow()
    await trx
      .insertInto('model_versions')
      .values({
        model,
        version,
        digest: incoming.digest,
        format: read.format,
        entry: read.entry,
        description: '',
        tags: '{}',
        metrics: '{}',
        size_bytes: files.reduce((sum, file) => sum + file.size, 0),
        signature: JSON.stringify(read.signature),
        facts: JSON.stringify(read.facts),
        graph: JSON.stringify(read.graph),
        lineage: JSON.stringify(lineageOf(incoming, now)),
        example: writeJson(read.example),
        golden: null,
        golden_rows: 0,
        created_at: now,
        imported_by: incoming.who,
      })
      .execute()
    for (const { path, digest, size } of files) await trx.insertInto('version_files').values({ model, version, path, digest, size }).execute()
    return version
  }

  /** What a request says beside the files; it holds for a version that was there already, too. */
  async #annotate(trx: RegistryDb, { model, request }: Incoming, version: number): Promise<void> {
    const most = this.#options.limits.tags
    const row = await trx
      .selectFrom('model_versions')
      .select(['tags', 'metrics', 'lineage'])
      .where('model', '=', model)
      .where('version', '=', version)
      .executeTakeFirstOrThrow()
    await trx
      .updateTable('model_versions')
      .set({
        tags: patched(row.tags, request.tags, { what: 'tags', most }),
        metrics: patched(row.metrics, request.metrics, { what: 'metrics', most }),
        ...(request.description === undefined ? {} : { description: request.description }),
        ...(request.golden === undefined ? {} : { golden: writeJson(request.golden), golden_rows: request.golden.rows.length }),
        ...completed(row.lineage, request),
      })
      .where('model', '=', model)
      .where('version', '=', version)
      .execute()
    if (request.alias !== undefined) await pointAlias(trx, { model, alias: request.alias, version })
  }
}

/** Points an alias at a version, from wherever it pointed before. */
export async function pointAlias(db: RegistryDb, row: { model: string; alias: string; version: number }): Promise<void> {
  await db
    .insertInto('model_aliases')
    .values(row)
    .onConflict((conflict) => conflict.columns(['model', 'alias']).doUpdateSet({ version: row.version }))
    .execute()
}

function lineageOf({ request, who, read, baseline, codeAllowed }: Incoming, now: string): Lineage {
  const given = request.lineage ?? {}
  const trainingRun = given.trainingRun ?? read.trainingRun
  const tool = { ...read.tool, ...given.tool }
  const dataDigests = { ...given.dataDigests, ...(baseline === undefined ? {} : { baseline }) }
  return {
    ...given,
    ...(trainingRun === undefined ? {} : { trainingRun }),
    ...(Object.keys(tool).length > 0 ? { tool } : {}),
    ...(Object.keys(dataDigests).length > 0 ? { dataDigests } : {}),
    importedBy: who,
    importedAt: now,
    ...(codeAllowed === undefined ? {} : { codeAllowed: { by: who, at: now, how: codeAllowed } }),
  }
}

/** A version that came without what a tracking server knows of it gets that when it comes again with it; what was told once stays. */
function completed(text: string, { lineage: given }: ImportRequest): { lineage?: string } {
  const known = JSON.parse(text) as Lineage
  if (known.mlflow !== undefined || given?.mlflow === undefined) return {}
  return { lineage: JSON.stringify({ ...given, ...known, mlflow: given.mlflow }) }
}

function checkGolden({ golden }: ImportRequest): void {
  if (golden === undefined || golden.rows.length === golden.predictions.length) return
  const detail = `There are ${golden.rows.length} golden rows and ${golden.predictions.length} predictions; there must be one for each.`
  throw new FairleadError('request-invalid', detail, { items: [{ path: 'golden.predictions', code: 'request-invalid', detail }] })
}

/** Digest of the reference data, named by path or digest among the uploaded files. */
function baselineOf({ baseline }: ImportRequest, uploaded: ModelFile[]): string | undefined {
  if (baseline === undefined) return undefined
  const file = uploaded.find((one) => one.path === baseline || one.digest === baseline)
  if (file) return file.digest
  const detail = `The baseline "${baseline.slice(0, 200)}" is neither the path nor the digest of an uploaded file.`
  throw new FairleadError('request-invalid', detail, { items: [{ path: 'baseline', code: 'request-invalid', detail }] })
}
