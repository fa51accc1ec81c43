// The test of a split as its rule says (src/form/trees.ts).

export const IN: u32 = 3
const MISSING_YES: u32 = 4
const ZERO_TOO: u32 = 8
const NOTHING_MISSING: u32 = 16
const CUT_FIRST: u32 = 32

@inline
function member(starts: usize, words: usize, set: u32, x: f64): bool {
  const start = load<u32>(starts + (<usize>set << 2))
  const members = (load<u32>(starts + (<usize>set << 2), 4) - start) << 5
  const whole = Math.trunc(x)
  if (!(whole >= 0 && whole < <f64>members)) return false
  const bit = <u32>whole
  return ((load<u32>(words + ((start + (bit >> 5)) << 2)) >> (bit & 31)) & 1) != 0
}

/** Whether a number passes; `starts` and `words` are those of the sets. */
export function holds(rule: u32, value: f64, x: f64, starts: usize, words: usize): bool {
  if (x != x || ((rule & ZERO_TOO) != 0 && x == 0)) {
    if ((rule & NOTHING_MISSING) == 0) return (rule & MISSING_YES) != 0
    x = 0
  }
  const test = rule & 3
  if (test == 0) return x < value
  if (test == 1) return x <= value
  if (test == IN) return (x >= 0 || (rule & CUT_FIRST) != 0) && member(starts, words, <u32>value, x)
  return x == value
}
