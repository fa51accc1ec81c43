export { parquetSource } from './source.ts'
export { parquetTarget } from './target.ts'
