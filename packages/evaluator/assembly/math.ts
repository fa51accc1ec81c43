/*
 * exp, log and log1p by additions and multiplications alone, so that they have the same bits in every engine and those of
 * src/plain/math.ts. Algorithms and constants of fdlibm (Copyright (C) 1993 by Sun Microsystems, Inc. All rights reserved.
 * Permission to use, copy, modify, and distribute this software is freely granted, provided that this notice is preserved.)
 */

const LN2_HI: f64 = 0.6931471803691238
const LN2_LO: f64 = 1.9082149292705877e-10

@inline
function power2(k: i32): f64 {
  return reinterpret<f64>(<u64>(k + 1023) << 52)
}

/** eˣ, within one unit of the last place. */
export function exp(x: f64): f64 {
  if (x != x) return x
  if (x > 709.782712893384) return Infinity
  if (x < -745.1332191019411) return 0
  const size = Math.abs(x)
  if (size < 3.725290298461914e-9) return 1 + x
  const k: i32 = size > 0.5 * 0.6931471805599453 ? <i32>(1.4426950408889634 * x + (x < 0 ? -0.5 : 0.5)) : 0
  const high = x - <f64>k * LN2_HI
  const low = <f64>k * LN2_LO
  const r = high - low
  const t = r * r
  const c = r - t * (0.16666666666666602 + t * (-0.0027777777777015593 + t * (0.00006613756321437934 + t * (-0.0000016533902205465252 + t * 4.1381367970572385e-8))))
  if (k == 0) return 1 - ((r * c) / (c - 2) - r)
  const y = 1 - (low - (r * c) / (2 - c) - high)
  if (k == 1024) return y * 2 * power2(1023)
  return k >= -1021 ? y * power2(k) : y * power2(k + 1000) * power2(-1000)
}

/** Whether eˣ of both goes by way of `exp2`: neither is far out, next to 0 or NaN. */
@inline
export function bothPlain(x: v128): bool {
  const size = f64x2.abs(x)
  return i64x2.all_true(v128.and(f64x2.le(size, f64x2.splat(700)), f64x2.ge(size, f64x2.splat(3.725290298461914e-9))))
}

/** eˣ of two that are plain: the steps of `exp`, so that the bits are its own. */
@inline
export function exp2(x: v128): v128 {
  const half = v128.or(v128.and(x, f64x2.splat(-0.0)), f64x2.splat(0.5))
  const far = f64x2.gt(f64x2.abs(x), f64x2.splat(0.5 * 0.6931471805599453))
  const k = v128.and(f64x2.trunc(f64x2.add(f64x2.mul(f64x2.splat(1.4426950408889634), x), half)), far)
  const high = f64x2.sub(x, f64x2.mul(k, f64x2.splat(LN2_HI)))
  const low = f64x2.mul(k, f64x2.splat(LN2_LO))
  const r = f64x2.sub(high, low)
  const t = f64x2.mul(r, r)
  let sum = f64x2.add(f64x2.splat(-0.0000016533902205465252), f64x2.mul(t, f64x2.splat(4.1381367970572385e-8)))
  sum = f64x2.add(f64x2.splat(0.00006613756321437934), f64x2.mul(t, sum))
  sum = f64x2.add(f64x2.splat(-0.0027777777777015593), f64x2.mul(t, sum))
  sum = f64x2.add(f64x2.splat(0.16666666666666602), f64x2.mul(t, sum))
  const c = f64x2.sub(r, f64x2.mul(t, sum))
  const quotient = f64x2.div(f64x2.mul(r, c), f64x2.sub(f64x2.splat(2), c))
  const y = f64x2.sub(f64x2.splat(1), f64x2.sub(f64x2.sub(low, quotient), high))
  const power = i64x2.shl(i64x2.add(i64x2.extend_low_i32x4_s(i32x4.trunc_sat_f64x2_s_zero(k)), i64x2.splat(1023)), 52)
  return f64x2.mul(y, power)
}

let splitK: i32 = 0
let splitF: f64 = 0

/** x = 2ᵏ · (1 + f) with √2/2 < 1 + f < √2. */
@inline
function split(x: f64): void {
  const subnormal = x < 2.2250738585072014e-308
  const bits = reinterpret<u64>(subnormal ? x * 18014398509481984.0 : x)
  const high = <u32>(bits >> 32)
  const shift = ((high & 0xfffff) + 0x95f62) & 0x100000
  splitK = <i32>(high >> 20) - 1023 + <i32>(shift >> 20) - (subnormal ? 54 : 0)
  splitF = reinterpret<f64>((<u64>((high & 0xfffff) | (shift ^ 0x3ff00000)) << 32) | (bits & 0xffffffff)) - 1
}

@inline
function logOf(k: f64, f: f64, correction: f64): f64 {
  const half = 0.5 * f * f
  const s = f / (2 + f)
  const z = s * s
  const r =
    z * (0.6666666666666735 + z * (0.3999999999940942 + z * (0.2857142874366239 + z * (0.22222198432149784 + z * (0.1818357216161805 + z * (0.15313837699209373 + z * 0.14798198605116586))))))
  return k * LN2_HI - (half - (s * (half + r) + (k * LN2_LO + correction)) - f)
}

/** ln x, within one unit of the last place. */
export function log(x: f64): f64 {
  if (!(x >= 0)) return NaN
  if (x == 0) return -Infinity
  if (x == Infinity) return x
  split(x)
  return logOf(<f64>splitK, splitF, 0)
}

/** ln(1 + x), within one unit of the last place, also where x is near 0. */
export function log1p(x: f64): f64 {
  if (!(x >= -1)) return NaN
  if (x == -1) return -Infinity
  if (x == Infinity) return x
  if (Math.abs(x) < 5.551115123125783e-17) return x
  const u = 1 + x
  split(u)
  // what was lost when 1 was added
  const lost = splitK > 0 ? 1 - (u - x) : x - (u - 1)
  return logOf(<f64>splitK, splitF, splitK < 54 ? lost / u : 0)
}

@inline
function isOdd(y: f64): bool {
  // beyond 2^53 all are even
  return Math.abs(y) < 9007199254740992.0 && trunc<f64>(y) == y && trunc<f64>(y * 0.5) != y * 0.5
}

function product(x: f64, times: f64): f64 {
  let result: f64 = 1
  let square = x
  for (let left = <i32>times; left > 0; left >>= 1) {
    if (left & 1) result *= square
    square *= square
  }
  return result
}

/** xʸ. A whole y up to 64 is a product of squares; any other goes by way of the logarithm. */
export function pow(x: f64, y: f64): f64 {
  if (y == 0 || x == 1) return 1
  if (x != x || y != y) return NaN
  if (Math.abs(y) <= 64 && trunc<f64>(y) == y) return y < 0 ? 1 / product(x, -y) : product(x, y)
  if (y == 0.5) return x == -Infinity ? Infinity : sqrt<f64>(x + 0)
  const size = Math.abs(x)
  if (size == 1 && Math.abs(y) == Infinity) return 1
  const raised = exp(y * log(size))
  if (x > 0 || (x == 0 && reinterpret<i64>(x) == 0)) return raised
  if (size < Infinity && x != 0 && trunc<f64>(y) != y) return NaN
  return isOdd(y) ? -raised : raised
}

/** Hyperbolic tangent, within a few units of the last place. */
export function tanh(x: f64): f64 {
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
export function erf(x: f64): f64 {
  const size = Math.abs(x)
  if (x != x || x == 0) return x
  if (size > 6) return x < 0 ? -1 : 1
  let term = size
  let sum = size
  for (let n: f64 = 1; term > sum * 1e-17; n++) {
    term = (term * 2 * size * size) / (2 * n + 1)
    sum += term
  }
  const result = 1.1283791670955126 * exp(-size * size) * sum
  return x < 0 ? -result : result
}
