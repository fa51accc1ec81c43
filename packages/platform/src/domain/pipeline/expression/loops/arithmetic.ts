import type { BinaryLoops, CheckedBinaryLoop } from '../node.ts'

type Numbers = BinaryLoops<'number', 'number'>

/*
 * Every operator has loops of its own: one loop that is given the operator as a function would be compiled for all of them at once, with a call for
 * each row. Rows that are null are computed like the others, which costs less than to leave them out.
 */

export const ADD: Numbers = {
  each(out, a, b, count) {
    for (let i = 0; i < count; i++) out[i] = a[i]! + b[i]!
  },
  right(out, a, b, count) {
    for (let i = 0; i < count; i++) out[i] = a[i]! + b
  },
  left(out, a, b, count) {
    for (let i = 0; i < count; i++) out[i] = a + b[i]!
  },
}

export const SUBTRACT: Numbers = {
  each(out, a, b, count) {
    for (let i = 0; i < count; i++) out[i] = a[i]! - b[i]!
  },
  right(out, a, b, count) {
    for (let i = 0; i < count; i++) out[i] = a[i]! - b
  },
  left(out, a, b, count) {
    for (let i = 0; i < count; i++) out[i] = a - b[i]!
  },
}

export const MULTIPLY: Numbers = {
  each(out, a, b, count) {
    for (let i = 0; i < count; i++) out[i] = a[i]! * b[i]!
  },
  right(out, a, b, count) {
    for (let i = 0; i < count; i++) out[i] = a[i]! * b
  },
  left(out, a, b, count) {
    for (let i = 0; i < count; i++) out[i] = a * b[i]!
  },
}

/** Division by a number that is known not to be zero. */
export function divideBy(out: Float64Array, a: Float64Array, b: number, count: number): void {
  for (let i = 0; i < count; i++) out[i] = a[i]! / b
}

export const divide: CheckedBinaryLoop<'number', 'number'> = ({ out, a, b, bad, count }) => {
  let any = false
  for (let i = 0; i < count; i++) {
    const divisor = b[i]!
    if (divisor === 0) {
      bad[i] = 1
      any = true
    }
    out[i] = a[i]! / divisor
  }
  return any
}

export const modulo: CheckedBinaryLoop<'number', 'number'> = ({ out, a, b, bad, count }) => {
  let any = false
  for (let i = 0; i < count; i++) {
    const divisor = b[i]!
    if (divisor === 0) {
      bad[i] = 1
      any = true
    }
    out[i] = remainder(a[i]!, divisor)
  }
  return any
}

/** The remainder with the sign of `a`, exact. Of whole numbers the quotient tells it, without the call that `%` is. */
function remainder(a: number, b: number): number {
  // below 2^51 the quotient of whole numbers is not rounded up to the next whole number, and its product is exact
  if (Math.abs(a) < 2 ** 51 && Math.abs(b) < 2 ** 51 && Math.trunc(a) === a && Math.trunc(b) === b) return a - Math.trunc(a / b) * b
  return a % b
}

export function negate(out: Float64Array, a: Float64Array, count: number): void {
  for (let i = 0; i < count; i++) out[i] = -a[i]!
}
