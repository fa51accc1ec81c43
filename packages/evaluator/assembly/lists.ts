// Trees as lists of nodes whose children stand side by side. Eight ways down at once: eight rows through one tree, or one
// row through eight trees. Rows are prepared so that the only test is `x < threshold`, which nothing missing passes. Numbers
// are compared as keys, integers that rise where the numbers rise: the result is there some cycles earlier than that of
// floats, and the ways down are chains of waiting. A leaf tests column 0, which is the largest key, and is its own child, so
// that no step asks for the end.
import { holds } from './rule'
import { fill } from './start'

@unmanaged
class Lists {
  trees: usize
  treeCount: u32
  /** Columns that are numbers of the row. */
  runs: usize
  runCount: u32
  /** Columns that say whether a rule holds. */
  tests: usize
  testCount: u32
  /** Columns of categories, and the sets that are asked for of each. */
  codes: usize
  codeCount: u32
  /** Bytes of a prepared row. */
  width: u32
  setStarts: usize
  setWords: usize
  /** Leaves by their number, where nodes hold numbers. */
  leaves: usize
  outputs: u32
  /** 1 where leaves are vectors. */
  vectors: u32
  zero: f64
  /** Where the eight ways down ended: addresses of nodes. */
  ends: usize
  /** What each row's sums start with; 0 where they lie there already. */
  start: usize
  /** From so many rows on they go through a tree together, each by itself below. */
  together: u32
}

/** Neighbouring columns of a prepared row that are neighbouring numbers of the row. */
@unmanaged
class Run {
  source: u32
  count: u32
  /** 1 negated, 2 zero is missing, 4 NaN is 0. */
  how: u32
  /** Offset in the prepared row. */
  to: u32
}

/** A column that is −1 where a rule holds, else 1. */
@unmanaged
class Test {
  source: u32
  rule: u32
  to: u32
  unused: u32
  value: f64
}

/** A column of categories. */
@unmanaged
class Code {
  source: u32
  /** 2 zero is missing, 4 NaN is 0, 16 cut before compared with 0. */
  how: u32
  members: usize
  count: u32
}

/** A set: its column in the prepared row is −1 for members, else 1. */
@unmanaged
class Member {
  to: u32
  words: usize
  /** Members that the words have room for. */
  size: u32
  /** 1 where what is missing counts as a member. */
  missing: u32
}

@unmanaged
class List {
  nodes: usize
  target: u32
  /** Levels of the tree. */
  depth: u32
  /** Levels of the deepest of this tree and the seven behind it. */
  depths: u32
}

/** A single row for narrow nodes: as many columns as these can name, and what a run may write behind them. */
const ALONE = memory.data(32832, 64)

/** Up to so many levels are gone down without a look whether all have arrived. */
const BLIND: u32 = 12

/** The key of a column that is less than 0 where something holds. */
@inline
function mark<W>(at: usize, holds: bool): void {
  if (sizeof<W>() == 4) store<u32>(at, holds ? 0 : u32.MAX_VALUE)
  else store<i64>(at, holds ? -1 : 1)
}

/** Whether a row is in each of the sets that are asked for of a column. */
@inline
function members<X, W>(code: Code, row: usize, zero: f64, to: usize): void {
  let x = <f64>load<X>(row + code.source)
  if (Math.abs(x) <= zero) x = 0
  const missing = (code.how & 4) == 0 && (x != x || ((code.how & 2) != 0 && x == 0))
  if (x != x) x = 0
  const whole = Math.trunc(x)
  const some = !missing && (x >= 0 || (code.how & 16) != 0) && whole >= 0 && whole < 4294967296
  const number = some ? <u32>whole : 0
  const end = code.members + code.count * offsetof<Member>()
  for (let at = code.members; at < end; at += offsetof<Member>()) {
    const member = changetype<Member>(at)
    let is = member.missing
    if (!missing) is = some && number < member.size ? (load<u32>(member.words + ((number >> 5) << 2)) >> (number & 31)) & 1 : 0
    mark<W>(to + member.to, is != 0)
  }
}

/** The key of a number: integers that rise where numbers rise, u32 for f32 and i64 for f64; −0 is 0, and NaN is above all. */
@inline
function storeKey<W>(at: usize, x: W): void {
  if (sizeof<W>() == 4) {
    const key = reinterpret<i32>(<f32>x + 0)
    store<i32>(at, x != x ? -1 : key ^ ((key >> 31) | i32.MIN_VALUE))
  } else {
    const key = reinterpret<i64>(<f64>x + 0)
    store<i64>(at, x != x ? i64.MAX_VALUE : key ^ ((key >> 63) & i64.MAX_VALUE))
  }
}

@inline
function keys4(at: usize, x: v128, how: u32): void {
  const zero = f32x4.splat(0)
  if (how != 0) {
    if (how & 4) x = v128.and(x, f32x4.eq(x, x))
    if (how & 2) x = v128.or(x, f32x4.eq(x, zero))
    if (how & 1) x = f32x4.neg(x)
  }
  const key = f32x4.add(x, zero)
  v128.store(at, v128.or(v128.xor(key, v128.or(i32x4.shr_s(key, 31), i32x4.splat(i32.MIN_VALUE))), f32x4.ne(x, x)))
}

@inline
function keys2(at: usize, x: v128, how: u32, near: v128): void {
  const zero = f64x2.splat(0)
  x = v128.andnot(x, f64x2.le(f64x2.abs(x), near))
  if (how != 0) {
    if (how & 4) x = v128.and(x, f64x2.eq(x, x))
    if (how & 2) x = v128.or(x, f64x2.eq(x, zero))
    if (how & 1) x = f64x2.neg(x)
  }
  const most = i64x2.splat(i64.MAX_VALUE)
  const key = f64x2.add(x, zero)
  v128.store(at, v128.bitselect(v128.xor(key, v128.and(i64x2.lt_s(key, zero), most)), most, f64x2.eq(x, x)))
}

/** Keys of neighbouring numbers. What is written behind the last is written again by what comes after it, or belongs to nobody. */
@inline
function runKeys<X, W>(run: Run, from: usize, to: usize, zero: f64): void {
  const how = run.how
  from += run.source
  to += run.to
  const count: usize = run.count
  if (sizeof<X>() == 4 && sizeof<W>() == 4 && zero == 0) for (let k: usize = 0; k < count << 2; k += 16) keys4(to + k, v128.load(from + k), how)
  else if (sizeof<X>() == 8) for (let k: usize = 0; k < count << 3; k += 16) keys2(to + k, v128.load(from + k), how, f64x2.splat(zero))
  else
    for (let k: usize = 0; k < count; k++) {
      let x = load<X>(from + k * sizeof<X>())
      if (<f64>abs<X>(x) <= zero) x = 0
      if ((how & 4) != 0 && x != x) x = 0
      if ((how & 2) != 0 && x == 0) x = <X>NaN
      if (how & 1) x = -x
      storeKey<W>(to + k * sizeof<W>(), <W>x)
    }
}

function prepare<X, W>(lists: Lists, n: u32, from: usize, stride: usize, to: usize): void {
  const runs = lists.runs
  const runsEnd = runs + lists.runCount * offsetof<Run>()
  const tests = lists.tests
  const testsEnd = tests + lists.testCount * offsetof<Test>()
  const zero = lists.zero
  for (let row: u32 = 0; row < n; row++) {
    if (sizeof<W>() == 4) store<u32>(to, u32.MAX_VALUE)
    else store<i64>(to, i64.MAX_VALUE)
    for (let at = runs; at < runsEnd; at += offsetof<Run>()) runKeys<X, W>(changetype<Run>(at), from, to, zero)
    for (let at = tests; at < testsEnd; at += offsetof<Test>()) {
      const test = changetype<Test>(at)
      let x = load<X>(from + test.source)
      if (<f64>abs<X>(x) <= zero) x = 0
      mark<W>(to + test.to, holds(test.rule, test.value, <f64>x, lists.setStarts, lists.setWords))
    }
    for (let k: u32 = 0; k < lists.codeCount; k++) members<X, W>(changetype<Code>(lists.codes + k * offsetof<Code>()), from, zero, to)
    from += stride
    to += lists.width
  }
}

/**
 * One step down, from the address of a node to that of its child. Narrow nodes: the key of the threshold as u32, then the offset in the
 * row and the way to the children, counted in nodes, as u16. Wide ones: the key as i64, then both as u32.
 */
@inline
function down<X>(node: usize, row: usize): usize {
  if (sizeof<X>() == 4) return node + ((load<u16>(node, 6) + less(i64.load32_u(row + load<u16>(node, 4)), i64.load32_u(node))) << 3)
  return node + ((load<u32>(node, 12) + u32(load<i64>(row + load<u32>(node, 8)) < load<i64>(node))) << 4)
}

/** The same for the one row that lies at a place that compilers know. */
@inline
function downAlone<X>(node: usize, row: usize): usize {
  if (sizeof<X>() == 8) return down<X>(node, row)
  return node + ((load<u16>(node, 6) + less(i64.load32_u(<usize>load<u16>(node, 4), ALONE), i64.load32_u(node))) << 3)
}

/** 1 where one u32 is less than another, without a flag: going by it takes longer. */
@inline
function less(x: u64, threshold: u64): u32 {
  return <u32>((x - threshold) >> 63)
}

/** Eight rows through one tree; those behind the last row are the last. */
function rowsDown<X>(list: List, rows: usize, width: usize, last: u32, ends: usize): void {
  let depth = list.depth
  const r0 = rows
  const r1 = rows + min<usize>(1, last) * width
  const r2 = rows + min<usize>(2, last) * width
  const r3 = rows + min<usize>(3, last) * width
  const r4 = rows + min<usize>(4, last) * width
  const r5 = rows + min<usize>(5, last) * width
  const r6 = rows + min<usize>(6, last) * width
  const r7 = rows + min<usize>(7, last) * width
  let a0 = list.nodes
  let a1 = list.nodes
  let a2 = list.nodes
  let a3 = list.nodes
  let a4 = list.nodes
  let a5 = list.nodes
  let a6 = list.nodes
  let a7 = list.nodes
  if (depth <= BLIND) {
    for (; depth > 0; depth--) {
      a0 = down<X>(a0, r0)
      a1 = down<X>(a1, r1)
      a2 = down<X>(a2, r2)
      a3 = down<X>(a3, r3)
      a4 = down<X>(a4, r4)
      a5 = down<X>(a5, r5)
      a6 = down<X>(a6, r6)
      a7 = down<X>(a7, r7)
    }
  } else {
    let moved: usize = 1
    while (moved) {
      for (let step = 0; step < 3; step++) {
        a0 = down<X>(a0, r0)
        a1 = down<X>(a1, r1)
        a2 = down<X>(a2, r2)
        a3 = down<X>(a3, r3)
        a4 = down<X>(a4, r4)
        a5 = down<X>(a5, r5)
        a6 = down<X>(a6, r6)
        a7 = down<X>(a7, r7)
      }
      const b0 = a0
      const b1 = a1
      const b2 = a2
      const b3 = a3
      const b4 = a4
      const b5 = a5
      const b6 = a6
      const b7 = a7
      a0 = down<X>(a0, r0)
      a1 = down<X>(a1, r1)
      a2 = down<X>(a2, r2)
      a3 = down<X>(a3, r3)
      a4 = down<X>(a4, r4)
      a5 = down<X>(a5, r5)
      a6 = down<X>(a6, r6)
      a7 = down<X>(a7, r7)
      moved = (a0 ^ b0) | (a1 ^ b1) | (a2 ^ b2) | (a3 ^ b3) | (a4 ^ b4) | (a5 ^ b5) | (a6 ^ b6) | (a7 ^ b7)
    }
  }
  store<u32>(ends, a0)
  store<u32>(ends, a1, 4)
  store<u32>(ends, a2, 8)
  store<u32>(ends, a3, 12)
  store<u32>(ends, a4, 16)
  store<u32>(ends, a5, 20)
  store<u32>(ends, a6, 24)
  store<u32>(ends, a7, 28)
}

/** The value of a scalar leaf. */
@inline
function value<X, S>(lists: Lists, node: usize): S {
  if (sizeof<X>() == 4 && sizeof<S>() == 8) return load<S>(lists.leaves + (<usize>load<u32>(node) << 3))
  return <S>load<X>(node)
}

/** One row through eight trees: gives the sum with their leaves where there is but one, else says where the ways ended. */
function treesDown<X, S>(lists: Lists, list: usize, row: usize, alone: bool, sum: S): S {
  let depth = changetype<List>(list).depths
  let a0 = changetype<List>(list).nodes
  let a1 = changetype<List>(list + 1 * offsetof<List>()).nodes
  let a2 = changetype<List>(list + 2 * offsetof<List>()).nodes
  let a3 = changetype<List>(list + 3 * offsetof<List>()).nodes
  let a4 = changetype<List>(list + 4 * offsetof<List>()).nodes
  let a5 = changetype<List>(list + 5 * offsetof<List>()).nodes
  let a6 = changetype<List>(list + 6 * offsetof<List>()).nodes
  let a7 = changetype<List>(list + 7 * offsetof<List>()).nodes
  if (depth <= BLIND) {
    for (; depth > 0; depth--) {
      a0 = downAlone<X>(a0, row)
      a1 = downAlone<X>(a1, row)
      a2 = downAlone<X>(a2, row)
      a3 = downAlone<X>(a3, row)
      a4 = downAlone<X>(a4, row)
      a5 = downAlone<X>(a5, row)
      a6 = downAlone<X>(a6, row)
      a7 = downAlone<X>(a7, row)
    }
  } else {
    let moved: usize = 1
    while (moved) {
      for (let step = 0; step < 3; step++) {
        a0 = downAlone<X>(a0, row)
        a1 = downAlone<X>(a1, row)
        a2 = downAlone<X>(a2, row)
        a3 = downAlone<X>(a3, row)
        a4 = downAlone<X>(a4, row)
        a5 = downAlone<X>(a5, row)
        a6 = downAlone<X>(a6, row)
        a7 = downAlone<X>(a7, row)
      }
      const b0 = a0
      const b1 = a1
      const b2 = a2
      const b3 = a3
      const b4 = a4
      const b5 = a5
      const b6 = a6
      const b7 = a7
      a0 = downAlone<X>(a0, row)
      a1 = downAlone<X>(a1, row)
      a2 = downAlone<X>(a2, row)
      a3 = downAlone<X>(a3, row)
      a4 = downAlone<X>(a4, row)
      a5 = downAlone<X>(a5, row)
      a6 = downAlone<X>(a6, row)
      a7 = downAlone<X>(a7, row)
      moved = (a0 ^ b0) | (a1 ^ b1) | (a2 ^ b2) | (a3 ^ b3) | (a4 ^ b4) | (a5 ^ b5) | (a6 ^ b6) | (a7 ^ b7)
    }
  }
  if (alone) {
    sum += value<X, S>(lists, a0)
    sum += value<X, S>(lists, a1)
    sum += value<X, S>(lists, a2)
    sum += value<X, S>(lists, a3)
    sum += value<X, S>(lists, a4)
    sum += value<X, S>(lists, a5)
    sum += value<X, S>(lists, a6)
    sum += value<X, S>(lists, a7)
    return sum
  }
  const ends = lists.ends
  store<u32>(ends, a0)
  store<u32>(ends, a1, 4)
  store<u32>(ends, a2, 8)
  store<u32>(ends, a3, 12)
  store<u32>(ends, a4, 16)
  store<u32>(ends, a5, 20)
  store<u32>(ends, a6, 24)
  store<u32>(ends, a7, 28)
  return sum
}

/** Adds a leaf that is a vector to a row's sums. */
@inline
function addVector<X, S>(lists: Lists, node: usize, sums: usize): void {
  const outputs = lists.outputs
  const vector = lists.leaves + (sizeof<X>() == 4 ? load<u32>(node) : <u32>load<f64>(node)) * outputs * sizeof<S>()
  for (let k: usize = 0; k < outputs; k++) store<S>(sums + k * sizeof<S>(), load<S>(sums + k * sizeof<S>()) + load<S>(vector + k * sizeof<S>()))
}

@inline
function add<X, S>(lists: Lists, list: List, node: usize, sums: usize): void {
  if (lists.vectors) addVector<X, S>(lists, node, sums)
  else store<S>(sums + list.target, load<S>(sums + list.target) + value<X, S>(lists, node))
}

/** Many rows: eight through each tree, tree after tree. */
@inline
function rowsTogether<X, S>(lists: Lists, n: u32, rows: usize, sums: usize): void {
  const width = lists.width
  const wide = lists.outputs * sizeof<S>()
  const ends = lists.ends
  for (let k: u32 = 0; k < lists.treeCount; k++) {
    const list = changetype<List>(lists.trees + k * offsetof<List>())
    for (let from: u32 = 0; from < n; from += 8) {
      const many = min<u32>(8, n - from)
      rowsDown<X>(list, rows + from * width, width, many - 1, ends)
      for (let i: u32 = 0; i < many; i++) add<X, S>(lists, list, load<u32>(ends + (i << 2)), sums + (from + i) * wide)
    }
  }
}

/** One row: eight trees at once, then the next eight. Behind the last tree stand some that are a leaf each of −0, which changes no sum. */
@inline
function treesTogether<X, S>(lists: Lists, row: usize, sums: usize): void {
  const ends = lists.ends
  const count = lists.treeCount
  if (lists.outputs == 1 && !lists.vectors) {
    let sum = load<S>(sums)
    for (let k: u32 = 0; k < count; k += 8) sum = treesDown<X, S>(lists, lists.trees + k * offsetof<List>(), row, true, sum)
    store<S>(sums, sum)
    return
  }
  for (let k: u32 = 0; k < count; k += 8) {
    const at = lists.trees + k * offsetof<List>()
    treesDown<X, S>(lists, at, row, false, 0)
    const many = min<u32>(8, count - k)
    for (let i: u32 = 0; i < many; i++) add<X, S>(lists, changetype<List>(at + i * offsetof<List>()), load<u32>(ends + (i << 2)), sums)
  }
}

/** Rows of type C through nodes of type X: a few one by one, or all together. `room` is for prepared rows. */
@inline
function walk<C, X, S>(n: u32, at: usize, rows: usize, stride: usize, room: usize, sums: usize): void {
  const lists = changetype<Lists>(at)
  if (lists.start != 0) fill<S>(<usize>n, <usize>lists.outputs, lists.start, sums)
  if (n >= lists.together) {
    prepare<C, X>(lists, n, rows, stride, room)
    rowsTogether<X, S>(lists, n, room, sums)
    return
  }
  const alone = sizeof<X>() == 4 ? ALONE : room
  for (let row: u32 = 0; row < n; row++) {
    prepare<C, X>(lists, 1, rows + <usize>row * stride, stride, alone)
    treesTogether<X, S>(lists, alone, sums + row * lists.outputs * sizeof<S>())
  }
}

/** Adds what trees say: rows of one type, nodes narrow (f32) or wide (f64), sums of a type. */
export function lists_f32_f32_f32(n: u32, lists: usize, rows: usize, stride: usize, room: usize, sums: usize): void {
  walk<f32, f32, f32>(n, lists, rows, stride, room, sums)
}
export function lists_f32_f32_f64(n: u32, lists: usize, rows: usize, stride: usize, room: usize, sums: usize): void {
  walk<f32, f32, f64>(n, lists, rows, stride, room, sums)
}
export function lists_f32_f64_f32(n: u32, lists: usize, rows: usize, stride: usize, room: usize, sums: usize): void {
  walk<f32, f64, f32>(n, lists, rows, stride, room, sums)
}
export function lists_f32_f64_f64(n: u32, lists: usize, rows: usize, stride: usize, room: usize, sums: usize): void {
  walk<f32, f64, f64>(n, lists, rows, stride, room, sums)
}
export function lists_f64_f64_f32(n: u32, lists: usize, rows: usize, stride: usize, room: usize, sums: usize): void {
  walk<f64, f64, f32>(n, lists, rows, stride, room, sums)
}
export function lists_f64_f64_f64(n: u32, lists: usize, rows: usize, stride: usize, room: usize, sums: usize): void {
  walk<f64, f64, f64>(n, lists, rows, stride, room, sums)
}
