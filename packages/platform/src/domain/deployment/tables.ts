import { parseJson, ROW_MEMBERS, writeJson } from '@fairlead/contract'
import type { Generated, Kysely, Selectable } from 'kysely'
import type { Migration } from '../../kernel/sql/migrate.ts'

/** Tables of this area. Times are RFC 3339, structures JSON text. */
export interface DeploymentTables {
  /** A removed deployment keeps its row, so that its release numbers are never given again. */
  deployments: {
    name: string
    current: number | null
    candidate: number | null
    next_release: number
    created_at: string
    updated_at: string
    removed_at: string | null
  }
  releases: {
    deployment: string
    number: number
    digest: string
    model_name: string
    model_version: number
    state: string
    failure: string | null
    execution: string | null
    checks: string
    /** The frozen release as serve processes read it. */
    servable: string
    created_at: string
    created_by: string
    activated_at: string | null
  }
  /** Rows with the answers that a release must give. They may be thousands, and only a process that loads it needs them. */
  release_golden: { deployment: string; number: number; golden: string }
  operations: {
    id: string
    kind: string
    state: string
    step: string
    progress: number | null
    deployment: string
    release: number
    error: string | null
    started_at: string
    ended_at: string | null
  }
  /** One row: the revision of desired state. */
  desired: { id: Generated<number>; revision: number }
}

export type DeploymentRow = Selectable<DeploymentTables['deployments']>
export type ReleaseRow = Selectable<DeploymentTables['releases']>
export type OperationRow = Selectable<DeploymentTables['operations']>
export type DeploymentDb = Kysely<DeploymentTables>

/**
 * Steps that make the tables of this area. The numbers of all areas are one sequence, and a new step comes after all that are applied
 * anywhere: the next free number is 0044.
 */
export const deploymentMigrations: Migration[] = [
  {
    id: '0010-deployments',
    async up(db) {
      const { schema } = db
      await schema
        .createTable('deployments')
        .addColumn('name', 'text', (c) => c.primaryKey())
        .addColumn('current', 'integer')
        .addColumn('candidate', 'integer')
        .addColumn('next_release', 'integer', (c) => c.notNull())
        .addColumn('created_at', 'text', (c) => c.notNull())
        .addColumn('updated_at', 'text', (c) => c.notNull())
        .addColumn('removed_at', 'text')
        .execute()
      await schema
        .createTable('releases')
        .addColumn('deployment', 'text', (c) => c.notNull().references('deployments.name'))
        .addColumn('number', 'integer', (c) => c.notNull())
        .addColumn('digest', 'text', (c) => c.notNull())
        .addColumn('model_name', 'text', (c) => c.notNull())
        .addColumn('model_version', 'integer', (c) => c.notNull())
        .addColumn('state', 'text', (c) => c.notNull())
        .addColumn('failure', 'text')
        .addColumn('execution', 'text')
        .addColumn('checks', 'text', (c) => c.notNull())
        .addColumn('servable', 'text', (c) => c.notNull())
        .addColumn('created_at', 'text', (c) => c.notNull())
        .addColumn('created_by', 'text', (c) => c.notNull())
        .addColumn('activated_at', 'text')
        .addPrimaryKeyConstraint('releases_pk', ['deployment', 'number'])
        .execute()
      await schema.createIndex('releases_model').on('releases').columns(['model_name', 'model_version']).execute()
      await schema
        .createTable('operations')
        .addColumn('id', 'text', (c) => c.primaryKey())
        .addColumn('kind', 'text', (c) => c.notNull())
        .addColumn('state', 'text', (c) => c.notNull())
        .addColumn('step', 'text', (c) => c.notNull())
        .addColumn('progress', 'real')
        .addColumn('deployment', 'text', (c) => c.notNull())
        .addColumn('release', 'integer', (c) => c.notNull())
        .addColumn('error', 'text')
        .addColumn('started_at', 'text', (c) => c.notNull())
        .addColumn('ended_at', 'text')
        .execute()
      await schema.createIndex('operations_state').on('operations').column('state').execute()
      await schema
        .createTable('desired')
        .addColumn('id', 'integer', (c) => c.primaryKey())
        .addColumn('revision', 'integer', (c) => c.notNull())
        .execute()
      await (db as DeploymentDb).insertInto('desired').values({ id: 1, revision: 0 }).execute()
      // it stands here since the first version, though it serves the writes of every area; its reader is in the kernel
      await schema
        .createTable('idempotency')
        .addColumn('key', 'text', (c) => c.notNull())
        .addColumn('scope', 'text', (c) => c.notNull())
        .addColumn('body_hash', 'text', (c) => c.notNull())
        .addColumn('status', 'integer', (c) => c.notNull())
        .addColumn('body', 'text', (c) => c.notNull())
        .addColumn('created_at', 'text', (c) => c.notNull())
        .addPrimaryKeyConstraint('idempotency_pk', ['key', 'scope'])
        .execute()
    },
  },
  { id: '0040-release-golden', up: (db) => separateGolden(db as DeploymentDb) },
]

async function separateGolden(db: DeploymentDb): Promise<void> {
  await db.schema
    .createTable('release_golden')
    .addColumn('deployment', 'text', (c) => c.notNull())
    .addColumn('number', 'integer', (c) => c.notNull())
    .addColumn('golden', 'text', (c) => c.notNull())
    .addPrimaryKeyConstraint('release_golden_pk', ['deployment', 'number'])
    .addForeignKeyConstraint('release_golden_release', ['deployment', 'number'], 'releases', ['deployment', 'number'], (c) => c.onDelete('cascade'))
    .execute()
  const keys = await db.selectFrom('releases').select(['deployment', 'number']).execute()
  for (const { deployment, number } of keys) {
    const release = db.selectFrom('releases').select('servable').where('deployment', '=', deployment).where('number', '=', number)
    const { golden, ...rest } = parseJson((await release.executeTakeFirstOrThrow()).servable, ROW_MEMBERS) as { golden?: unknown }
    if (!golden) continue
    await db
      .insertInto('release_golden')
      .values({ deployment, number, golden: writeJson(golden) })
      .execute()
    const row = db.updateTable('releases').where('deployment', '=', deployment).where('number', '=', number)
    await row.set({ servable: writeJson(rest) }).execute()
  }
}

/** Says that desired state has changed. Part of the transaction that changes it. */
export async function bumpRevision(db: DeploymentDb): Promise<void> {
  await db
    .updateTable('desired')
    .set((eb) => ({ revision: eb('revision', '+', 1) }))
    .execute()
}
