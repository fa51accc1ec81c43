import type { Kysely } from 'kysely'
import type { Migration } from '../../kernel/sql/migrate.ts'

/** Tables of this area. Times are milliseconds since 1970, at the start of the step. */
export interface TelemetryTables {
  /** One row a step, deployment and release in which something was asked. */
  telemetry: {
    /** Length of the step in seconds: 10 or 60. */
    step: number
    at: number
    deployment: string
    release: number
    requests: number
    rows: number
    errors: number
    /** Those of the errors that are the platform's fault. */
    faults: number
    queue_ms: number
    run_ms: number
    answered: number
    /** Histogram of the total duration: JSON list of bucket, count, bucket, count, … */
    histogram: string
  }
  /** One row a step in which the platform was up. */
  telemetry_ticks: { step: number; at: number }
}

export type TelemetryDb = Kysely<TelemetryTables>

/** Steps that make the tables of this area. */
export const telemetryMigrations: Migration[] = [
  {
    id: '0030-telemetry',
    async up(db) {
      await db.schema
        .createTable('telemetry')
        .addColumn('step', 'integer', (c) => c.notNull())
        .addColumn('at', 'bigint', (c) => c.notNull())
        .addColumn('deployment', 'text', (c) => c.notNull())
        .addColumn('release', 'integer', (c) => c.notNull())
        .addColumn('requests', 'bigint', (c) => c.notNull())
        .addColumn('rows', 'bigint', (c) => c.notNull())
        .addColumn('errors', 'bigint', (c) => c.notNull())
        .addColumn('faults', 'bigint', (c) => c.notNull())
        .addColumn('queue_ms', 'double precision', (c) => c.notNull())
        .addColumn('run_ms', 'double precision', (c) => c.notNull())
        .addColumn('answered', 'bigint', (c) => c.notNull())
        .addColumn('histogram', 'text', (c) => c.notNull())
        .addPrimaryKeyConstraint('telemetry_key', ['deployment', 'step', 'at', 'release'])
        .execute()
      await db.schema.createIndex('telemetry_by_age').on('telemetry').columns(['step', 'at']).execute()
      await db.schema
        .createTable('telemetry_ticks')
        .addColumn('step', 'integer', (c) => c.notNull())
        .addColumn('at', 'bigint', (c) => c.notNull())
        .addPrimaryKeyConstraint('telemetry_ticks_key', ['step', 'at'])
        .execute()
    },
  },
]
