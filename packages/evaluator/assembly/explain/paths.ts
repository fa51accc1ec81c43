// Path-dependent Tree SHAP of eight rows at a time.
//
// The Shapley value of a feature is the integral over t from 0 to 1 of the derivative of f by that feature, where f takes each
// feature from the row with chance t. Of a leaf v whose path has features with fractions z (the share of the training rows
// that pass) and o (1 where this row passes, else 0), f is v · Π (t·o + (1 − t)·z): a polynomial, which as many points as half
// its features integrate exactly (Gauss, Legendre). So a tree is walked once for all points: products on the way down, sums
// of the leaves on the way up, and at each edge the derivative by its feature. Where a feature was split on before, the two
// edges are one factor, and what the earlier edge adds for the leaves below is taken back.
//
// A level of the stack: masks of its edge (4 × 16 bytes: eight rows), products (points × 64), sums (points × 64).
// A node: u32 offset of its column, u32 rule, threshold (f64) or set (u32 address, u32 words), u32 bytes back to the level of
// its feature's last split (0: none), u32 child `yes` (0: leaf), u32 child `no`, u32 unused; then for each edge and point
// factors and derivatives: four numbers, five where the feature was split on before.
import { goTwo } from './split'

const LANES: usize = 64
const HEAD: usize = 32

let span: usize = 0
let rows: usize = 0
let sums: usize = 0

// @ts-ignore: decorator
@inline
function decide(node: usize, column: usize, level: usize): void {
  const rule = load<u32>(node, 4)
  const value = node + 8
  v128.store(level, goTwo(rule, value, v128.load(column)), 0)
  v128.store(level, goTwo(rule, value, v128.load(column, 16)), 16)
  v128.store(level, goTwo(rule, value, v128.load(column, 32)), 32)
  v128.store(level, goTwo(rule, value, v128.load(column, 48)), 48)
}

// @ts-ignore: decorator
@inline
function combine(level: usize, other: v128, at: usize): void {
  v128.store(level + at, v128.xor(v128.load(level + at), other))
}

// @ts-ignore: decorator
@inline
function add(to: usize, what: v128): void {
  v128.store(to, f64x2.add(v128.load(to), what))
}

/** One edge with a feature that is new on its path: `factor = k0 + (passes & k1)`, `derivative = k2 + (passes & k3)`. */
function edge(constants: usize, child: usize, level: usize, out: usize): void {
  const m0 = v128.load(level, 0)
  const m1 = v128.load(level, 16)
  const m2 = v128.load(level, 32)
  const m3 = v128.load(level, 48)
  const products = level + LANES
  const totals = products + span
  let a0 = f64x2.splat(0)
  let a1 = a0
  let a2 = a0
  let a3 = a0
  if (child == 0) {
    for (let q: usize = 0, k = constants; q < span; q += LANES, k += 32) {
      const base = v128.load64_splat(k)
      const more = v128.load64_splat(k, 8)
      const slope = v128.load64_splat(k, 16)
      const steeper = v128.load64_splat(k, 24)
      let g = f64x2.mul(v128.load(products + q), f64x2.add(base, v128.and(m0, more)))
      add(totals + q, g)
      a0 = f64x2.add(a0, f64x2.mul(g, f64x2.add(slope, v128.and(m0, steeper))))
      g = f64x2.mul(v128.load(products + q, 16), f64x2.add(base, v128.and(m1, more)))
      add(totals + q + 16, g)
      a1 = f64x2.add(a1, f64x2.mul(g, f64x2.add(slope, v128.and(m1, steeper))))
      g = f64x2.mul(v128.load(products + q, 32), f64x2.add(base, v128.and(m2, more)))
      add(totals + q + 32, g)
      a2 = f64x2.add(a2, f64x2.mul(g, f64x2.add(slope, v128.and(m2, steeper))))
      g = f64x2.mul(v128.load(products + q, 48), f64x2.add(base, v128.and(m3, more)))
      add(totals + q + 48, g)
      a3 = f64x2.add(a3, f64x2.mul(g, f64x2.add(slope, v128.and(m3, steeper))))
    }
  } else {
    const below = totals + span + LANES
    for (let q: usize = 0, k = constants; q < span; q += LANES, k += 32) {
      const base = v128.load64_splat(k)
      const more = v128.load64_splat(k, 8)
      v128.store(below + q, f64x2.mul(v128.load(products + q), f64x2.add(base, v128.and(m0, more))), 0)
      v128.store(below + q, f64x2.mul(v128.load(products + q, 16), f64x2.add(base, v128.and(m1, more))), 16)
      v128.store(below + q, f64x2.mul(v128.load(products + q, 32), f64x2.add(base, v128.and(m2, more))), 32)
      v128.store(below + q, f64x2.mul(v128.load(products + q, 48), f64x2.add(base, v128.and(m3, more))), 48)
    }
    walk(child, totals + span)
    const found = below + span
    for (let q: usize = 0, k = constants; q < span; q += LANES, k += 32) {
      const slope = v128.load64_splat(k, 16)
      const steeper = v128.load64_splat(k, 24)
      let g = v128.load(found + q)
      add(totals + q, g)
      a0 = f64x2.add(a0, f64x2.mul(g, f64x2.add(slope, v128.and(m0, steeper))))
      g = v128.load(found + q, 16)
      add(totals + q + 16, g)
      a1 = f64x2.add(a1, f64x2.mul(g, f64x2.add(slope, v128.and(m1, steeper))))
      g = v128.load(found + q, 32)
      add(totals + q + 32, g)
      a2 = f64x2.add(a2, f64x2.mul(g, f64x2.add(slope, v128.and(m2, steeper))))
      g = v128.load(found + q, 48)
      add(totals + q + 48, g)
      a3 = f64x2.add(a3, f64x2.mul(g, f64x2.add(slope, v128.and(m3, steeper))))
    }
  }
  add(out, a0)
  add(out + 16, a1)
  add(out + 32, a2)
  add(out + 48, a3)
}

/** One edge whose feature was split on before: `factor = k0 + (passed & k1) + (passes & k2)`, `derivative = (passed & k3) + (passes & k4)`. */
function edgeAgain(constants: usize, child: usize, level: usize, before: usize, out: usize): void {
  const products = level + LANES
  const totals = products + span
  const below = totals + span + LANES
  const found = below + span
  if (child != 0) {
    for (let q: usize = 0, k = constants; q < span; q += LANES, k += 40) {
      for (let lane: usize = 0; lane < LANES; lane += 16) v128.store(below + q + lane, f64x2.mul(v128.load(products + q + lane), factorAgain(k, level + lane, before + lane)))
    }
    walk(child, totals + span)
  }
  for (let lane: usize = 0; lane < LANES; lane += 16) {
    const passes = v128.load(level + lane)
    const passed = v128.load(before + lane)
    let sum = f64x2.splat(0)
    for (let q = lane, k = constants; q < span; q += LANES, k += 40) {
      const g = child != 0 ? v128.load(found + q) : f64x2.mul(v128.load(products + q), factorAgain(k, level + lane, before + lane))
      add(totals + q, g)
      const slope = f64x2.add(v128.and(passed, v128.load64_splat(k, 24)), v128.and(passes, v128.load64_splat(k, 32)))
      sum = f64x2.add(sum, f64x2.mul(g, slope))
    }
    add(out + lane, sum)
  }
}

// @ts-ignore: decorator
@inline
function factorAgain(k: usize, level: usize, before: usize): v128 {
  const known = f64x2.add(v128.load64_splat(k), v128.and(v128.load(before), v128.load64_splat(k, 8)))
  return f64x2.add(known, v128.and(v128.load(level), v128.load64_splat(k, 16)))
}

/** One split and all below it. Its level holds the products so far; its sums are set here. */
function walk(node: usize, level: usize): void {
  const column = <usize>load<u32>(node)
  decide(node, rows + column, level)
  const out = sums + column
  const totals = level + LANES + span
  memory.fill(totals, 0, span)
  const back = <usize>load<u32>(node, 16)
  if (back == 0) {
    const all = v128.not(f64x2.splat(0))
    edge(node + HEAD, load<u32>(node, 20), level, out)
    for (let lane: usize = 0; lane < LANES; lane += 16) combine(level, all, lane)
    edge(node + HEAD + (span >> 1), load<u32>(node, 24), level, out)
  } else {
    const before = level - back
    for (let lane: usize = 0; lane < LANES; lane += 16) v128.store(level + lane, v128.and(v128.load(level + lane), v128.load(before + lane)))
    edgeAgain(node + HEAD, load<u32>(node, 20), level, before, out)
    for (let lane: usize = 0; lane < LANES; lane += 16) combine(level, v128.load(before + lane), lane)
    edgeAgain(node + HEAD + (span >> 3) * 5, load<u32>(node, 24), level, before, out)
  }
}

/**
 * Adds what one tree contributes, for `blocks` blocks of eight rows. `x` holds columns × 8 doubles a block, `phi` as many
 * every `stride` bytes; `stack` has room for a level more than the tree is deep.
 */
export function explainPaths(root: usize, points: u32, x: usize, width: u32, phi: usize, stride: u32, blocks: u32, stack: usize): void {
  span = <usize>points * LANES
  const one = f64x2.splat(1)
  for (let block: u32 = 0; block < blocks; block++) {
    rows = x + <usize>block * width
    sums = phi + <usize>block * stride
    for (let at: usize = 0; at < span; at += 16) v128.store(stack + LANES + at, one)
    walk(root, stack)
  }
}
