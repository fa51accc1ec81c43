import type { Kysely } from 'kysely'
import { type BatchTables, batchMigrations } from '../domain/batch/index.ts'
import { type DeploymentDb, Deployments, type DeploymentsOptions, type DeploymentTables, deploymentMigrations } from '../domain/deployment/index.ts'
import { governanceMigrations } from '../domain/governance/index.ts'
import { Registry, type RegistryDb, type RegistryOptions, type RegistryTables, registryMigrations } from '../domain/registry/index.ts'
import type { Migration } from '../kernel/sql/migrate.ts'

/** Steps that make the one store of what must survive, of all areas that keep theirs in it. */
export const STORE_MIGRATIONS: Migration[] = [...registryMigrations, ...governanceMigrations, ...deploymentMigrations, ...batchMigrations]

export type CatalogueTables = RegistryTables & DeploymentTables & BatchTables

export interface CatalogueOptions
  extends Pick<RegistryOptions, 'allowCode' | 'blobs' | 'limits' | 'tryModel' | 'removed'>,
    Omit<DeploymentsOptions, 'db' | 'registry'> {
  /** The one store of both. */
  db: Kysely<CatalogueTables>
}

/**
 * Registry and deployments over one store. Each asks the other within its own transactions, so that no version is removed that a
 * deployment begins to use at the same moment, nor the other way round.
 */
export function openCatalogue({ db, blobs, limits, tryModel, allowCode, removed, ...options }: CatalogueOptions): {
  registry: Registry
  deployments: Deployments
} {
  const registry: Registry = new Registry({
    db: db as unknown as RegistryDb,
    blobs,
    clock: options.clock,
    usage: {
      deploymentsOf: (model, version) => deployments.deploymentsOf(model, version),
      affected: (model, version, changes) => deployments.affected(model, version, changes),
      releasesOf: (model, version, within) => deployments.releasesOf(model, version, within as unknown as DeploymentDb),
    },
    removed,
    ...(limits ? { limits } : {}),
    ...(tryModel ? { tryModel } : {}),
    ...(allowCode ? { allowCode } : {}),
  })
  const deployments: Deployments = new Deployments({
    ...options,
    db: db as unknown as DeploymentDb,
    registry: {
      resolve: (ref) => registry.resolve(ref),
      goldenOf: (model, version) => registry.goldenOf(model, version),
      entryOf: (model, version) => registry.entryOf(model, version),
      confirm: (version, within) => registry.confirm(version, within as unknown as RegistryDb),
    },
  })
  return { registry, deployments }
}
