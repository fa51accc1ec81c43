export { type Change, type Comparison, compareForms, type EnsembleComparison } from './compare.ts'
export { type Drawing, type Drawn, type DrawnLeaf, type DrawnRest, type DrawnSplit, type DrawOptions, drawTree } from './draw.ts'
export { type EnsembleFacts, type Facts, type FactsOptions, type FeatureFacts, factsOf, type LinearFacts } from './facts.ts'
export type { KnownValues } from './known.ts'
