export type { XGBoostOptions } from './options.ts'
export { readXGBoost } from './read.ts'
