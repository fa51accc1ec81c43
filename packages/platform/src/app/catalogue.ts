import type { Kysely } from 'kysely'
import { type DeploymentDb, Deployments, type DeploymentsOptions, type DeploymentTables } from '../domain/deployment/index.ts'
import { Registry, type RegistryDb, type RegistryOptions, type RegistryTables } from '../domain/registry/index.ts'

export type CatalogueTables = RegistryTables & DeploymentTables

export interface CatalogueOptions extends Pick<RegistryOptions, 'blobs' | 'limits'>, Omit<DeploymentsOptions, 'db' | 'registry'> {
  /** The one store of both. */
  db: Kysely<CatalogueTables>
}

/**
 * Registry and deployments over one store. Each asks the other within its own transactions, so that no version is removed that a
 * deployment begins to use at the same moment, nor the other way round.
 */
export function openCatalogue({ db, blobs, limits, ...options }: CatalogueOptions): { registry: Registry; deployments: Deployments } {
  const registry: Registry = new Registry({
    db: db as unknown as RegistryDb,
    blobs,
    clock: options.clock,
    usage: {
      deploymentsOf: (model, version) => deployments.deploymentsOf(model, version),
      releasesOf: (model, version, within) => deployments.releasesOf(model, version, within as unknown as DeploymentDb),
    },
    ...(limits ? { limits } : {}),
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
