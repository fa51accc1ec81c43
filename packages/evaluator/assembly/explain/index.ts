// The kernels of explanations: a WebAssembly module of its own, built by scripts/kernels.ts. Memory belongs to the caller.
export { explainPairs, placePairs, sumBackground } from './pairs'
export { explainPaths } from './paths'

/** First byte that the module's own tables leave free. */
export function heapBase(): usize {
  return __heap_base
}
