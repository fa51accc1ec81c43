import type { Kysely, Selectable } from 'kysely'
import type { Migration } from '../../kernel/sql/migrate.ts'

/** Tables of this area. Secrets are kept as SHA-256 only. Times are RFC 3339, lists JSON text. */
export interface GovernanceTables {
  api_keys: {
    id: string
    name: string
    hash: string
    scopes: string
    deployments: string
    created_at: string
    created_by: string
    expires_at: string | null
    revoked_at: string | null
    limits: string | null
  }
  sign_in_tokens: { hash: string; expires_at: string }
  sessions: { hash: string; subject: string; expires_at: string }
}

export type KeyRow = Selectable<GovernanceTables['api_keys']>
export type GovernanceDb = Kysely<GovernanceTables>

/** Steps that make the tables of this area. Which number a new step takes stands in `domain/deployment/tables.ts`. */
export const governanceMigrations: Migration[] = [
  {
    id: '0020-access',
    async up({ schema }) {
      await schema
        .createTable('api_keys')
        .addColumn('id', 'text', (c) => c.primaryKey())
        .addColumn('name', 'text', (c) => c.notNull())
        .addColumn('hash', 'text', (c) => c.notNull().unique())
        .addColumn('scopes', 'text', (c) => c.notNull())
        .addColumn('deployments', 'text', (c) => c.notNull())
        .addColumn('created_at', 'text', (c) => c.notNull())
        .addColumn('created_by', 'text', (c) => c.notNull())
        .addColumn('expires_at', 'text')
        .addColumn('revoked_at', 'text')
        .execute()
      for (const table of ['sign_in_tokens', 'sessions']) {
        const made = schema
          .createTable(table)
          .addColumn('hash', 'text', (c) => c.primaryKey())
          .addColumn('expires_at', 'text', (c) => c.notNull())
        await (table === 'sessions' ? made.addColumn('subject', 'text', (c) => c.notNull()) : made).execute()
      }
    },
  },
  {
    id: '0041-key-limits',
    async up({ schema }) {
      await schema.alterTable('api_keys').addColumn('limits', 'text').execute()
    },
  },
]

/** Rows that callers spent of their quotas, kept beside the history of counters: what it says is worth less than a start. */
export interface QuotaTables {
  quota_use: { subject: string; window: string; rows: number }
}

/** Steps that make the table of quotas. */
export const quotaMigrations: Migration[] = [
  {
    id: '0042-quota-use',
    async up({ schema }) {
      await schema
        .createTable('quota_use')
        .addColumn('subject', 'text', (c) => c.notNull())
        .addColumn('window', 'text', (c) => c.notNull())
        .addColumn('rows', 'integer', (c) => c.notNull())
        .addPrimaryKeyConstraint('quota_use_key', ['subject', 'window'])
        .execute()
    },
  },
]
