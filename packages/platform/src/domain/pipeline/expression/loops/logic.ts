import { TILE_ROWS } from '../operand.ts'

/*
 * Three-valued logic. What a row holds where it is null means nothing, so it is masked before it is used.
 */

export function and(out: Uint8Array, a: Uint8Array, b: Uint8Array, count: number): void {
  for (let i = 0; i < count; i++) out[i] = a[i]! & b[i]!
}

export function or(out: Uint8Array, a: Uint8Array, b: Uint8Array, count: number): void {
  for (let i = 0; i < count; i++) out[i] = a[i]! | b[i]!
}

export function not(out: Uint8Array, a: Uint8Array, count: number): void {
  for (let i = 0; i < count; i++) out[i] = a[i]! ^ 1
}

/** 1 where it is true, 0 where it is false or null. `out` may be `a`. */
export function truth(out: Uint8Array, a: Uint8Array, nulls: Uint8Array | undefined, count: number): Uint8Array {
  if (!nulls) return a
  for (let i = 0; i < count; i++) out[i] = a[i]! & ~nulls[i]! & 1
  return out
}

interface Sides {
  out: Uint8Array
  a: Uint8Array
  b: Uint8Array
  aNulls: Uint8Array | undefined
  bNulls: Uint8Array | undefined
  /** Where the marks of the answer go. */
  marks: Uint8Array
  count: number
}

const NONE = new Uint8Array(TILE_ROWS)

/** Null unless a side is false. */
export function andWithNulls({ out, a, b, aNulls = NONE, bNulls = NONE, marks, count }: Sides): void {
  for (let i = 0; i < count; i++) {
    const aNull = aNulls[i]!
    const bNull = bNulls[i]!
    const isFalse = (~a[i]! & ~aNull & 1) | (~b[i]! & ~bNull & 1)
    const isNull = (aNull | bNull) & ~isFalse & 1
    marks[i] = isNull
    out[i] = ~isFalse & ~isNull & 1
  }
}

/** Null unless a side is true. */
export function orWithNulls({ out, a, b, aNulls = NONE, bNulls = NONE, marks, count }: Sides): void {
  for (let i = 0; i < count; i++) {
    const aNull = aNulls[i]!
    const bNull = bNulls[i]!
    const isTrue = (a[i]! & ~aNull & 1) | (b[i]! & ~bNull & 1)
    marks[i] = (aNull | bNull) & ~isTrue & 1
    out[i] = isTrue
  }
}
