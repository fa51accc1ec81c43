import { unpacked, type WasmMemory, type WasmModule, wasm } from '../../kernels/index.ts'
import { type Kernels, MODULE } from './module.ts'

export type { Kernels } from './module.ts'

let shared: WasmModule | undefined

/** The bytes of the module that explains, for runtimes that compile modules only beforehand. */
export function explainBytes(): Uint8Array<ArrayBuffer> {
  return unpacked(MODULE)
}

/** The kernels on a memory. The module is compiled once and shared; `module` takes its place where a runtime forbids that. */
export function kernelsOn(memory: WasmMemory, module?: WasmModule): Kernels {
  if (!module) shared ??= new wasm.Module(explainBytes())
  return new wasm.Instance(module ?? (shared as WasmModule), { env: { memory } }).exports as Kernels
}
