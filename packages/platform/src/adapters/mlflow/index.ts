export { type FetchedModel, fetchModel, lineageOfFolder } from './fetch.ts'
export type { MlflowServer } from './server.ts'
