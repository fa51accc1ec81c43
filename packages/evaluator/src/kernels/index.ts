import { type Kernels, MODULE } from './module.ts'
import { type WasmMemory, type WasmModule, wasm } from './webassembly.ts'

export type { Kernels } from './module.ts'
export { type WasmMemory, type WasmModule, wasm } from './webassembly.ts'

let shared: WasmModule | undefined

/** The bytes of the kernels' module, for runtimes that compile modules only beforehand. */
export function kernelBytes(): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(MODULE), (character) => character.charCodeAt(0))
}

/** The kernels on a memory. The module is compiled once and shared; `module` takes its place where a runtime forbids that. */
export function kernelsOn(memory: WasmMemory, module?: WasmModule): Kernels {
  if (!module) shared ??= new wasm.Module(kernelBytes())
  return new wasm.Instance(module ?? (shared as WasmModule), { env: { memory } }).exports as Kernels
}
