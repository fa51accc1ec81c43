export { FeatureLookup, type LookupCounters, lookupFailed } from './feature-lookup.ts'
export type { Fallback, LookupFeature, LookupOptions } from './options.ts'
export type { FeatureAnswer, FeatureKeys, FeatureService, FeatureValue } from './service.ts'
