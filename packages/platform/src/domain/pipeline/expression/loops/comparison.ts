import type { ComparisonOperator } from '../ast.ts'
import type { BinaryLoops } from '../node.ts'

/** The operator when the sides change places. */
export const TURNED: Record<ComparisonOperator, ComparisonOperator> = { '=': '=', '!=': '!=', '<': '>', '<=': '>=', '>': '<', '>=': '<=' }

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

/** Comparisons of texts. `a > b` is computed as `b < a`. */
export const TEXTS: Record<'=' | '!=' | '<' | '<=', BinaryLoops<'text', 'boolean'>> = {
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
}
