// What a split answers, for two rows at a time and for one: the rules of `Trees` in src/form/trees.ts.

const AT_MOST: u32 = 1
const EQUAL: u32 = 2
const IN: u32 = 3
const MISSING_YES: u32 = 4
const ZERO_TOO: u32 = 8
const NOTHING_MISSING: u32 = 16
const CUT_FIRST: u32 = 32

/** Whether x, cut to an integer, is in a set of 32 members a word. */
// @ts-ignore: decorator
@inline
function member(rule: u32, value: usize, x: f64): bool {
  const words = load<u32>(value, 4)
  if ((rule & CUT_FIRST) != 0) x = trunc(x)
  if (!(x >= 0 && x < <f64>words * 32)) return false
  const whole = <u32>x
  return ((load<u32>(<usize>load<u32>(value) + ((<usize>whole >> 5) << 2)) >> (whole & 31)) & 1) != 0
}

/** Whether one row goes to `yes`. `value` is where the threshold stands, or address and number of the words of its set. */
export function goes(rule: u32, value: usize, x: f64): bool {
  if (x != x || ((rule & ZERO_TOO) != 0 && x == 0)) {
    if ((rule & NOTHING_MISSING) == 0) return (rule & MISSING_YES) != 0
    x = 0
  }
  const test = rule & 3
  if (test == IN) return member(rule, value, x)
  const threshold = load<f64>(value)
  if (test == AT_MOST) return x <= threshold
  return test == EQUAL ? x == threshold : x < threshold
}

// @ts-ignore: decorator
@inline
function members(rule: u32, value: usize, x: v128): v128 {
  const low: i64 = member(rule, value, f64x2.extract_lane(x, 0)) ? -1 : 0
  const high: i64 = member(rule, value, f64x2.extract_lane(x, 1)) ? -1 : 0
  return i64x2.replace_lane(i64x2.splat(low), 1, high)
}

/** Where two rows go: all bits set for those that go to `yes`. */
// @ts-ignore: decorator
@inline
export function goTwo(rule: u32, value: usize, x: v128): v128 {
  const there = f64x2.eq(x, x)
  if ((rule & NOTHING_MISSING) != 0) x = v128.and(x, there)
  const test = rule & 3
  let answer: v128
  if (test == IN) answer = members(rule, value, x)
  else {
    const threshold = v128.load64_splat(value)
    if (test == AT_MOST) answer = f64x2.le(x, threshold)
    else answer = test == EQUAL ? f64x2.eq(x, threshold) : f64x2.lt(x, threshold)
  }
  if ((rule & NOTHING_MISSING) != 0) return answer
  let missing = v128.not(there)
  if ((rule & ZERO_TOO) != 0) missing = v128.or(missing, f64x2.eq(x, f64x2.splat(0)))
  return (rule & MISSING_YES) != 0 ? v128.or(answer, missing) : v128.andnot(answer, missing)
}
