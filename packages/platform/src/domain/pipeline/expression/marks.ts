import { TILE_ROWS } from './operand.ts'

/** A node's own marks of nulls, made when the first null comes. */
export class Marks {
  #own: Uint8Array | undefined

  own(): Uint8Array {
    this.#own ??= new Uint8Array(TILE_ROWS)
    return this.#own
  }

  /** Own marks with none set. */
  clear(count: number): Uint8Array {
    const own = this.own()
    own.fill(0, 0, count)
    return own
  }

  /** Null where either is. */
  either(a: Uint8Array | undefined, b: Uint8Array | undefined, count: number): Uint8Array | undefined {
    if (!a || !b) return a ?? b
    const own = this.own()
    for (let i = 0; i < count; i++) own[i] = a[i]! | b[i]!
    return own
  }

  /** Own marks, which were set, and those of the operands. */
  also(a: Uint8Array | undefined, b: Uint8Array | undefined, count: number): Uint8Array {
    const own = this.own()
    if (a) for (let i = 0; i < count; i++) own[i]! |= a[i]!
    if (b) for (let i = 0; i < count; i++) own[i]! |= b[i]!
    return own
  }
}
