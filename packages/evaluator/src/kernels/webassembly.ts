/** What of the WebAssembly interface the engine uses: the types of the language have it only together with a page's. */
export interface WasmMemory {
  readonly buffer: ArrayBuffer
  grow(pages: number): number
}

/** A compiled module: `WebAssembly.Module`. */
export type WasmModule = object

interface Wasm {
  readonly Memory: new (size: { initial: number; maximum?: number }) => WasmMemory
  readonly Module: new (bytes: Uint8Array<ArrayBuffer>) => WasmModule
  readonly Instance: new (module: WasmModule, imports: object) => { readonly exports: object }
}

export const wasm: Wasm = (globalThis as unknown as { WebAssembly: Wasm }).WebAssembly
