import { FairleadError, parseJson, ROW_MEMBERS } from '@fairlead/contract'
import type { GoldenRows, Lineage, Model, ModelFacts, ModelFile, ModelVersion, ModelVersionSummary } from '@fairlead/contract/control'
import { didYouMean } from '../../kernel/suggestion.ts'
import type { ModelRow, RegistryDb, VersionRow } from './tables.ts'

/** A release that uses a version of a model. */
export interface Use {
  name: string
  release: number
  version: number
}

const SUMMARY = [
  'model',
  'version',
  'digest',
  'format',
  'description',
  'tags',
  'metrics',
  'size_bytes',
  'golden_rows',
  'lineage',
  'created_at',
  'imported_by',
] as const satisfies (keyof VersionRow)[]
type SummaryRow = Pick<VersionRow, (typeof SUMMARY)[number]>

/** The row of a model. Throws `model-unknown`, with a suggestion. */
export async function modelRow(db: RegistryDb, name: string): Promise<ModelRow> {
  const row = await db.selectFrom('models').selectAll().where('name', '=', name).where('removed_at', 'is', null).executeTakeFirst()
  if (row) return row
  const known = await db.selectFrom('models').select('name').where('removed_at', 'is', null).orderBy('updated_at', 'desc').limit(1000).execute()
  const hint = didYouMean(
    name,
    known.map((one) => one.name),
  )
  throw new FairleadError('model-unknown', `There is no model "${name.slice(0, 100)}".${hint}`)
}

/** The row of a version. Throws `model-unknown`, `version-unknown`. */
export async function versionRow(db: RegistryDb, model: string, version: number): Promise<VersionRow> {
  const row = await db.selectFrom('model_versions').selectAll().where('model', '=', model).where('version', '=', version).executeTakeFirst()
  return row ?? (await refuseVersion(db, model, version))
}

/** Throws `model-unknown` or `version-unknown`, naming the newest version there is. */
export async function refuseVersion(db: RegistryDb, model: string, version: number): Promise<never> {
  await modelRow(db, model)
  const newest = await newestVersion(db, model)
  const hint = newest === undefined ? 'it has none' : `its newest is ${newest}`
  throw new FairleadError('version-unknown', `Model "${model}" has no version ${version}; ${hint}.`)
}

/** The highest version number that a model has. */
export async function newestVersion(db: RegistryDb, model: string): Promise<number | undefined> {
  const row = await db
    .selectFrom('model_versions')
    .select((e) => e.fn.max('version').as('newest'))
    .where('model', '=', model)
    .executeTakeFirst()
  return row?.newest ?? undefined
}

/** The files of a version by path. */
export async function versionFiles(db: RegistryDb, model: string, version: number): Promise<ModelFile[]> {
  return db.selectFrom('version_files').select(['path', 'digest', 'size']).where('model', '=', model).where('version', '=', version).orderBy('path').execute()
}

/** Rows of summaries, newest first, below a version number. */
export async function summaryRows(db: RegistryDb, model: string, options: { below: number | undefined; limit: number }): Promise<SummaryRow[]> {
  const query = db.selectFrom('model_versions').select(SUMMARY).where('model', '=', model)
  const part = options.below === undefined ? query : query.where('version', '<', options.below)
  return part.orderBy('version', 'desc').limit(options.limit).execute()
}

/** A version as lists show it. */
export function summaryOf(row: SummaryRow, aliases: string[], uses: Use[]): ModelVersionSummary {
  const { source } = JSON.parse(row.lineage) as Lineage
  return {
    model: row.model,
    version: row.version,
    digest: row.digest,
    format: row.format,
    description: row.description,
    tags: JSON.parse(row.tags) as Record<string, string>,
    metrics: JSON.parse(row.metrics) as Record<string, number>,
    aliases,
    sizeBytes: row.size_bytes,
    goldenRowCount: row.golden_rows,
    createdAt: row.created_at,
    deployments: uses.filter((use) => use.version === row.version).map(({ name, release }) => ({ name, release })),
    importedBy: row.imported_by,
    ...(source === undefined ? {} : { source }),
  }
}

/** A version with everything. */
export function versionOf(row: VersionRow, related: { aliases: string[]; uses: Use[]; files: ModelFile[] }): ModelVersion {
  const { importedBy: _, source: __, ...summary } = summaryOf(row, related.aliases, related.uses)
  const example = exampleOf(row)
  return {
    ...summary,
    files: related.files,
    signature: JSON.parse(row.signature) as ModelVersion['signature'],
    facts: JSON.parse(row.facts) as ModelFacts,
    lineage: JSON.parse(row.lineage) as Lineage,
    ...(example.length > 0 ? { example } : {}),
  }
}

/** The rows that came with the model; of one that brought none, its first golden row: rows of real data explain a model better than made-up ones. */
function exampleOf({ example, golden }: VersionRow): NonNullable<ModelVersion['example']> {
  const own = parseJson(example) as NonNullable<ModelVersion['example']>
  return own.length > 0 || golden === null ? own : (parseJson(golden, ROW_MEMBERS) as GoldenRows).rows.slice(0, 1)
}

/** Aliases of models: by model, then by alias. */
export async function aliasesOf(db: RegistryDb, models: string[]): Promise<Map<string, Record<string, number>>> {
  const found = new Map<string, Record<string, number>>(models.map((model) => [model, {}]))
  if (models.length === 0) return found
  const rows = await db.selectFrom('model_aliases').selectAll().where('model', 'in', models).orderBy('alias').execute()
  for (const row of rows) {
    const own = found.get(row.model)
    if (own) own[row.alias] = row.version
  }
  return found
}

/** Models as callers see them, in the order of the rows. */
export async function modelsOf(db: RegistryDb, rows: ModelRow[], usesOf: (model: string) => Promise<Use[]>): Promise<Model[]> {
  const names = rows.map((row) => row.name)
  const aliases = await aliasesOf(db, names)
  const counts = await db
    .selectFrom('model_versions')
    .select((e) => ['model', e.fn.countAll<number>().as('versions'), e.fn.max('version').as('newest')])
    .where('model', 'in', names.length > 0 ? names : [''])
    .groupBy('model')
    .execute()
  const models: Model[] = []
  for (const row of rows) {
    const count = counts.find((one) => one.model === row.name)
    models.push({
      name: row.name,
      description: row.description,
      tags: JSON.parse(row.tags) as Record<string, string>,
      versions: count?.versions ?? 0,
      newest: count?.newest ?? null,
      aliases: aliases.get(row.name) ?? {},
      deployments: [...new Set((await usesOf(row.name)).map((use) => use.name))].sort(),
      createdAt: row.created_at,
      updatedAt: row.updated_at,
    })
  }
  return models
}
