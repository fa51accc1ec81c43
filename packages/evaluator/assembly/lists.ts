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
}

/** A column of a prepared row. */
@unmanaged
class Column {
  source: u32
  /** 1 negated, 2 zero is missing, 4 NaN is 0, 8 −1 where a rule holds, else 1. */
  how: u32
  rule: u32
  value: f64
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

@inline
function prepare<X, W>(lists: Lists, n: u32, from: usize, stride: usize, to: usize): void {
  const columns = lists.columns
  const end = columns + lists.columnCount * offsetof<Column>()
  const zero = lists.zero
  for (let row: u32 = 0; row < n; row++) {
    let next = to
    store<W>(next, <W>-Infinity)
    for (let at = columns; at < end; at += offsetof<Column>()) {
      const column = changetype<Column>(at)
      const how = column.how
      let x = load<X>(from + column.source)
      next += sizeof<W>()
      if (<f64>abs<X>(x) <= zero) x = 0
      if (how != 0) {
        if (how & 8) x = holds(column.rule, column.value, <f64>x, lists.setStarts, lists.setWords) ? <X>-1 : <X>1
        else {
          if ((how & 4) != 0 && x != x) x = 0
          if ((how & 2) != 0 && x == 0) x = <X>NaN
          if (how & 1) x = -x
        }
      }
      store<W>(next, <W>x)
    }
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

/** The value of a scalar leaf. */
@inline
function value<X, S>(lists: Lists, node: usize): S {
  if (sizeof<X>() == 4 && sizeof<S>() == 8) return load<S>(lists.leaves + (<usize>load<u32>(node) << 3))
  return <S>load<X>(node)
}

@inline
function valueAt<X, S>(lists: Lists, list: List, at: u32): S {
  return value<X, S>(lists, list.nodes + (<usize>at << (sizeof<X>() == 4 ? 3 : 4)))
}

/** What a leaf adds to a row's sums. */
@inline
function add<X, S>(lists: Lists, list: List, at: u32, sums: usize): void {
  const node = list.nodes + (<usize>at << (sizeof<X>() == 4 ? 3 : 4))
  if (lists.vectors) {
    const outputs = lists.outputs
    const vector = lists.leaves + (sizeof<X>() == 4 ? load<u32>(node) : <u32>load<f64>(node)) * outputs * sizeof<S>()
    for (let k: usize = 0; k < outputs; k++) store<S>(sums + k * sizeof<S>(), load<S>(sums + k * sizeof<S>()) + load<S>(vector + k * sizeof<S>()))
    return
  }
  sums += list.target
  store<S>(sums, load<S>(sums) + value<X, S>(lists, node))
}

/** Eight rows through one tree after the other. */
@inline
function rowsTogether<X, S>(lists: Lists, n: u32, rows: usize, sums: usize): void {
  const width = lists.width
  const wide = lists.outputs * sizeof<S>()
  const last = n - 1
  for (let k: u32 = 0; k < lists.treeCount; k++) {
    const list = changetype<List>(lists.trees + k * offsetof<List>())
    const nodes = list.nodes
    for (let from: u32 = 0; from < n; from += 8) {
      const r0 = rows + from * width
      const r1 = rows + min<u32>(from + 1, last) * width
      const r2 = rows + min<u32>(from + 2, last) * width
      const r3 = rows + min<u32>(from + 3, last) * width
      const r4 = rows + min<u32>(from + 4, last) * width
      const r5 = rows + min<u32>(from + 5, last) * width
      const r6 = rows + min<u32>(from + 6, last) * width
      const r7 = rows + min<u32>(from + 7, last) * width
      let a0: u32 = 0
      let a1: u32 = 0
      let a2: u32 = 0
      let a3: u32 = 0
      let a4: u32 = 0
      let a5: u32 = 0
      let a6: u32 = 0
      let a7: u32 = 0
      let moved: u32 = list.depth > BLIND ? 1 : 0
      for (let step: u32 = moved ? 0 : list.depth; step > 0; step--) {
        a0 = down<X>(nodes, a0, r0)
        a1 = down<X>(nodes, a1, r1)
        a2 = down<X>(nodes, a2, r2)
        a3 = down<X>(nodes, a3, r3)
        a4 = down<X>(nodes, a4, r4)
        a5 = down<X>(nodes, a5, r5)
        a6 = down<X>(nodes, a6, r6)
        a7 = down<X>(nodes, a7, r7)
      }
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
      const at = sums + from * wide
      const many = min<u32>(8, n - from)
      add<X, S>(lists, list, a0, at)
      if (many > 1) add<X, S>(lists, list, a1, at + wide)
      if (many > 2) add<X, S>(lists, list, a2, at + 2 * wide)
      if (many > 3) add<X, S>(lists, list, a3, at + 3 * wide)
      if (many > 4) add<X, S>(lists, list, a4, at + 4 * wide)
      if (many > 5) add<X, S>(lists, list, a5, at + 5 * wide)
      if (many > 6) add<X, S>(lists, list, a6, at + 6 * wide)
      if (many > 7) add<X, S>(lists, list, a7, at + 7 * wide)
    }
  }
}

@inline
function listAt(lists: Lists, k: u32): List {
  return changetype<List>(lists.trees + k * offsetof<List>())
}

/** One row through eight trees, then the next eight. Behind the last tree stand seven that are a leaf each, and add nothing. */
@inline
function treesTogether<X, S>(lists: Lists, row: usize, sums: usize): void {
  for (let k: u32 = 0; k < lists.treeCount; k += 8) {
    const n0 = listAt(lists, k).nodes
    const n1 = listAt(lists, k + 1).nodes
    const n2 = listAt(lists, k + 2).nodes
    const n3 = listAt(lists, k + 3).nodes
    const n4 = listAt(lists, k + 4).nodes
    const n5 = listAt(lists, k + 5).nodes
    const n6 = listAt(lists, k + 6).nodes
    const n7 = listAt(lists, k + 7).nodes
    let a0: u32 = 0
    let a1: u32 = 0
    let a2: u32 = 0
    let a3: u32 = 0
    let a4: u32 = 0
    let a5: u32 = 0
    let a6: u32 = 0
    let a7: u32 = 0
    const depth = listAt(lists, k).depths
    let moved: u32 = depth > BLIND ? 1 : 0
    for (let step: u32 = moved ? 0 : depth; step > 0; step--) {
      a0 = down<X>(n0, a0, row)
      a1 = down<X>(n1, a1, row)
      a2 = down<X>(n2, a2, row)
      a3 = down<X>(n3, a3, row)
      a4 = down<X>(n4, a4, row)
      a5 = down<X>(n5, a5, row)
      a6 = down<X>(n6, a6, row)
      a7 = down<X>(n7, a7, row)
    }
    while (moved) {
      for (let step = 0; step < 2; step++) {
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
    if (lists.outputs == 1 && !lists.vectors && lists.treeCount - k >= 8) {
      let sum = load<S>(sums)
      sum += valueAt<X, S>(lists, listAt(lists, k), a0)
      sum += valueAt<X, S>(lists, listAt(lists, k + 1), a1)
      sum += valueAt<X, S>(lists, listAt(lists, k + 2), a2)
      sum += valueAt<X, S>(lists, listAt(lists, k + 3), a3)
      sum += valueAt<X, S>(lists, listAt(lists, k + 4), a4)
      sum += valueAt<X, S>(lists, listAt(lists, k + 5), a5)
      sum += valueAt<X, S>(lists, listAt(lists, k + 6), a6)
      sum += valueAt<X, S>(lists, listAt(lists, k + 7), a7)
      store<S>(sums, sum)
      continue
    }
    const many = lists.treeCount - k
    add<X, S>(lists, listAt(lists, k), a0, sums)
    if (many > 1) add<X, S>(lists, listAt(lists, k + 1), a1, sums)
    if (many > 2) add<X, S>(lists, listAt(lists, k + 2), a2, sums)
    if (many > 3) add<X, S>(lists, listAt(lists, k + 3), a3, sums)
    if (many > 4) add<X, S>(lists, listAt(lists, k + 4), a4, sums)
    if (many > 5) add<X, S>(lists, listAt(lists, k + 5), a5, sums)
    if (many > 6) add<X, S>(lists, listAt(lists, k + 6), a6, sums)
    if (many > 7) add<X, S>(lists, listAt(lists, k + 7), a7, sums)
  }
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
