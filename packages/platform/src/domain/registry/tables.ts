import type { CreateTableBuilder, Kysely, Selectable } from 'kysely'
import type { Migration } from '../../kernel/sql/migrate.ts'

/** Tables of this area. Times are RFC 3339, structures JSON text, digests `sha256:` and 64 hex digits. */
export interface RegistryTables {
  /** A removed model keeps its row, so that its version numbers are never given again. */
  models: {
    name: string
    description: string
    tags: string
    last_version: number
    created_at: string
    updated_at: string
    removed_at: string | null
  }
  model_versions: {
    model: string
    version: number
    digest: string
    format: string
    /** Path of the model file among the version's files. */
    entry: string
    description: string
    tags: string
    metrics: string
    size_bytes: number
    signature: string
    facts: string
    graph: string
    lineage: string
    example: string
    golden: string | null
    golden_rows: number
    created_at: string
    imported_by: string
  }
  /** A blob lives as long as a row of this table or of `upload_files` names it. */
  version_files: { model: string; version: number; path: string; digest: string; size: number }
  model_aliases: { model: string; alias: string; version: number }
  uploads: { id: string; created_at: string; expires_at: string }
  upload_files: { upload: string; path: string; digest: string; size: number }
}

export type ModelRow = Selectable<RegistryTables['models']>
export type VersionRow = Selectable<RegistryTables['model_versions']>
export type RegistryDb = Kysely<RegistryTables>

async function createModels({ schema }: Kysely<unknown>): Promise<void> {
  await schema
    .createTable('models')
    .addColumn('name', 'text', (c) => c.primaryKey())
    .addColumn('description', 'text', (c) => c.notNull())
    .addColumn('tags', 'text', (c) => c.notNull())
    .addColumn('last_version', 'integer', (c) => c.notNull())
    .addColumn('created_at', 'text', (c) => c.notNull())
    .addColumn('updated_at', 'text', (c) => c.notNull())
    .addColumn('removed_at', 'text')
    .execute()
  const texts = [
    'digest',
    'format',
    'entry',
    'description',
    'tags',
    'metrics',
    'signature',
    'facts',
    'graph',
    'lineage',
    'example',
    'created_at',
    'imported_by',
  ]
  let versions: CreateTableBuilder<'model_versions', string> = schema
    .createTable('model_versions')
    .addColumn('model', 'text', (c) => c.notNull().references('models.name'))
    .addColumn('version', 'integer', (c) => c.notNull())
    .addColumn('size_bytes', 'bigint', (c) => c.notNull())
    .addColumn('golden', 'text')
    .addColumn('golden_rows', 'integer', (c) => c.notNull())
  for (const column of texts) versions = versions.addColumn(column, 'text', (c) => c.notNull())
  await versions.addPrimaryKeyConstraint('model_versions_pk', ['model', 'version']).addUniqueConstraint('model_versions_digest', ['model', 'digest']).execute()
  await schema.createIndex('model_versions_by_digest').on('model_versions').column('digest').execute()
  await schema
    .createTable('model_aliases')
    .addColumn('model', 'text', (c) => c.notNull())
    .addColumn('alias', 'text', (c) => c.notNull())
    .addColumn('version', 'integer', (c) => c.notNull())
    .addPrimaryKeyConstraint('model_aliases_pk', ['model', 'alias'])
    .addForeignKeyConstraint('model_aliases_version', ['model', 'version'], 'model_versions', ['model', 'version'], (c) => c.onDelete('cascade'))
    .execute()
}

async function createFiles({ schema }: Kysely<unknown>): Promise<void> {
  await schema
    .createTable('version_files')
    .addColumn('model', 'text', (c) => c.notNull())
    .addColumn('version', 'integer', (c) => c.notNull())
    .addColumn('path', 'text', (c) => c.notNull())
    .addColumn('digest', 'text', (c) => c.notNull())
    .addColumn('size', 'bigint', (c) => c.notNull())
    .addPrimaryKeyConstraint('version_files_pk', ['model', 'version', 'path'])
    .addForeignKeyConstraint('version_files_version', ['model', 'version'], 'model_versions', ['model', 'version'], (c) => c.onDelete('cascade'))
    .execute()
  await schema
    .createTable('uploads')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('created_at', 'text', (c) => c.notNull())
    .addColumn('expires_at', 'text', (c) => c.notNull())
    .execute()
  await schema
    .createTable('upload_files')
    .addColumn('upload', 'text', (c) => c.notNull().references('uploads.id').onDelete('cascade'))
    .addColumn('path', 'text', (c) => c.notNull())
    .addColumn('digest', 'text', (c) => c.notNull())
    .addColumn('size', 'bigint', (c) => c.notNull())
    .addPrimaryKeyConstraint('upload_files_pk', ['upload', 'path'])
    .execute()
  for (const table of ['version_files', 'upload_files']) await schema.createIndex(`${table}_digest`).on(table).column('digest').execute()
}

/** Steps that make the tables of this area. Which number a new step takes stands in `domain/deployment/tables.ts`. */
export const registryMigrations: Migration[] = [
  {
    id: '0001-registry',
    async up(db) {
      await createModels(db)
      await createFiles(db)
    },
  },
]
