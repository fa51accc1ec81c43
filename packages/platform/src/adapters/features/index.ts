export type { FeatureServer } from './exchange.ts'
export { FeastFeatures } from './feast.ts'
export { PlainFeatures } from './plain.ts'
