export { type FetchedModel, fetchModel, lineageOfFolder } from './fetch.ts'
export type { MlflowServer } from './server.ts'
export { isMlflowUri } from './uri.ts'
