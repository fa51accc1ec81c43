// Trees of every kind, one row and one node at a time: what no faster kernel takes. A node is tested as its rule says.

import { holds } from './rule'
import { fill } from './start'

/** Addresses and sizes of what is walked; written by engine/trees/walk.ts. */
@unmanaged
class Walk {
  /** Trees of this part: their numbers from, to. */
  from: u32
  to: u32
  roots: usize
  targets: usize
  feature: usize
  rule: usize
  value: usize
  yes: usize
  no: usize
  /** 0, or rows of leaf vectors in the type of the sums. */
  vectors: usize
  setStart: usize
  setWords: usize
  /** 0, or the linear models of the leaves. */
  linearStart: usize
  linearFeature: usize
  linearCoefficient: usize
  linearConstant: usize
  outputs: u32
  /** 0 sum, 1 min, 2 max. */
  aggregate: u32
  zero: f64
  /** What each row's sums start with. */
  start: usize
}

@inline
function snapped<X>(at: usize, zero: f64): f64 {
  const x = <f64>load<X>(at)
  return Math.abs(x) <= zero ? 0 : x
}

function leafOf<X>(walk: Walk, node: u32, row: usize): u32 {
  let feature = load<i32>(walk.feature + (node << 2))
  while (feature >= 0) {
    const x = snapped<X>(row + <usize>feature * sizeof<X>(), walk.zero)
    const yes = holds(load<u8>(walk.rule + node), load<f64>(walk.value + (node << 3)), x, walk.setStart, walk.setWords)
    node = load<u32>((yes ? walk.yes : walk.no) + (node << 2))
    feature = load<i32>(walk.feature + (node << 2))
  }
  return node
}

@inline
function linear<X>(walk: Walk, leaf: u32, row: usize): f64 {
  const model = load<i32>(walk.yes + (leaf << 2))
  const value = load<f64>(walk.value + (leaf << 3))
  if (model < 0) return value
  let sum = load<f64>(walk.linearConstant + (<usize>model << 3))
  const end = load<u32>(walk.linearStart + (<usize>model << 2), 4)
  for (let k = load<u32>(walk.linearStart + (<usize>model << 2)); k < end; k++) {
    const x = <f64>load<X>(row + load<u32>(walk.linearFeature + (k << 2)) * sizeof<X>())
    if (x != x) return value
    sum += load<f64>(walk.linearCoefficient + (k << 3)) * x
  }
  return sum
}

@inline
function join<S>(aggregate: u32, at: usize, leaf: S): void {
  const sum = load<S>(at)
  store<S>(at, aggregate == 0 ? sum + leaf : aggregate == 1 ? min<S>(sum, leaf) : max<S>(sum, leaf))
}

@inline
function walkRow<X, S>(walk: Walk, row: usize, sums: usize): void {
  for (let tree = walk.from; tree < walk.to; tree++) {
    const leaf = leafOf<X>(walk, load<u32>(walk.roots + (tree << 2)), row)
    if (walk.vectors != 0) {
      const vector = walk.vectors + load<u32>(walk.yes + (leaf << 2)) * walk.outputs * sizeof<S>()
      for (let k: usize = 0; k < walk.outputs; k++) join<S>(walk.aggregate, sums + k * sizeof<S>(), load<S>(vector + k * sizeof<S>()))
    } else {
      const value = walk.linearStart != 0 ? linear<X>(walk, leaf, row) : load<f64>(walk.value + (leaf << 3))
      join<S>(walk.aggregate, sums + load<u32>(walk.targets + (tree << 2)) * sizeof<S>(), <S>value)
    }
  }
}

@inline
function walkRows<X, S>(n: usize, walk: Walk, rows: usize, stride: usize, sums: usize): void {
  fill<S>(n, <usize>walk.outputs, walk.start, sums)
  for (let row: usize = 0; row < n; row++) walkRow<X, S>(walk, rows + row * stride, sums + row * walk.outputs * sizeof<S>())
}

export function walk_f32_f32(n: usize, walk: usize, rows: usize, stride: usize, sums: usize): void {
  walkRows<f32, f32>(n, changetype<Walk>(walk), rows, stride, sums)
}
export function walk_f32_f64(n: usize, walk: usize, rows: usize, stride: usize, sums: usize): void {
  walkRows<f32, f64>(n, changetype<Walk>(walk), rows, stride, sums)
}
export function walk_f64_f32(n: usize, walk: usize, rows: usize, stride: usize, sums: usize): void {
  walkRows<f64, f32>(n, changetype<Walk>(walk), rows, stride, sums)
}
export function walk_f64_f64(n: usize, walk: usize, rows: usize, stride: usize, sums: usize): void {
  walkRows<f64, f64>(n, changetype<Walk>(walk), rows, stride, sums)
}
