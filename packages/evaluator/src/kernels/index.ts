import { inflate } from '../archive/inflate.ts'
import { type Kernels, MODULE } from './module.ts'
import { type WasmMemory, type WasmModule, wasm } from './webassembly.ts'

export type { Kernels } from './module.ts'
export { type WasmMemory, type WasmModule, wasm } from './webassembly.ts'

let shared: WasmModule | undefined

/** The bytes of the kernels' module, for runtimes that compile modules only beforehand. */
export function kernelBytes(): Uint8Array<ArrayBuffer> {
  return unpacked(MODULE)
}

/** The bytes of a module that scripts/kernels.ts packed. */
export function unpacked({ bytes, deflated }: { readonly bytes: number; readonly deflated: string }): Uint8Array<ArrayBuffer> {
  const packed = Uint8Array.from(atob(deflated), (character) => character.charCodeAt(0))
  return new Uint8Array(inflate(packed, bytes, 'kernels'))
}

/** The kernels on a memory. The module is compiled once and shared; `module` takes its place where a runtime forbids that. */
export function kernelsOn(memory: WasmMemory, module?: WasmModule): Kernels {
  if (!module) shared ??= new wasm.Module(kernelBytes())
  return new wasm.Instance(module ?? (shared as WasmModule), { env: { memory } }).exports as Kernels
}
