import { kernels, scratchMarks } from './kernels/memory.ts'

const OR = 1

/** A node's own marks of nulls. */
export class Marks {
  readonly own = scratchMarks()
  readonly address = this.own.byteOffset

  /** Own marks with none set. */
  clear(count: number): Uint8Array {
    this.own.fill(0, 0, count)
    return this.own
  }

  /** Null where either is. */
  either(a: Uint8Array | undefined, b: Uint8Array | undefined, count: number): Uint8Array | undefined {
    if (!a || !b) return a ?? b
    kernels.logic(OR, this.address, a.byteOffset, b.byteOffset, count)
    return this.own
  }

  /** Own marks, which were set, and those of the operands. */
  also(a: Uint8Array | undefined, b: Uint8Array | undefined, count: number): Uint8Array {
    const at = this.address
    if (a) kernels.logic(OR, at, at, a.byteOffset, count)
    if (b) kernels.logic(OR, at, at, b.byteOffset, count)
    return this.own
  }
}
