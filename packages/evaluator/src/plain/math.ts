/*
 * Functions that JavaScript engines are free to round as they like, by additions and multiplications that they are not:
 * the same bits everywhere. Algorithms and constants of fdlibm (Copyright (C) 1993 by Sun Microsystems, Inc. All rights
 * reserved. Permission to use, copy, modify, and distribute this software is freely granted, provided that this notice
 * is preserved.)
 */

const LN2_HI = 0.6931471803691238
const LN2_LO = 1.9082149292705877e-10

const bits = new DataView(new ArrayBuffer(8))

/** 2ᵏ for −1022 ≤ k ≤ 1023. */
function power2(k: number): number {
  bits.setUint32(0, (k + 1023) << 20)
  bits.setUint32(4, 0)
  return bits.getFloat64(0)
}

/** eˣ, within one unit of the last place. */
export function exp(x: number): number {
  if (Number.isNaN(x)) return x
  if (x > 709.782712893384) return Number.POSITIVE_INFINITY
  if (x < -745.1332191019411) return 0
  const size = Math.abs(x)
  if (size < 2 ** -28) return 1 + x
  const k = size > 0.5 * Math.LN2 ? Math.trunc(Math.LOG2E * x + (x < 0 ? -0.5 : 0.5)) : 0
  const high = x - k * LN2_HI
  const low = k * LN2_LO
  const r = high - low
  const t = r * r
  const c =
    r - t * (0.16666666666666602 + t * (-0.0027777777777015593 + t * (0.00006613756321437934 + t * (-0.0000016533902205465252 + t * 4.1381367970572385e-8))))
  if (k === 0) return 1 - ((r * c) / (c - 2) - r)
  const y = 1 - (low - (r * c) / (2 - c) - high)
  if (k === 1024) return y * 2 * 2 ** 1023
  return k >= -1021 ? y * power2(k) : y * power2(k + 1000) * 2 ** -1000
}

/** ln x, within one unit of the last place. */
export function log(x: number): number {
  if (x < 0 || Number.isNaN(x)) return Number.NaN
  if (x === 0) return Number.NEGATIVE_INFINITY
  if (x === Number.POSITIVE_INFINITY) return x
  const { k, f } = split(x)
  return logOf(k, f, 0)
}

/** ln(1 + x), within one unit of the last place, also where x is near 0. */
export function log1p(x: number): number {
  if (x < -1 || Number.isNaN(x)) return Number.NaN
  if (x === -1) return Number.NEGATIVE_INFINITY
  if (x === Number.POSITIVE_INFINITY) return x
  if (Math.abs(x) < 2 ** -54) return x
  const u = 1 + x
  const { k, f } = split(u)
  // what was lost when 1 was added
  const lost = k > 0 ? 1 - (u - x) : x - (u - 1)
  return logOf(k, f, k < 54 ? lost / u : 0)
}

/** x = 2ᵏ · (1 + f) with √2/2 < 1 + f < √2. */
function split(x: number): { k: number; f: number } {
  const subnormal = x < 2 ** -1022
  bits.setFloat64(0, subnormal ? x * 2 ** 54 : x)
  const high = bits.getUint32(0)
  const shift = ((high & 0xfffff) + 0x95f62) & 0x100000
  bits.setUint32(0, (high & 0xfffff) | (shift ^ 0x3ff00000))
  return { k: (high >>> 20) - 1023 + (shift >>> 20) - (subnormal ? 54 : 0), f: bits.getFloat64(0) - 1 }
}

function logOf(k: number, f: number, correction: number): number {
  const half = 0.5 * f * f
  const s = f / (2 + f)
  const z = s * s
  const r =
    z *
    (0.6666666666666735 +
      z *
        (0.3999999999940942 +
          z * (0.2857142874366239 + z * (0.22222198432149784 + z * (0.1818357216161805 + z * (0.15313837699209373 + z * 0.14798198605116586))))))
  return k * LN2_HI - (half - (s * (half + r) + (k * LN2_LO + correction)) - f)
}

/** xʸ. A whole y up to 64 is a product of squares; any other goes by way of the logarithm, within |y · ln x| units of the last place. */
export function pow(x: number, y: number): number {
  if (y === 0 || x === 1) return 1
  if (Number.isNaN(x) || Number.isNaN(y)) return Number.NaN
  if (Number.isInteger(y) && Math.abs(y) <= 64) return y < 0 ? 1 / product(x, -y) : product(x, y)
  if (y === 0.5) return x === Number.NEGATIVE_INFINITY ? Number.POSITIVE_INFINITY : Math.sqrt(x + 0)
  const size = Math.abs(x)
  if (size === 1 && Math.abs(y) === Number.POSITIVE_INFINITY) return 1
  const raised = exp(y * log(size))
  if (x > 0 || Object.is(x, 0)) return raised
  if (Number.isFinite(x) && x !== 0 && !Number.isInteger(y) && Number.isFinite(y)) return Number.NaN
  return isOdd(y) ? -raised : raised
}

function isOdd(y: number): boolean {
  return Math.abs(y % 2) === 1
}

function product(x: number, times: number): number {
  let result = 1
  let square = x
  for (let left = times; left > 0; left = Math.floor(left / 2)) {
    if (left % 2 === 1) result *= square
    square *= square
  }
  return result
}

/** Hyperbolic tangent, within a few units of the last place. */
export function tanh(x: number): number {
  const size = Math.abs(x)
  if (size > 22) return x < 0 ? -1 : 1
  if (size > 0.5) {
    const far = 1 - 2 / (exp(2 * size) + 1)
    return x < 0 ? -far : far
  }
  // Lambert's continued fraction
  const square = x * x
  return x / (1 + square / (3 + square / (5 + square / (7 + square / (9 + square / (11 + square / (13 + square / 15)))))))
}

/** Error function, by a series whose terms are all positive; within a few units of the last place. */
export function erf(x: number): number {
  const size = Math.abs(x)
  if (Number.isNaN(x) || x === 0) return x
  if (size > 6) return x < 0 ? -1 : 1
  let term = size
  let sum = size
  for (let n = 1; term > sum * 1e-17; n++) {
    term = (term * 2 * size * size) / (2 * n + 1)
    sum += term
  }
  const result = 1.1283791670955126 * exp(-size * size) * sum
  return x < 0 ? -result : result
}
