import type { CheckedLoop, Loop } from '../node.ts'

type NumberLoop = Loop<'number', 'number'>
type Checked = CheckedLoop<'number', 'number'>

/** Half away from zero. Adding a half and cutting would round up what is just below it. */
export function roundWhole(x: number): number {
  const whole = Math.trunc(x)
  return Math.abs(x - whole) >= 0.5 ? whole + Math.sign(x) : whole
}

/** Functions that have an answer for every number. */
export const TOTAL = {
  abs: (out, a, count) => {
    for (let i = 0; i < count; i++) out[i] = Math.abs(a[i]!)
  },
  atan: (out, a, count) => {
    for (let i = 0; i < count; i++) out[i] = Math.atan(a[i]!)
  },
  ceil: (out, a, count) => {
    for (let i = 0; i < count; i++) out[i] = Math.ceil(a[i]!)
  },
  exp: (out, a, count) => {
    for (let i = 0; i < count; i++) out[i] = Math.exp(a[i]!)
  },
  floor: (out, a, count) => {
    for (let i = 0; i < count; i++) out[i] = Math.floor(a[i]!)
  },
  round: (out, a, count) => {
    for (let i = 0; i < count; i++) out[i] = roundWhole(a[i]!)
  },
  sign: (out, a, count) => {
    for (let i = 0; i < count; i++) out[i] = Math.sign(a[i]!)
  },
  trunc: (out, a, count) => {
    for (let i = 0; i < count; i++) out[i] = Math.trunc(a[i]!)
  },
} satisfies Record<string, NumberLoop>

/** Functions that some numbers have no answer of: those of which the answer is NaN or infinite though the argument is not. */
export const PARTIAL = {
  acos: partial(Math.acos),
  asin: partial(Math.asin),
  cos: partial(Math.cos),
  ln: (out, a, bad, count) => {
    let any = false
    for (let i = 0; i < count; i++) {
      const x = a[i]!
      if (x <= 0) {
        bad[i] = 1
        any = true
      }
      out[i] = Math.log(x)
    }
    return any
  },
  log10: (out, a, bad, count) => {
    let any = false
    for (let i = 0; i < count; i++) {
      const x = a[i]!
      if (x <= 0) {
        bad[i] = 1
        any = true
      }
      out[i] = Math.log10(x)
    }
    return any
  },
  log2: (out, a, bad, count) => {
    let any = false
    for (let i = 0; i < count; i++) {
      const x = a[i]!
      if (x <= 0) {
        bad[i] = 1
        any = true
      }
      out[i] = Math.log2(x)
    }
    return any
  },
  sin: partial(Math.sin),
  sqrt: (out, a, bad, count) => {
    let any = false
    for (let i = 0; i < count; i++) {
      const x = a[i]!
      if (x < 0) {
        bad[i] = 1
        any = true
      }
      out[i] = Math.sqrt(x)
    }
    return any
  },
  tan: partial(Math.tan),
} satisfies Record<string, Checked>

/** For functions that take longer than the call of one. */
function partial(of: (x: number) => number): Checked {
  return (out, a, bad, count) => {
    let any = false
    for (let i = 0; i < count; i++) {
      const x = a[i]!
      const y = of(x)
      if (Number.isNaN(y) && !Number.isNaN(x)) {
        bad[i] = 1
        any = true
      }
      out[i] = y
    }
    return any
  }
}
