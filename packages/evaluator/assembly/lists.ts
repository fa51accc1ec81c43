// Trees as lists of nodes whose children stand side by side. Eight ways down at once: eight rows through one tree, or one
// row through eight trees. Rows are prepared so that the only test is `x < threshold`, which nothing missing passes; a leaf
// tests column 0, which is −∞, against its own value (or number) and is its own child, so that no step asks for the end.
import { holds } from './rule'

@unmanaged
class Lists {
  trees: usize
  treeCount: u32
  columns: usize
  columnCount: u32
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
  /** Where the eight ways down ended: nodes, of four bytes. */
  ends: usize
}

/** A column of a prepared row. */
@unmanaged
class Column {
  source: u32
  /** 1 negated, 2 zero is missing, 4 NaN is 0, 8 −1 where a rule holds, else 1. */
  how: u32
  rule: u32
  /** Offset in the prepared row. */
  to: u32
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

/** Up to so many levels are gone down without a look whether all have arrived. */
const BLIND: u32 = 12

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
    store<W>(to + member.to, is ? <W>-1 : <W>1)
  }
}

@inline
function prepare<X, W>(lists: Lists, n: u32, from: usize, stride: usize, to: usize): void {
  const columns = lists.columns
  const end = columns + lists.columnCount * offsetof<Column>()
  const zero = lists.zero
  for (let row: u32 = 0; row < n; row++) {
    store<W>(to, <W>-Infinity)
    for (let at = columns; at < end; at += offsetof<Column>()) {
      const column = changetype<Column>(at)
      const how = column.how
      let x = load<X>(from + column.source)
      if (<f64>abs<X>(x) <= zero) x = 0
      if (how != 0) {
        if (how & 8) x = holds(column.rule, column.value, <f64>x, lists.setStarts, lists.setWords) ? <X>-1 : <X>1
        else {
          if ((how & 4) != 0 && x != x) x = 0
          if ((how & 2) != 0 && x == 0) x = <X>NaN
          if (how & 1) x = -x
        }
      }
      store<W>(to + column.to, <W>x)
    }
    for (let k: u32 = 0; k < lists.codeCount; k++) members<X, W>(changetype<Code>(lists.codes + k * offsetof<Code>()), from, zero, to)
    from += stride
    to += lists.width
  }
}

/** One step down. Narrow nodes: threshold as f32, then 12 bits of column and 20 of child. Wide ones: threshold as f64, offset in the row, child. */
@inline
function down<X>(nodes: usize, at: u32, row: usize): u32 {
  if (sizeof<X>() == 4) {
    const node = nodes + (<usize>at << 3)
    const link = load<u32>(node, 4)
    return (link >> 12) + u32(!(load<f32>(row + ((link & 0xfff) << 2)) < load<f32>(node)))
  }
  const node = nodes + (<usize>at << 4)
  return load<u32>(node, 12) + u32(!(load<f64>(row + load<u32>(node, 8)) < load<f64>(node)))
}

/** Eight rows through one tree; those behind the last row are the last. */
function rowsDown<X>(list: List, rows: usize, width: usize, last: u32, ends: usize): void {
  const nodes = list.nodes
  let depth = list.depth
  const r0 = rows
  const r1 = rows + min<usize>(1, last) * width
  const r2 = rows + min<usize>(2, last) * width
  const r3 = rows + min<usize>(3, last) * width
  const r4 = rows + min<usize>(4, last) * width
  const r5 = rows + min<usize>(5, last) * width
  const r6 = rows + min<usize>(6, last) * width
  const r7 = rows + min<usize>(7, last) * width
  let a0: u32 = 0
  let a1: u32 = 0
  let a2: u32 = 0
  let a3: u32 = 0
  let a4: u32 = 0
  let a5: u32 = 0
  let a6: u32 = 0
  let a7: u32 = 0
  if (depth <= BLIND) {
    for (; depth > 0; depth--) {
      a0 = down<X>(nodes, a0, r0)
      a1 = down<X>(nodes, a1, r1)
      a2 = down<X>(nodes, a2, r2)
      a3 = down<X>(nodes, a3, r3)
      a4 = down<X>(nodes, a4, r4)
      a5 = down<X>(nodes, a5, r5)
      a6 = down<X>(nodes, a6, r6)
      a7 = down<X>(nodes, a7, r7)
    }
  } else {
    let moved: u32 = 1
    while (moved) {
      for (let step = 0; step < 3; step++) {
        a0 = down<X>(nodes, a0, r0)
        a1 = down<X>(nodes, a1, r1)
        a2 = down<X>(nodes, a2, r2)
        a3 = down<X>(nodes, a3, r3)
        a4 = down<X>(nodes, a4, r4)
        a5 = down<X>(nodes, a5, r5)
        a6 = down<X>(nodes, a6, r6)
        a7 = down<X>(nodes, a7, r7)
      }
      const b0 = a0
      const b1 = a1
      const b2 = a2
      const b3 = a3
      const b4 = a4
      const b5 = a5
      const b6 = a6
      const b7 = a7
      a0 = down<X>(nodes, a0, r0)
      a1 = down<X>(nodes, a1, r1)
      a2 = down<X>(nodes, a2, r2)
      a3 = down<X>(nodes, a3, r3)
      a4 = down<X>(nodes, a4, r4)
      a5 = down<X>(nodes, a5, r5)
      a6 = down<X>(nodes, a6, r6)
      a7 = down<X>(nodes, a7, r7)
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

/** One row through eight trees. */
function treesDown<X>(list: usize, row: usize, ends: usize): void {
  let depth = changetype<List>(list).depths
  const n0 = changetype<List>(list).nodes
  const n1 = changetype<List>(list + 1 * offsetof<List>()).nodes
  const n2 = changetype<List>(list + 2 * offsetof<List>()).nodes
  const n3 = changetype<List>(list + 3 * offsetof<List>()).nodes
  const n4 = changetype<List>(list + 4 * offsetof<List>()).nodes
  const n5 = changetype<List>(list + 5 * offsetof<List>()).nodes
  const n6 = changetype<List>(list + 6 * offsetof<List>()).nodes
  const n7 = changetype<List>(list + 7 * offsetof<List>()).nodes
  let a0: u32 = 0
  let a1: u32 = 0
  let a2: u32 = 0
  let a3: u32 = 0
  let a4: u32 = 0
  let a5: u32 = 0
  let a6: u32 = 0
  let a7: u32 = 0
  if (depth <= BLIND) {
    for (; depth > 0; depth--) {
      a0 = down<X>(n0, a0, row)
      a1 = down<X>(n1, a1, row)
      a2 = down<X>(n2, a2, row)
      a3 = down<X>(n3, a3, row)
      a4 = down<X>(n4, a4, row)
      a5 = down<X>(n5, a5, row)
      a6 = down<X>(n6, a6, row)
      a7 = down<X>(n7, a7, row)
    }
  } else {
    let moved: u32 = 1
    while (moved) {
      for (let step = 0; step < 3; step++) {
        a0 = down<X>(n0, a0, row)
        a1 = down<X>(n1, a1, row)
        a2 = down<X>(n2, a2, row)
        a3 = down<X>(n3, a3, row)
        a4 = down<X>(n4, a4, row)
        a5 = down<X>(n5, a5, row)
        a6 = down<X>(n6, a6, row)
        a7 = down<X>(n7, a7, row)
      }
      const b0 = a0
      const b1 = a1
      const b2 = a2
      const b3 = a3
      const b4 = a4
      const b5 = a5
      const b6 = a6
      const b7 = a7
      a0 = down<X>(n0, a0, row)
      a1 = down<X>(n1, a1, row)
      a2 = down<X>(n2, a2, row)
      a3 = down<X>(n3, a3, row)
      a4 = down<X>(n4, a4, row)
      a5 = down<X>(n5, a5, row)
      a6 = down<X>(n6, a6, row)
      a7 = down<X>(n7, a7, row)
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

/** Address of a node. */
@inline
function nodeAt<X>(list: List, at: u32): usize {
  return list.nodes + (<usize>at << (sizeof<X>() == 4 ? 3 : 4))
}

/** The value of a scalar leaf. */
@inline
function value<X, S>(lists: Lists, node: usize): S {
  if (sizeof<X>() == 4 && sizeof<S>() == 8) return load<S>(lists.leaves + (<usize>load<u32>(node) << 3))
  return <S>load<X>(node)
}

/** Adds a leaf that is a vector to a row's sums. */
@inline
function addVector<X, S>(lists: Lists, node: usize, sums: usize): void {
  const outputs = lists.outputs
  const vector = lists.leaves + (sizeof<X>() == 4 ? load<u32>(node) : <u32>load<f64>(node)) * outputs * sizeof<S>()
  for (let k: usize = 0; k < outputs; k++) store<S>(sums + k * sizeof<S>(), load<S>(sums + k * sizeof<S>()) + load<S>(vector + k * sizeof<S>()))
}

@inline
function add<X, S>(lists: Lists, list: List, at: u32, sums: usize): void {
  const node = nodeAt<X>(list, at)
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

/** One row: eight trees at once, then the next eight. Behind the last tree stand some that are a leaf each, and add nothing. */
@inline
function treesTogether<X, S>(lists: Lists, row: usize, sums: usize): void {
  const ends = lists.ends
  const single = lists.outputs == 1 && !lists.vectors
  let sum = load<S>(sums)
  for (let k: u32 = 0; k < lists.treeCount; k += 8) {
    const at = lists.trees + k * offsetof<List>()
    treesDown<X>(at, row, ends)
    const many = min<u32>(8, lists.treeCount - k)
    for (let i: u32 = 0; i < many; i++) {
      const list = changetype<List>(at + i * offsetof<List>())
      const end = load<u32>(ends + (i << 2))
      if (single) sum += value<X, S>(lists, nodeAt<X>(list, end))
      else add<X, S>(lists, list, end, sums)
    }
  }
  if (single) store<S>(sums, sum)
}

@inline
function walk<X, S>(n: u32, at: usize, room: usize, sums: usize): void {
  const lists = changetype<Lists>(at)
  if (n >= 8) rowsTogether<X, S>(lists, n, room, sums)
  else for (let row: u32 = 0; row < n; row++) treesTogether<X, S>(lists, room + row * lists.width, sums + row * lists.outputs * sizeof<S>())
}

/** Rows of one type as lists of narrow (f32) or wide (f64) nodes take them. */
export function prepare_f32_f32(n: u32, lists: usize, rows: usize, stride: usize, room: usize): void {
  prepare<f32, f32>(changetype<Lists>(lists), n, rows, stride, room)
}
export function prepare_f32_f64(n: u32, lists: usize, rows: usize, stride: usize, room: usize): void {
  prepare<f32, f64>(changetype<Lists>(lists), n, rows, stride, room)
}
export function prepare_f64_f64(n: u32, lists: usize, rows: usize, stride: usize, room: usize): void {
  prepare<f64, f64>(changetype<Lists>(lists), n, rows, stride, room)
}

export function lists_f32_f32(n: u32, lists: usize, room: usize, sums: usize): void {
  walk<f32, f32>(n, lists, room, sums)
}
export function lists_f32_f64(n: u32, lists: usize, room: usize, sums: usize): void {
  walk<f32, f64>(n, lists, room, sums)
}
export function lists_f64_f32(n: u32, lists: usize, room: usize, sums: usize): void {
  walk<f64, f32>(n, lists, room, sums)
}
export function lists_f64_f64(n: u32, lists: usize, room: usize, sums: usize): void {
  walk<f64, f64>(n, lists, room, sums)
}
