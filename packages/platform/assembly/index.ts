// Loops of expressions over a tile of rows. Registers lie in the imported memory at multiples of 16 bytes and have room for a whole tile, so all
// loops go on to a multiple of 16 rows: what is behind the last row means nothing. A step is 0 for a constant, which lies there twice.
// Truth values and marks of nulls are bytes of 0 and 1. `to` may be the place of any operand.

import { bothPlain, exp, exp2, log } from '../../evaluator/assembly/math'

const BLOCK: usize = 16

@inline
function blocks(count: usize): usize {
  return (count + BLOCK - 1) / BLOCK
}

@inline
function calculated(name: i32, x: v128, y: v128): v128 {
  switch (name) {
    case 0:
      return f64x2.add(x, y)
    case 1:
      return f64x2.sub(x, y)
    case 2:
      return f64x2.mul(x, y)
    case 3:
      return f64x2.div(x, y)
    case 4:
      return i64x2.add(x, y)
    case 5:
      return i64x2.sub(x, y)
    case 6:
      return i64x2.mul(x, y)
    case 7:
      return f64x2.min(x, y)
    default:
      return f64x2.max(x, y)
  }
}

@inline
function binary(name: i32, to: usize, a: usize, aStep: usize, b: usize, bStep: usize, count: usize): void {
  const end = to + blocks(count) * 128
  for (; to < end; to += 32) {
    const first = calculated(name, v128.load(a), v128.load(b))
    const second = calculated(name, v128.load(a + aStep), v128.load(b + bStep))
    v128.store(to, first)
    v128.store(to, second, 16)
    a += 2 * aStep
    b += 2 * bStep
  }
}

/** Numbers: 0 adds, 1 subtracts, 2 multiplies, 3 divides, 7 takes the less, 8 the greater. Whole numbers, without overflow: 4, 5 and 6. */
export function arithmetic(name: i32, to: usize, a: usize, aStep: usize, b: usize, bStep: usize, count: usize): void {
  switch (name) {
    case 0:
      return binary(0, to, a, aStep, b, bStep, count)
    case 1:
      return binary(1, to, a, aStep, b, bStep, count)
    case 2:
      return binary(2, to, a, aStep, b, bStep, count)
    case 3:
      return binary(3, to, a, aStep, b, bStep, count)
    case 4:
      return binary(4, to, a, aStep, b, bStep, count)
    case 5:
      return binary(5, to, a, aStep, b, bStep, count)
    case 6:
      return binary(6, to, a, aStep, b, bStep, count)
    case 7:
      return binary(7, to, a, aStep, b, bStep, count)
    default:
      return binary(8, to, a, aStep, b, bStep, count)
  }
}

/** Half away from zero. */
@inline
function rounded(x: v128): v128 {
  const whole = f64x2.trunc(x)
  const isFar = f64x2.ge(f64x2.abs(f64x2.sub(x, whole)), f64x2.splat(0.5))
  const one = v128.or(v128.and(x, f64x2.splat(-0.0)), f64x2.splat(1))
  return f64x2.add(whole, v128.and(isFar, one))
}

@inline
function changed(name: i32, x: v128): v128 {
  switch (name) {
    case 0:
      return f64x2.neg(x)
    case 1:
      return f64x2.abs(x)
    case 2:
      return f64x2.sqrt(x)
    case 3:
      return f64x2.floor(x)
    case 4:
      return f64x2.ceil(x)
    case 5:
      return f64x2.trunc(x)
    default:
      return rounded(x)
  }
}

@inline
function unary(name: i32, to: usize, a: usize, count: usize): void {
  const end = to + blocks(count) * 128
  for (; to < end; to += 16) {
    v128.store(to, changed(name, v128.load(a)))
    a += 16
  }
}

/** Numbers: 0 takes the opposite, 1 the amount, 2 the square root, 3 rounds down, 4 up, 5 towards zero, 6 to the nearest. */
export function change(name: i32, to: usize, a: usize, count: usize): void {
  switch (name) {
    case 0:
      return unary(0, to, a, count)
    case 1:
      return unary(1, to, a, count)
    case 2:
      return unary(2, to, a, count)
    case 3:
      return unary(3, to, a, count)
    case 4:
      return unary(4, to, a, count)
    case 5:
      return unary(5, to, a, count)
    default:
      return unary(6, to, a, count)
  }
}

@inline
function holds(name: i32, x: v128, y: v128): v128 {
  switch (name) {
    case 0:
      return f64x2.eq(x, y)
    case 1:
      return f64x2.ne(x, y)
    case 2:
      return f64x2.lt(x, y)
    case 3:
      return f64x2.le(x, y)
    case 4:
      return f64x2.gt(x, y)
    case 5:
      return f64x2.ge(x, y)
    case 6:
      return i64x2.eq(x, y)
    case 7:
      return i64x2.ne(x, y)
    case 8:
      return i64x2.lt_s(x, y)
    case 9:
      return i64x2.le_s(x, y)
    case 10:
      return i64x2.gt_s(x, y)
    default:
      return i64x2.ge_s(x, y)
  }
}

/** Masks of four rows, 32 bits each. */
@inline
function four(name: i32, a: usize, aStep: usize, b: usize, bStep: usize): v128 {
  const first = holds(name, v128.load(a), v128.load(b))
  const second = holds(name, v128.load(a + aStep), v128.load(b + bStep))
  return v128.shuffle<i32>(first, second, 0, 2, 4, 6)
}

@inline
function comparison(name: i32, to: usize, a: usize, aStep: usize, b: usize, bStep: usize, count: usize): void {
  const end = to + blocks(count) * BLOCK
  for (; to < end; to += BLOCK) {
    const p = four(name, a, aStep, b, bStep)
    const q = four(name, a + 2 * aStep, aStep, b + 2 * bStep, bStep)
    const r = four(name, a + 4 * aStep, aStep, b + 4 * bStep, bStep)
    const s = four(name, a + 6 * aStep, aStep, b + 6 * bStep, bStep)
    const bytes = i8x16.narrow_i16x8_s(i16x8.narrow_i32x4_s(p, q), i16x8.narrow_i32x4_s(r, s))
    v128.store(to, v128.and(bytes, i8x16.splat(1)))
    a += 8 * aStep
    b += 8 * bStep
  }
}

/** Numbers: = != < <= > >= from 0 on; whole numbers from 6 on. */
export function compare(name: i32, to: usize, a: usize, aStep: usize, b: usize, bStep: usize, count: usize): void {
  switch (name) {
    case 0:
      return comparison(0, to, a, aStep, b, bStep, count)
    case 1:
      return comparison(1, to, a, aStep, b, bStep, count)
    case 2:
      return comparison(2, to, a, aStep, b, bStep, count)
    case 3:
      return comparison(3, to, a, aStep, b, bStep, count)
    case 4:
      return comparison(4, to, a, aStep, b, bStep, count)
    case 5:
      return comparison(5, to, a, aStep, b, bStep, count)
    case 6:
      return comparison(6, to, a, aStep, b, bStep, count)
    case 7:
      return comparison(7, to, a, aStep, b, bStep, count)
    case 8:
      return comparison(8, to, a, aStep, b, bStep, count)
    case 9:
      return comparison(9, to, a, aStep, b, bStep, count)
    case 10:
      return comparison(10, to, a, aStep, b, bStep, count)
    default:
      return comparison(11, to, a, aStep, b, bStep, count)
  }
}

/** Two values of 64 bits, each from `a` where its mask has all bits and from `b` where it has none. */
@inline
function chosen(mask: v128, to: usize, a: usize, b: usize): void {
  v128.store(to, v128.bitselect(v128.load(a), v128.load(b), mask))
}

@inline
function chosenFour(half: v128, to: usize, a: usize, aStep: usize, b: usize, bStep: usize): void {
  chosen(i64x2.extend_low_i32x4_s(half), to, a, b)
  chosen(i64x2.extend_high_i32x4_s(half), to + 16, a + aStep, b + bStep)
}

/** Values of 64 bits from `a` where `choice` is 1 and from `b` where it is 0. */
export function choose(to: usize, choice: usize, a: usize, aStep: usize, b: usize, bStep: usize, count: usize): void {
  const end = choice + blocks(count) * BLOCK
  for (; choice < end; choice += BLOCK) {
    const masks = i8x16.neg(v128.load(choice))
    const low = i16x8.extend_low_i8x16_s(masks)
    const high = i16x8.extend_high_i8x16_s(masks)
    chosenFour(i32x4.extend_low_i16x8_s(low), to, a, aStep, b, bStep)
    chosenFour(i32x4.extend_high_i16x8_s(low), to + 32, a + 2 * aStep, aStep, b + 2 * bStep, bStep)
    chosenFour(i32x4.extend_low_i16x8_s(high), to + 64, a + 4 * aStep, aStep, b + 4 * bStep, bStep)
    chosenFour(i32x4.extend_high_i16x8_s(high), to + 96, a + 6 * aStep, aStep, b + 6 * bStep, bStep)
    to += 128
    a += 8 * aStep
    b += 8 * bStep
  }
}

/** Bytes from `a` where `choice` is 1 and from `b` where it is 0. */
export function chooseBytes(to: usize, choice: usize, a: usize, b: usize, count: usize): void {
  const end = to + blocks(count) * BLOCK
  for (; to < end; to += BLOCK) {
    v128.store(to, v128.bitselect(v128.load(a), v128.load(b), i8x16.neg(v128.load(choice))))
    choice += BLOCK
    a += BLOCK
    b += BLOCK
  }
}

@inline
function combined(name: i32, x: v128, y: v128): v128 {
  switch (name) {
    case 0:
      return v128.and(x, y)
    case 1:
      return v128.or(x, y)
    case 2:
      return v128.xor(x, y)
    default:
      return v128.andnot(x, y)
  }
}

@inline
function bytewise(name: i32, to: usize, a: usize, b: usize, count: usize): void {
  const end = to + blocks(count) * BLOCK
  for (; to < end; to += BLOCK) {
    v128.store(to, combined(name, v128.load(a), v128.load(b)))
    a += BLOCK
    b += BLOCK
  }
}

/** Bytes of 0 and 1: 0 is and, 1 or, 2 either alone, 3 `a` without `b`. */
export function logic(name: i32, to: usize, a: usize, b: usize, count: usize): void {
  switch (name) {
    case 0:
      return bytewise(0, to, a, b, count)
    case 1:
      return bytewise(1, to, a, b, count)
    case 2:
      return bytewise(2, to, a, b, count)
    default:
      return bytewise(3, to, a, b, count)
  }
}

/**
 * `and` (0) and `or` (1) of three-valued logic. `marks` is written and is neither operand's. `decided` is 0 for and, 1 for or: the value that decides.
 */
export function logicWithNulls(decides: i32, to: usize, marks: usize, a: usize, aNulls: usize, b: usize, bNulls: usize, count: usize): void {
  const one = i8x16.splat(1)
  const flip = i8x16.splat(<i8>(1 - decides))
  const end = to + blocks(count) * BLOCK
  for (; to < end; to += BLOCK) {
    const noA = v128.load(aNulls)
    const noB = v128.load(bNulls)
    // 1 where a side is the value that decides
    const byA = v128.andnot(v128.xor(v128.load(a), flip), noA)
    const byB = v128.andnot(v128.xor(v128.load(b), flip), noB)
    const decided = v128.and(v128.or(byA, byB), one)
    const unknown = v128.andnot(v128.or(noA, noB), decided)
    v128.store(marks, unknown)
    // the value that decides, or its opposite
    v128.store(to, v128.andnot(v128.xor(decided, flip), unknown))
    marks += BLOCK
    a += BLOCK
    aNulls += BLOCK
    b += BLOCK
    bNulls += BLOCK
  }
}

/** Marks numbers that are zero; says whether any of the first `count` is, and marks none where there is not. */
export function zeros(marks: usize, a: usize, count: usize): i32 {
  let found = i64x2.splat(0)
  let at: usize = 0
  for (; at + 1 < count; at += 2) found = v128.or(found, f64x2.eq(v128.load(a + at * 8), f64x2.splat(0)))
  if (!v128.any_true(found) && (at == count || load<f64>(a + at * 8) != 0)) return 0
  let any: i32 = 0
  for (let i: usize = 0; i < count; i++) {
    const is: i32 = i32(load<f64>(a + i * 8) == 0)
    store<u8>(marks + i, <u8>is)
    any |= is
  }
  return any
}

/** Whether a byte of the first `count` is not 0. */
export function any(a: usize, count: usize): i32 {
  let bits: u64 = 0
  const whole = count & ~7
  for (let i: usize = 0; i < whole; i += 8) bits |= load<u64>(a + i)
  for (let i = whole; i < count; i++) bits |= <u64>load<u8>(a + i)
  return i32(bits != 0)
}

/** Whole numbers as the nearest doubles. */
export function toNumbers(to: usize, a: usize, count: usize): void {
  for (let i: usize = 0; i < count; i++) store<f64>(to + i * 8, <f64>load<i64>(a + i * 8))
}

@inline
function overflown(name: i32, r: v128, y: v128): v128 {
  const x = name == 4 ? i64x2.sub(r, y) : i64x2.add(r, y)
  return name == 4 ? v128.and(v128.xor(x, r), v128.xor(y, r)) : v128.and(v128.xor(x, y), v128.xor(x, r))
}

/** Whether a sum (4) or difference (5) did not fit in 64 bits, from what it is and the second operand. */
@inline
function anyOverflow(name: i32, result: usize, b: usize, bStep: usize, count: usize): bool {
  let signs = i64x2.splat(0)
  let at: usize = 0
  for (; at + 1 < count; at += 2) {
    signs = v128.or(signs, overflown(name, v128.load(result + at * 8), v128.load(b)))
    b += bStep
  }
  if (at < count) signs = v128.or(signs, v128.and(overflown(name, v128.load(result + at * 8), v128.load(b)), i64x2(-1, 0)))
  return i64x2.bitmask(signs) != 0
}

/** Marks sums (4) or differences (5) that did not fit in 64 bits; says whether there are any, and marks none where there is not. */
export function overflows(name: i32, marks: usize, result: usize, b: usize, bStep: usize, count: usize): i32 {
  if (!(name == 4 ? anyOverflow(4, result, b, bStep, count) : anyOverflow(5, result, b, bStep, count))) return 0
  for (let i: usize = 0; i < count; i += 2) {
    const signs = i64x2.bitmask(overflown(name, v128.load(result + i * 8), v128.load(b)))
    store<u8>(marks + i, <u8>(signs & 1))
    store<u8>(marks + i + 1, <u8>(signs >> 1))
    b += bStep
  }
  return 1
}

/** Whether all of the first `count` whole numbers fit in 32 bits, so that no product of two overflows. */
export function small(a: usize, step: usize, count: usize): i32 {
  let high = i64x2.splat(0)
  const middle = i64x2.splat(1 << 31)
  let at: usize = 0
  for (; at + 1 < count; at += 2) {
    high = v128.or(high, i64x2.add(v128.load(a), middle))
    a += step
  }
  if (at < count) high = v128.or(high, v128.and(i64x2.add(v128.load(a), middle), i64x2(-1, 0)))
  return i32(!v128.any_true(i64x2.shr_u(high, 32)))
}

/** e to the power of each. */
export function powers(to: usize, a: usize, count: usize): void {
  const end = to + ((count + 1) & ~1) * 8
  for (; to < end; to += 16) {
    const x = v128.load(a)
    if (bothPlain(x)) v128.store(to, exp2(x))
    else {
      store<f64>(to, exp(f64x2.extract_lane(x, 0)))
      store<f64>(to + 8, exp(f64x2.extract_lane(x, 1)))
    }
    a += 16
  }
}

/** The natural logarithm of each; marks those that are not positive, and says whether there are any. */
export function logarithms(to: usize, marks: usize, a: usize, count: usize): i32 {
  let any: i32 = 0
  for (let i: usize = 0; i < count; i++) {
    const x = load<f64>(a + i * 8)
    const is: i32 = i32(x <= 0)
    store<u8>(marks + i, <u8>is)
    store<f64>(to + i * 8, log(x))
    any |= is
  }
  return any
}

/** Marks numbers below zero; says whether any of the first `count` is. */
export function negatives(marks: usize, a: usize, count: usize): i32 {
  let any: i32 = 0
  for (let i: usize = 0; i < count; i++) {
    const is: i32 = i32(load<f64>(a + i * 8) < 0)
    store<u8>(marks + i, <u8>is)
    any |= is
  }
  return any
}
