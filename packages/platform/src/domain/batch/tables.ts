import type { Kysely, Selectable } from 'kysely'
import type { Migration } from '../../kernel/sql/migrate.ts'

/** Tables of this area. Times are RFC 3339, structures JSON text. */
export interface BatchTables {
  batch_jobs: {
    id: string
    deployment: string
    release: number
    release_digest: string
    state: string
    step: string
    spec: string
    progress: string
    summary: string | null
    quarantine: string | null
    error: string | null
    /** Milliseconds that its processes ran. */
    spent_ms: number
    created_at: string
    created_by: string
    started_at: string | null
    ended_at: string | null
  }
}

export type JobRow = Selectable<BatchTables['batch_jobs']>
export type BatchDb = Kysely<BatchTables>

/** Steps that make the tables of this area; the numbers of all areas are one sequence. */
export const batchMigrations: Migration[] = [
  {
    id: '0043-batch-jobs',
    async up(db) {
      const { schema } = db
      await schema
        .createTable('batch_jobs')
        .addColumn('id', 'text', (c) => c.primaryKey())
        .addColumn('deployment', 'text', (c) => c.notNull())
        .addColumn('release', 'integer', (c) => c.notNull())
        .addColumn('release_digest', 'text', (c) => c.notNull())
        .addColumn('state', 'text', (c) => c.notNull())
        .addColumn('step', 'text', (c) => c.notNull())
        .addColumn('spec', 'text', (c) => c.notNull())
        .addColumn('progress', 'text', (c) => c.notNull())
        .addColumn('summary', 'text')
        .addColumn('quarantine', 'text')
        .addColumn('error', 'text')
        .addColumn('spent_ms', 'real', (c) => c.notNull())
        .addColumn('created_at', 'text', (c) => c.notNull())
        .addColumn('created_by', 'text', (c) => c.notNull())
        .addColumn('started_at', 'text')
        .addColumn('ended_at', 'text')
        .execute()
      await schema.createIndex('batch_jobs_state').on('batch_jobs').column('state').execute()
    },
  },
]
