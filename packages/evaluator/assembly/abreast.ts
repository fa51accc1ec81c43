// Trees of up to 256 leaves, 64 rows abreast. Rows become ranks of one byte: how many of a column's thresholds are no
// larger. A whole tree is then worked out for all rows by comparing bytes, sixteen at a time, without a branch: the leaf of
// a node is that of its right child where the row goes there, else that of its left; leaves are numbered from left to right,
// so the larger number wins once the right one is blanked where the row does not go.

import { fill } from './start'

const ROWS: usize = 64

@unmanaged
class Part {
  /** Columns that are ranked, and how. */
  ranks: usize
  rankCount: u32
  /** Columns of categories, and how. */
  codes: usize
  codeCount: u32
  /** Trees that share the columns of their sets. */
  groups: usize
  groupCount: u32
  /** Bytes of the 64 rows, column after column. */
  tile: usize
  /** Numbers of leaves: 256 constants, then what nodes came to. */
  slots: usize
  /** Sums of the 64 rows, output after output. */
  sums: usize
  /** Room for what the ranks of a column are worked out from: see the offsets below. */
  room: usize
  outputs: u32
  /** 1 where leaves are vectors. */
  vectors: u32
  zero: f64
  /** What each row's sums start with; 0 where they lie there already. */
  start: usize
}

/**
 * A column that is ranked. Its numbers fall into buckets, each with the rank of its lowest number; the thresholds of the
 * bucket are then searched by halving. The bucket of a number is (key − lowest) · scale, rounded: it never falls where the
 * number rises, so thresholds of other buckets need no look.
 */
@unmanaged
class Rank {
  source: u32
  /** 1 where the key is the number's bits taken as an integer (for numbers of many sizes), 0 where it is the number. */
  byBits: u32
  lowest: f32
  scale: f32
  /** Number of the last bucket. */
  top: f32
  /** Rank of each bucket's lowest number, of two bytes. */
  starts: usize
  /** Thresholds, with 2ˢᵗᵉᵖˢ NaN behind them. */
  thresholds: usize
  steps: u32
  outs: usize
  outCount: u32
  /** 1 where some column takes zero for missing. */
  zeroToo: u32
}

/** A column of bytes: rank less `less`, between 0 and 255, and `fill` where the row is missing. */
@unmanaged
class Out {
  to: u32
  less: u16
  fill: u8
  /** 1 where zero is missing too. */
  zeroToo: u8
}

/** A column of categories as the number and the bit of a byte in a set of 128. */
@unmanaged
class Code {
  source: u32
  to: u32
  /** Members less this one. */
  first: u32
  /** 1: zero is missing too. 2: nothing is missing, NaN is 0. 4: cut before compared with 0. */
  how: u32
}

@unmanaged
class Member {
  source: u32
  to: u32
  set: usize
  /** 1 where it joins what is there already. */
  joins: u32
}

/**
 * A tree: its splits in four kinds, each kind after the other, children before their parents. The result of each goes to the
 * next slot; a slot is named by its offset. A leaf is the slot with its number.
 */
@unmanaged
class Tree {
  ops: usize
  /** Pairs of leaves below two splits below one: columns of the three, their thresholds, the first of the four leaves. */
  tops: u16
  /** Splits with two leaves: column, threshold, the first of the leaves. */
  ends: u16
  /** Three splits, one above two: columns, thresholds, the four slots below. */
  triples: u16
  /** Any other split: column, left slot, right slot, threshold. */
  singles: u16
  leaves: usize
  target: u32
}

/** Some trees, and the sets that their splits ask for: each a column of its own while these trees are worked out. */
@unmanaged
class Group {
  members: usize
  memberCount: u32
  trees: usize
  treeCount: u32
}

const CODES: f64 = 126
const MISSING: u32 = 126
const NO_CODE: u32 = 127

@inline
function snapped<X>(at: usize, zero: f64): X {
  const x = load<X>(at)
  return <f64>abs<X>(x) <= zero ? <X>0 : x
}

// Offsets in the room: the numbers of a column, as themselves and as f32 or bucket, ranks, and where they are NaN or 0.
const NUMBERS: usize = 0
const KEYS: usize = 512
const RANKS: usize = 768
const NANS: usize = 896
const ZEROS: usize = 960

/** The numbers of 64 rows of one column side by side. */
@inline
function gather<X>(rank: Rank, part: Part, rows: usize, stride: usize, last: u32): void {
  const room = part.room
  const from = rows + rank.source
  const zero = part.zero
  for (let i: u32 = 0; i < 64; i++) {
    let x = load<X>(from + <usize>(i < last ? i : last) * stride)
    if (zero > 0) x = <f64>abs<X>(x) <= zero ? <X>0 : x
    store<X>(room + i * sizeof<X>(), x)
    if (sizeof<X>() == 8) store<f32>(room + (i << 2), <f32>x, KEYS)
    if (rank.zeroToo) store<u8>(room + i, x == 0 ? 0xff : 0, ZEROS)
  }
}

/** Bits of numbers as integers that rise where the numbers rise; −0 is 0. */
@inline
function keyed(number: v128): v128 {
  const x = f32x4.add(number, f32x4.splat(0))
  return f32x4.convert_i32x4_s(v128.xor(x, v128.and(i32x4.shr_s(x, 31), i32x4.splat(0x7fffffff))))
}

/** Buckets of 64 rows as u32 with other bits above the lower 16, and where they are NaN. */
@inline
function buckets<X>(rank: Rank, room: usize): void {
  const from = room + (sizeof<X>() == 8 ? KEYS : NUMBERS)
  const lowest = f32x4.splat(rank.lowest)
  const scale = f32x4.splat(rank.scale)
  const top = f32x4.splat(rank.top)
  const zero = f32x4.splat(0)
  const whole = f32x4.splat(8388608)
  const byBits = rank.byBits
  for (let i: usize = 0; i < 256; i += 64) {
    let a = v128.load(from + i)
    let b = v128.load(from + i, 16)
    let c = v128.load(from + i, 32)
    let d = v128.load(from + i, 48)
    const low = i16x8.narrow_i32x4_s(f32x4.ne(a, a), f32x4.ne(b, b))
    const high = i16x8.narrow_i32x4_s(f32x4.ne(c, c), f32x4.ne(d, d))
    v128.store(room + (i >> 2), i8x16.narrow_i16x8_s(low, high), NANS)
    if (byBits) {
      a = keyed(a)
      b = keyed(b)
      c = keyed(c)
      d = keyed(d)
    }
    v128.store(room + i, f32x4.add(f32x4.pmax(zero, f32x4.pmin(top, f32x4.mul(f32x4.sub(a, lowest), scale))), whole), KEYS)
    v128.store(room + i, f32x4.add(f32x4.pmax(zero, f32x4.pmin(top, f32x4.mul(f32x4.sub(b, lowest), scale))), whole), KEYS + 16)
    v128.store(room + i, f32x4.add(f32x4.pmax(zero, f32x4.pmin(top, f32x4.mul(f32x4.sub(c, lowest), scale))), whole), KEYS + 32)
    v128.store(room + i, f32x4.add(f32x4.pmax(zero, f32x4.pmin(top, f32x4.mul(f32x4.sub(d, lowest), scale))), whole), KEYS + 48)
  }
}

@inline
function started(room: usize, i: usize, starts: usize, offset: usize): usize {
  return load<u16>(starts + (<usize>load<u16>(room + (i << 2) + offset, KEYS) << 1))
}

@inline
function stepped<X>(base: usize, x: X, size: usize, thresholds: usize): usize {
  return x >= load<X>(thresholds + (base + size) * sizeof<X>()) ? base + size : base
}

/** Ranks of 64 rows, four at a time. */
@inline
function search<X>(rank: Rank, room: usize): void {
  const thresholds = rank.thresholds - sizeof<X>()
  const starts = rank.starts
  const half: usize = (1 << rank.steps) >> 1
  for (let i: usize = 0; i < 64; i += 4) {
    const numbers = room + i * sizeof<X>()
    const x0 = load<X>(numbers)
    const x1 = load<X>(numbers + sizeof<X>())
    const x2 = load<X>(numbers + 2 * sizeof<X>())
    const x3 = load<X>(numbers + 3 * sizeof<X>())
    let r0 = started(room, i, starts, 0)
    let r1 = started(room, i, starts, 4)
    let r2 = started(room, i, starts, 8)
    let r3 = started(room, i, starts, 12)
    for (let size = half; size > 0; size >>= 1) {
      r0 = stepped<X>(r0, x0, size, thresholds)
      r1 = stepped<X>(r1, x1, size, thresholds)
      r2 = stepped<X>(r2, x2, size, thresholds)
      r3 = stepped<X>(r3, x3, size, thresholds)
    }
    store<u16>(room + (i << 1), <u16>r0, RANKS)
    store<u16>(room + (i << 1), <u16>r1, RANKS + 2)
    store<u16>(room + (i << 1), <u16>r2, RANKS + 4)
    store<u16>(room + (i << 1), <u16>r3, RANKS + 6)
  }
}

@inline
function bytes(out: Out, part: Part): void {
  const room = part.room
  const less = i16x8.splat(out.less)
  const fill = i8x16.splat(out.fill)
  const zeroToo = out.zeroToo
  const to = part.tile + out.to
  for (let i: usize = 0; i < 64; i += 16) {
    const low = i16x8.sub_sat_s(v128.load(room + i * 2, RANKS), less)
    const high = i16x8.sub_sat_s(v128.load(room + i * 2, RANKS + 16), less)
    const rank = v128.xor(i8x16.narrow_i16x8_u(low, high), i8x16.splat(-128))
    let missing = v128.load(room + i, NANS)
    if (zeroToo) missing = v128.or(missing, v128.load(room + i, ZEROS))
    v128.store(to + i, v128.bitselect(fill, rank, missing))
  }
}

@inline
function code<X>(code: Code, part: Part, rows: usize, stride: usize, last: u32): void {
  const to = part.tile + code.to
  for (let i: u32 = 0; i < 64; i++) {
    let x = <f64>snapped<X>(rows + <usize>(i < last ? i : last) * stride + code.source, part.zero)
    let number = NO_CODE
    if ((x != x && (code.how & 2) == 0) || (x == 0 && (code.how & 1) != 0)) number = code.first == 0 ? MISSING : NO_CODE
    else {
      if (x != x) x = 0
      const whole = trunc(x) - <f64>code.first
      if ((x >= 0 || (code.how & 4) != 0) && whole >= 0 && whole < CODES) number = <u32>whole
    }
    store<u8>(to + i, <u8>(number >> 3))
    store<u8>(to + i, <u8>((<u32>1) << (number & 7)), 64)
  }
}

@inline
function member(member: Member, tile: usize): void {
  const set = v128.load(member.set)
  const from = tile + member.source
  const to = tile + member.to
  for (let i: usize = 0; i < 64; i += 16) {
    let is = i8x16.ne(v128.and(i8x16.swizzle(set, v128.load(from + i)), v128.load(from + i, 64)), i8x16.splat(0))
    if (member.joins) is = v128.or(is, v128.load(to + i))
    v128.store(to + i, is)
  }
}

function encode<X>(part: Part, rows: usize, stride: usize, last: u32): void {
  for (let k: u32 = 0; k < part.rankCount; k++) {
    const rank = changetype<Rank>(part.ranks + k * offsetof<Rank>())
    gather<X>(rank, part, rows, stride, last)
    buckets<X>(rank, part.room)
    search<X>(rank, part.room)
    for (let o: u32 = 0; o < rank.outCount; o++) bytes(changetype<Out>(rank.outs + o * offsetof<Out>()), part)
  }
  for (let k: u32 = 0; k < part.codeCount; k++) code<X>(changetype<Code>(part.codes + k * offsetof<Code>()), part, rows, stride, last)
}

/** The right result where the row goes there, else the left: right ones are numbered higher. */
@inline
function either(left: v128, right: v128, no: v128): v128 {
  return i8x16.max_u(left, v128.and(right, no))
}

@inline
function tops(at: usize, count: u32, tile: usize, to: usize): void {
  const two = i8x16.splat(2)
  for (const end = at + <usize>count * 12; at < end; at += 12) {
    const x0 = tile + load<u16>(at)
    const x1 = tile + load<u16>(at, 2)
    const x2 = tile + load<u16>(at, 4)
    const t0 = v128.load8_splat(at, 6)
    const t1 = v128.load8_splat(at, 7)
    const t2 = v128.load8_splat(at, 8)
    const left = v128.load8_splat(at, 9)
    const right = i8x16.add(left, two)
    v128.store(to, either(i8x16.sub(left, i8x16.gt_s(v128.load(x1), t1)), i8x16.sub(right, i8x16.gt_s(v128.load(x2), t2)), i8x16.gt_s(v128.load(x0), t0)))
    v128.store(to, either(i8x16.sub(left, i8x16.gt_s(v128.load(x1, 16), t1)), i8x16.sub(right, i8x16.gt_s(v128.load(x2, 16), t2)), i8x16.gt_s(v128.load(x0, 16), t0)), 16)
    v128.store(to, either(i8x16.sub(left, i8x16.gt_s(v128.load(x1, 32), t1)), i8x16.sub(right, i8x16.gt_s(v128.load(x2, 32), t2)), i8x16.gt_s(v128.load(x0, 32), t0)), 32)
    v128.store(to, either(i8x16.sub(left, i8x16.gt_s(v128.load(x1, 48), t1)), i8x16.sub(right, i8x16.gt_s(v128.load(x2, 48), t2)), i8x16.gt_s(v128.load(x0, 48), t0)), 48)
    to += ROWS
  }
}

@inline
function ends(at: usize, count: u32, tile: usize, to: usize): void {
  for (const end = at + <usize>count * 4; at < end; at += 4) {
    const x = tile + load<u16>(at)
    const threshold = v128.load8_splat(at, 2)
    const left = v128.load8_splat(at, 3)
    v128.store(to, i8x16.sub(left, i8x16.gt_s(v128.load(x), threshold)))
    v128.store(to, i8x16.sub(left, i8x16.gt_s(v128.load(x, 16), threshold)), 16)
    v128.store(to, i8x16.sub(left, i8x16.gt_s(v128.load(x, 32), threshold)), 32)
    v128.store(to, i8x16.sub(left, i8x16.gt_s(v128.load(x, 48), threshold)), 48)
    to += ROWS
  }
}

@inline
function triples(at: usize, count: u32, tile: usize, slots: usize, to: usize): void {
  for (const end = at + <usize>count * 18; at < end; at += 18) {
    const x0 = tile + load<u16>(at)
    const x1 = tile + load<u16>(at, 2)
    const x2 = tile + load<u16>(at, 4)
    const t0 = v128.load8_splat(at, 6)
    const t1 = v128.load8_splat(at, 7)
    const t2 = v128.load8_splat(at, 8)
    const a = slots + load<u16>(at, 10)
    const b = slots + load<u16>(at, 12)
    const c = slots + load<u16>(at, 14)
    const d = slots + load<u16>(at, 16)
    {
      const left = either(v128.load(a), v128.load(b), i8x16.gt_s(v128.load(x1), t1))
      const right = either(v128.load(c), v128.load(d), i8x16.gt_s(v128.load(x2), t2))
      v128.store(to, either(left, right, i8x16.gt_s(v128.load(x0), t0)))
    }
    {
      const left = either(v128.load(a, 16), v128.load(b, 16), i8x16.gt_s(v128.load(x1, 16), t1))
      const right = either(v128.load(c, 16), v128.load(d, 16), i8x16.gt_s(v128.load(x2, 16), t2))
      v128.store(to, either(left, right, i8x16.gt_s(v128.load(x0, 16), t0)), 16)
    }
    {
      const left = either(v128.load(a, 32), v128.load(b, 32), i8x16.gt_s(v128.load(x1, 32), t1))
      const right = either(v128.load(c, 32), v128.load(d, 32), i8x16.gt_s(v128.load(x2, 32), t2))
      v128.store(to, either(left, right, i8x16.gt_s(v128.load(x0, 32), t0)), 32)
    }
    {
      const left = either(v128.load(a, 48), v128.load(b, 48), i8x16.gt_s(v128.load(x1, 48), t1))
      const right = either(v128.load(c, 48), v128.load(d, 48), i8x16.gt_s(v128.load(x2, 48), t2))
      v128.store(to, either(left, right, i8x16.gt_s(v128.load(x0, 48), t0)), 48)
    }
    to += ROWS
  }
}

@inline
function singles(at: usize, count: u32, tile: usize, slots: usize, to: usize): void {
  for (const end = at + <usize>count * 8; at < end; at += 8) {
    const x = tile + load<u16>(at)
    const left = slots + load<u16>(at, 2)
    const right = slots + load<u16>(at, 4)
    const threshold = v128.load8_splat(at, 6)
    v128.store(to, either(v128.load(left), v128.load(right), i8x16.gt_s(v128.load(x), threshold)))
    v128.store(to, either(v128.load(left, 16), v128.load(right, 16), i8x16.gt_s(v128.load(x, 16), threshold)), 16)
    v128.store(to, either(v128.load(left, 32), v128.load(right, 32), i8x16.gt_s(v128.load(x, 32), threshold)), 32)
    v128.store(to, either(v128.load(left, 48), v128.load(right, 48), i8x16.gt_s(v128.load(x, 48), threshold)), 48)
    to += ROWS
  }
}

/** Works out the splits of a tree; gives the address of the rows' leaves. */
@inline
function leavesOf(tree: Tree, tile: usize, slots: usize): usize {
  let at = tree.ops
  let to = slots + 256 * ROWS
  tops(at, tree.tops, tile, to)
  at += <usize>tree.tops * 12
  to += <usize>tree.tops * ROWS
  ends(at, tree.ends, tile, to)
  at += <usize>tree.ends * 4
  to += <usize>tree.ends * ROWS
  triples(at, tree.triples, tile, slots, to)
  at += <usize>tree.triples * 18
  to += <usize>tree.triples * ROWS
  singles(at, tree.singles, tile, slots, to)
  to += <usize>tree.singles * ROWS
  return to == slots + 256 * ROWS ? slots : to - ROWS
}

@inline
function add<S>(leaf: usize, leaves: usize, sums: usize): void {
  if (sizeof<S>() == 4) {
    for (let i: usize = 0; i < 64; i += 4) {
      let four = v128.load32_zero(leaves + (<usize>load<u8>(leaf + i) << 2))
      four = v128.load32_lane(leaves + (<usize>load<u8>(leaf + i, 1) << 2), four, 1)
      four = v128.load32_lane(leaves + (<usize>load<u8>(leaf + i, 2) << 2), four, 2)
      four = v128.load32_lane(leaves + (<usize>load<u8>(leaf + i, 3) << 2), four, 3)
      v128.store(sums + i * 4, f32x4.add(v128.load(sums + i * 4), four))
    }
  } else {
    for (let i: usize = 0; i < 64; i += 2) {
      let two = v128.load64_zero(leaves + (<usize>load<u8>(leaf + i) << 3))
      two = v128.load64_lane(leaves + (<usize>load<u8>(leaf + i, 1) << 3), two, 1)
      v128.store(sums + i * 8, f64x2.add(v128.load(sums + i * 8), two))
    }
  }
}

@inline
function addVectors<S>(leaf: usize, leaves: usize, sums: usize, outputs: usize): void {
  for (let i: usize = 0; i < 64; i++) {
    const vector = leaves + <usize>load<u8>(leaf + i) * outputs * sizeof<S>()
    for (let k: usize = 0; k < outputs; k++) {
      const at = sums + (k * ROWS + i) * sizeof<S>()
      store<S>(at, load<S>(at) + load<S>(vector + k * sizeof<S>()))
    }
  }
}

/** Copies sums between row after row and output after output. */
@inline
function turn<S>(many: usize, outputs: usize, sums: usize, turned: usize, back: bool): void {
  for (let k: usize = 0; k < outputs; k++) {
    for (let i: usize = 0; i < many; i++) {
      const at = sums + (i * outputs + k) * sizeof<S>()
      const there = turned + (k * ROWS + i) * sizeof<S>()
      if (back) store<S>(at, load<S>(there))
      else store<S>(there, load<S>(at))
    }
  }
}

function sumTrees<S>(part: Part, group: Group): void {
  const tile = part.tile
  const slots = part.slots
  for (let k: u32 = 0; k < group.memberCount; k++) member(changetype<Member>(group.members + k * offsetof<Member>()), tile)
  for (let k: u32 = 0; k < group.treeCount; k++) {
    const tree = changetype<Tree>(group.trees + k * offsetof<Tree>())
    const leaf = leavesOf(tree, tile, slots)
    if (part.vectors) addVectors<S>(leaf, tree.leaves, part.sums, part.outputs)
    else add<S>(leaf, tree.leaves, part.sums + tree.target)
  }
}

@inline
function abreast<X, S>(n: u32, at: usize, rows: usize, stride: usize, sums: usize): void {
  const part = changetype<Part>(at)
  if (part.start != 0) fill<S>(<usize>n, <usize>part.outputs, part.start, sums)
  for (let from: u32 = 0; from < n; from += 64) {
    const many = min<u32>(64, n - from)
    encode<X>(part, rows, stride, many - 1)
    turn<S>(many, part.outputs, sums, part.sums, false)
    for (let k: u32 = 0; k < part.groupCount; k++) sumTrees<S>(part, changetype<Group>(part.groups + k * offsetof<Group>()))
    turn<S>(many, part.outputs, sums, part.sums, true)
    rows += ROWS * stride
    sums += ROWS * part.outputs * sizeof<S>()
  }
}

export function abreast_f32_f32(n: u32, part: usize, rows: usize, stride: usize, sums: usize): void {
  abreast<f32, f32>(n, part, rows, stride, sums)
}
export function abreast_f32_f64(n: u32, part: usize, rows: usize, stride: usize, sums: usize): void {
  abreast<f32, f64>(n, part, rows, stride, sums)
}
export function abreast_f64_f32(n: u32, part: usize, rows: usize, stride: usize, sums: usize): void {
  abreast<f64, f32>(n, part, rows, stride, sums)
}
export function abreast_f64_f64(n: u32, part: usize, rows: usize, stride: usize, sums: usize): void {
  abreast<f64, f64>(n, part, rows, stride, sums)
}
