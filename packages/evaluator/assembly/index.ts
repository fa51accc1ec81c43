// All kernels: one WebAssembly module, built by scripts/kernels.ts. Memory belongs to the caller, who hands out every
// address; kernels allocate nothing. `n` counts elements or rows, addresses are in bytes.
export * from './abreast'
export * from './affine'
export * from './cast'
export * from './columns'
export * from './demand'
export * from './elementwise'
export * from './find'
export * from './links'
export * from './lists'
export * from './pick'
export * from './pieces'
export * from './rows'
export * from './sums'
export * from './walk'

/** First byte that the module's own tables leave free. */
export function heapBase(): usize {
  return __heap_base
}
