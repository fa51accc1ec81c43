import type { ComparisonOperator } from '../ast.ts'
import type { BinaryLoops } from '../node.ts'
import type { ValueType } from '../operand.ts'

/** Loops for each operator. `a > b` is computed as `b < a`. */
export type Comparisons<A extends ValueType> = Record<'=' | '!=' | '<' | '<=', BinaryLoops<A, 'boolean'>> &
  Record<'>' | '>=', Pick<BinaryLoops<A, 'boolean'>, 'right'>>

/** The operator when the sides change places. */
export const TURNED: Record<ComparisonOperator, ComparisonOperator> = { '=': '=', '!=': '!=', '<': '>', '<=': '>=', '>': '<', '>=': '<=' }

/*
 * `+(a < b)` becomes an instruction, `a < b ? 1 : 0` a branch that is wrong half the time.
 */

export const NUMBERS: Comparisons<'number'> = {
  '=': {
    each(out, a, b, count) {
      for (let i = 0; i < count; i++) out[i] = +(a[i] === b[i])
    },
    right(out, a, b, count) {
      for (let i = 0; i < count; i++) out[i] = +(a[i] === b)
    },
  },
  '!=': {
    each(out, a, b, count) {
      for (let i = 0; i < count; i++) out[i] = +(a[i] !== b[i])
    },
    right(out, a, b, count) {
      for (let i = 0; i < count; i++) out[i] = +(a[i] !== b)
    },
  },
  '<': {
    each(out, a, b, count) {
      for (let i = 0; i < count; i++) out[i] = +(a[i]! < b[i]!)
    },
    right(out, a, b, count) {
      for (let i = 0; i < count; i++) out[i] = +(a[i]! < b)
    },
  },
  '<=': {
    each(out, a, b, count) {
      for (let i = 0; i < count; i++) out[i] = +(a[i]! <= b[i]!)
    },
    right(out, a, b, count) {
      for (let i = 0; i < count; i++) out[i] = +(a[i]! <= b)
    },
  },
  '>': {
    right(out, a, b, count) {
      for (let i = 0; i < count; i++) out[i] = +(a[i]! > b)
    },
  },
  '>=': {
    right(out, a, b, count) {
      for (let i = 0; i < count; i++) out[i] = +(a[i]! >= b)
    },
  },
}

export const INTEGERS: Comparisons<'integer'> = {
  '=': {
    each(out, a, b, count) {
      for (let i = 0; i < count; i++) out[i] = +(a[i] === b[i])
    },
  },
  '!=': {
    each(out, a, b, count) {
      for (let i = 0; i < count; i++) out[i] = +(a[i] !== b[i])
    },
  },
  '<': {
    each(out, a, b, count) {
      for (let i = 0; i < count; i++) out[i] = +(a[i]! < b[i]!)
    },
  },
  '<=': {
    each(out, a, b, count) {
      for (let i = 0; i < count; i++) out[i] = +(a[i]! <= b[i]!)
    },
  },
  '>': {},
  '>=': {},
}

export const BOOLEANS: Comparisons<'boolean'> = {
  '=': {
    each(out, a, b, count) {
      for (let i = 0; i < count; i++) out[i] = +(a[i] === b[i])
    },
  },
  '!=': {
    each(out, a, b, count) {
      for (let i = 0; i < count; i++) out[i] = a[i]! ^ b[i]!
    },
  },
  '<': {
    each(out, a, b, count) {
      for (let i = 0; i < count; i++) out[i] = +(a[i]! < b[i]!)
    },
  },
  '<=': {
    each(out, a, b, count) {
      for (let i = 0; i < count; i++) out[i] = +(a[i]! <= b[i]!)
    },
  },
  '>': {},
  '>=': {},
}

/**
 * Negative, 0 or positive, by code points: the order of their bytes in UTF-8, as in databases. JavaScript's own order differs for what lies beyond
 * the first 65,536 code points.
 */
export function compareTexts(a: string, b: string): number {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i)
    const y = b.charCodeAt(i)
    if (x === y) continue
    // a surrogate belongs to a code point above all that need none
    return isSurrogate(x) === isSurrogate(y) ? x - y : isSurrogate(x) ? 1 : -1
  }
  return a.length - b.length
}

function isSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdfff
}

export const TEXTS: Comparisons<'text'> = {
  '=': {
    each(out, a, b, count) {
      for (let i = 0; i < count; i++) out[i] = +(a[i] === b[i])
    },
    right(out, a, b, count) {
      for (let i = 0; i < count; i++) out[i] = +(a[i] === b)
    },
  },
  '!=': {
    each(out, a, b, count) {
      for (let i = 0; i < count; i++) out[i] = +(a[i] !== b[i])
    },
    right(out, a, b, count) {
      for (let i = 0; i < count; i++) out[i] = +(a[i] !== b)
    },
  },
  '<': {
    each(out, a, b, count) {
      for (let i = 0; i < count; i++) out[i] = +(compareTexts(a[i]!, b[i]!) < 0)
    },
  },
  '<=': {
    each(out, a, b, count) {
      for (let i = 0; i < count; i++) out[i] = +(compareTexts(a[i]!, b[i]!) <= 0)
    },
  },
  '>': {},
  '>=': {},
}
