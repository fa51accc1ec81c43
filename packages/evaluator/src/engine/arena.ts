import { type WasmMemory, wasm } from '../kernels/index.ts'
import { CannotRun } from './cannot-run.ts'

const PAGE = 65_536
const MOST = 65_536 * PAGE

/** Arrays that lie in the memory as they are. */
export type Placeable = Float32Array | Float64Array | Int32Array | Uint32Array | Uint16Array | Uint8Array | Int8Array | BigInt64Array

/** The memory of a predictor, handed out from the bottom to the top. Views are made anew when it grows: take them where they are used. */
export class Arena {
  readonly memory: WasmMemory
  #top = 0
  #buffer: ArrayBuffer
  u8: Uint8Array
  i32: Int32Array
  f32: Float32Array
  f64: Float64Array
  i64: BigInt64Array

  constructor() {
    this.memory = new wasm.Memory({ initial: 1 })
    this.#buffer = this.memory.buffer
    this.u8 = new Uint8Array(this.#buffer)
    this.i32 = new Int32Array(this.#buffer)
    this.f32 = new Float32Array(this.#buffer)
    this.f64 = new Float64Array(this.#buffer)
    this.i64 = new BigInt64Array(this.#buffer)
  }

  /** Bytes in use. */
  get size(): number {
    return this.#top
  }

  /** Hands out so many bytes; their address is a multiple of 64, and 64 bytes behind them belong to nobody, so that kernels may read on. @throws CannotRun beyond 4 GiB */
  reserve(bytes: number): number {
    const at = Math.ceil(this.#top / 64) * 64
    const top = at + Math.ceil(bytes / 64) * 64 + 64
    if (top > MOST) throw new CannotRun(`needs ${top} bytes of memory; WebAssembly has 4 GiB`)
    this.#fit(top)
    this.#top = top
    return at
  }

  /** Copies an array into the memory and gives its address. */
  place(array: Placeable): number {
    const at = this.reserve(array.byteLength)
    this.u8.set(new Uint8Array(array.buffer, array.byteOffset, array.byteLength), at)
    return at
  }

  #fit(top: number): void {
    if (top <= this.#buffer.byteLength) return
    try {
      this.memory.grow(Math.ceil((top - this.#buffer.byteLength) / PAGE))
    } catch {
      throw new CannotRun(`no memory for ${top} bytes`)
    }
    this.#buffer = this.memory.buffer
    this.u8 = new Uint8Array(this.#buffer)
    this.i32 = new Int32Array(this.#buffer)
    this.f32 = new Float32Array(this.#buffer)
    this.f64 = new Float64Array(this.#buffer)
    this.i64 = new BigInt64Array(this.#buffer)
  }
}
