import type { Arithmetic, Compare, Unary } from '../form/steps.ts'
import { erf, exp, log, pow, tanh } from './math.ts'

type One = (x: number) => number
type Two = (a: number, b: number) => number

/** `a operator b` of numbers of floating point, before it is rounded. */
export const ARITHMETIC: Readonly<Record<Arithmetic['operator'], Two>> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
  pow,
  min: Math.min,
  max: Math.max,
  mod: (a, b) => a % b,
}

type Whole = (a: bigint, b: bigint) => bigint

/** `a operator b` of whole numbers, before it wraps around. */
export const WHOLE: Readonly<Partial<Record<Arithmetic['operator'], Whole>>> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  min: (a, b) => (a < b ? a : b),
  max: (a, b) => (a > b ? a : b),
}

export const COMPARE: Readonly<Record<Compare['operator'], (a: number | bigint, b: number | bigint) => boolean>> = {
  lt: (a, b) => a < b,
  le: (a, b) => a <= b,
  gt: (a, b) => a > b,
  ge: (a, b) => a >= b,
  eq: (a, b) => a === b,
  ne: (a, b) => a !== b,
  and: (a, b) => a !== 0 && b !== 0,
  or: (a, b) => a !== 0 || b !== 0,
  xor: (a, b) => (a !== 0) !== (b !== 0),
}

/** Functions of one number of floating point; `round` rounds every single operation. `not` and `isnan` are elsewhere. */
export function unaryOf(name: Exclude<Unary['function'], 'not' | 'isnan'>, round: One): One {
  switch (name) {
    case 'sigmoid':
      return (x) => round(1 / round(1 + round(exp(-x))))
    case 'reciprocal':
      return (x) => round(1 / x)
    default: {
      const one = UNARY[name]
      return (x) => round(one(x))
    }
  }
}

const UNARY: Readonly<Record<Exclude<Unary['function'], 'not' | 'isnan' | 'sigmoid' | 'reciprocal'>, One>> = {
  neg: (x) => -x,
  abs: Math.abs,
  sign: (x) => (x > 0 ? 1 : x < 0 ? -1 : x === 0 ? 0 : x),
  floor: Math.floor,
  ceil: Math.ceil,
  round: nearest,
  sqrt: Math.sqrt,
  exp,
  log,
  tanh,
  erf,
  relu: (x) => (x < 0 ? 0 : x),
}

/** The nearest whole number, halves to the even one. */
function nearest(x: number): number {
  const size = Math.abs(x)
  // above 2^52 there are no fractions; adding 2^52 pushes them out, rounding as all sums are rounded
  if (!(size < 2 ** 52)) return x
  const rounded = size + 2 ** 52 - 2 ** 52
  return x < 0 || Object.is(x, -0) ? -rounded : rounded
}

/** Functions of one whole number, before it wraps around. */
export const WHOLE_UNARY: Readonly<Partial<Record<Unary['function'], (x: bigint) => bigint>>> = {
  neg: (x) => -x,
  abs: (x) => (x < 0n ? -x : x),
  sign: (x) => (x > 0n ? 1n : x < 0n ? -1n : 0n),
  relu: (x) => (x < 0n ? 0n : x),
}
