export { Deployments } from './deployments.ts'
export type { DeploymentsOptions, ModelSource, SeenCaller } from './ports.ts'
export { type DeploymentDb, type DeploymentTables, deploymentMigrations } from './tables.ts'
export * from './types.ts'
