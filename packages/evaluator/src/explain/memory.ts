import { type WasmMemory, type WasmModule, wasm } from '../kernels/index.ts'
import { type Kernels, kernelsOn } from './kernels/index.ts'
import { Unexplainable } from './unexplainable.ts'

const PAGE = 65536

/** Most that explaining may take: enough for any model that people explain, and short of what a page may hold. */
const MOST = 2 ** 31 - PAGE

/** The kernels with a memory of their own, whose parts are laid out anew whenever something grows. */
export class KernelMemory {
  readonly kernels: Kernels
  readonly #memory: WasmMemory
  readonly #base: number

  constructor(module?: WasmModule) {
    this.#memory = new wasm.Memory({ initial: 1 })
    this.kernels = kernelsOn(this.#memory, module)
    this.#base = aligned(this.kernels.heapBase())
  }

  /**
   * Addresses of parts of these sizes in bytes, one behind the other, each on 16 bytes. What was at the same address before
   * is still there.
   *
   * @throws Unexplainable when they are more than WebAssembly may have
   */
  place(...sizes: readonly number[]): number[] {
    let end = this.#base
    const addresses = sizes.map((size) => {
      const address = end
      end = aligned(end + size)
      return address
    })
    if (end > MOST) throw new Unexplainable('too-large', `explaining this model takes ${Math.ceil(end / 2 ** 20)} MiB, more than ${MOST / 2 ** 20}`)
    const missing = Math.ceil((end - this.#memory.buffer.byteLength) / PAGE)
    if (missing > 0) this.#memory.grow(missing)
    return addresses
  }

  doubles(address: number, length: number): Float64Array {
    return new Float64Array(this.#memory.buffer, address, length)
  }

  view(): DataView {
    return new DataView(this.#memory.buffer)
  }

  words(address: number, length: number): Uint32Array {
    return new Uint32Array(this.#memory.buffer, address, length)
  }
}

function aligned(address: number): number {
  return Math.ceil(address / 16) * 16
}
