// Interventional Tree SHAP of many rows against many background rows at once.
//
// A leaf counts for a row and a background row where each feature on its path lets one of the two pass. Where only the row
// passes `a` features and only the background row `c` others, the leaf's value v gives (a − 1)!·c!/(a + c)!·v to each of the
// first and takes a!·(c − 1)!/(a + c)!·v from each of the second. The tree is walked with groups: at every node the rows that
// failed the same features so far, and the background rows that still count with them. What a leaf gives is worked out once
// for a group.
//
// A node: u32 feature, u32 rule, threshold (f64) or set (u32 address, u32 words), u32 child `yes`, u32 child `no`, u32 slot
// (number of the feature on its path), u32 whether the feature was split on before. The address of a leaf's values is odd.
// A background row in a group: u64 of the slots that it fails and the row passes, u32 its offset.
import { goes } from './split'

const ENTRY: usize = 16
/** Slots of a path, and the width of the table of weights. */
const SLOTS: usize = 64
const WIDE: usize = 65

let rows: usize = 0
let lanes: usize = 0
let background: usize = 0
let others: usize = 0
let members: usize = 0
let slots: usize = 0
let gains: usize = 0
let weights: usize = 0
let phi: usize = 0
let stride: usize = 0
let outputs: usize = 0

/** Puts the rows that go to `yes` first; returns where the others begin. */
function divide(node: usize, low: usize, high: usize): usize {
  const column = rows + <usize>load<u32>(node) * lanes
  const rule = load<u32>(node, 4)
  while (low < high) {
    const row = load<u32>(low)
    if (goes(rule, node + 8, load<f64>(column + row))) low += 4
    else {
      high -= 4
      store<u32>(low, load<u32>(high))
      store<u32>(high, row)
    }
  }
  return low
}

/** The background rows of a list that go this way, for rows that do not; returns the end of the new list, which begins at `to`. */
function alone(node: usize, yes: bool, bit: u64, from: usize, to: usize): usize {
  const column = background + <usize>load<u32>(node) * others
  const rule = load<u32>(node, 4)
  const end = to
  for (let at = from; at < end; at += ENTRY) {
    const fails = load<u64>(at)
    const row = load<u32>(at, 8)
    if ((fails & bit) != 0 || goes(rule, node + 8, load<f64>(column + row)) != yes) continue
    store<u64>(to, fails)
    store<u32>(to, row, 8)
    to += ENTRY
  }
  return to
}

/** All background rows of a list, for rows that go this way: those that do not are marked. */
function beside(node: usize, yes: bool, bit: u64, from: usize, to: usize): usize {
  const column = background + <usize>load<u32>(node) * others
  const rule = load<u32>(node, 4)
  const end = to
  for (let at = from; at < end; at += ENTRY) {
    const row = load<u32>(at, 8)
    const fails = load<u64>(at)
    store<u64>(to, goes(rule, node + 8, load<f64>(column + row)) == yes ? fails : fails | bit)
    store<u32>(to, row, 8)
    to += ENTRY
  }
  return to
}

/** What a leaf gives to the rows `low … high`, of which `passed` tells the features they pass, with the background rows `from … to`. */
function leaf(values: usize, passed: u64, count: u32, lost: u32, low: usize, high: usize, from: usize, to: usize): void {
  memory.fill(gains, 0, <usize>count << 3)
  let taken: f64 = 0
  for (let at = from; at < to; at += ENTRY) {
    let fails = load<u64>(at)
    const weight = weights + ((<usize>popcnt<u64>(fails) * WIDE + lost) << 4)
    taken += load<f64>(weight, 8)
    const gain = load<f64>(weight)
    while (fails != 0) {
      const slot = gains + (<usize>ctz<u64>(fails) << 3)
      store<f64>(slot, load<f64>(slot) + gain)
      fails &= fails - 1
    }
  }
  for (let slot: u32 = 0; slot < count; slot++) {
    const share = (passed >> slot) & 1 ? load<f64>(gains + (<usize>slot << 3)) : -taken
    if (share == 0) continue
    let sums = phi + <usize>load<u32>(slots + (<usize>slot << 2)) * lanes
    for (let output: usize = 0; output < outputs; output++, sums += stride) {
      const value = share * load<f64>(values + (output << 3))
      for (let at = low; at < high; at += 4) {
        const sum = sums + <usize>load<u32>(at)
        store<f64>(sum, load<f64>(sum) + value)
      }
    }
  }
}

/** One node and all below it, for a group of rows and the background rows that count with it. */
function meet(node: usize, passed: u64, count: u32, lost: u32, low: usize, high: usize, from: usize, to: usize): void {
  if (low == high || from == to) return
  if ((node & 1) != 0) {
    leaf(node - 1, passed, count, lost, low, high, from, to)
    return
  }
  const yes = <usize>load<u32>(node, 16)
  const no = <usize>load<u32>(node, 20)
  const slot = load<u32>(node, 24)
  const bit = (<u64>1) << slot
  if (load<u32>(node, 28) != 0 && (passed & bit) == 0) {
    meet(yes, passed, count, lost, low, high, to, alone(node, true, bit, from, to))
    meet(no, passed, count, lost, low, high, to, alone(node, false, bit, from, to))
    return
  }
  store<u32>(slots + (<usize>slot << 2), load<u32>(node))
  if (load<u32>(node, 28) == 0) count = slot + 1
  const middle = divide(node, low, high)
  if (low < middle) {
    meet(yes, passed | bit, count, lost, low, middle, to, beside(node, true, bit, from, to))
    meet(no, passed & ~bit, count, lost + 1, low, middle, to, alone(node, false, bit, from, to))
  }
  if (middle < high) {
    meet(no, passed | bit, count, lost, middle, high, to, beside(node, false, bit, from, to))
    meet(yes, passed & ~bit, count, lost + 1, middle, high, to, alone(node, true, bit, from, to))
  }
}

/** Where rows and background stand: `lanes` and `others` are bytes of a column of each; lists and tables are the kernel's to use. */
export function placePairs(x: usize, rowBytes: u32, back: usize, backBytes: u32, work: usize, table: usize): void {
  rows = x
  lanes = rowBytes
  background = back
  others = backBytes
  slots = work
  gains = work + (SLOTS << 2)
  members = gains + (SLOTS << 3)
  weights = table
}

/**
 * Adds what one tree contributes: for each output, columns of sums like those of the rows, `apart` bytes from one output to
 * the next. Behind `members` there is room for a list of the rows and, from `lists`, a list of the background for every level.
 */
export function explainPairs(root: usize, sums: usize, apart: u32, width: u32, count: u32, backgrounds: u32, lists: usize): void {
  phi = sums
  stride = apart
  outputs = width
  for (let row: u32 = 0; row < count; row++) store<u32>(members + (<usize>row << 2), row << 3)
  let to = lists
  for (let row: u32 = 0; row < backgrounds; row++, to += ENTRY) {
    store<u64>(to, 0)
    store<u32>(to, row << 3, 8)
  }
  meet(root, 0, 0, 0, members, members + (<usize>count << 2), lists, to)
}

/** Adds what one tree gives to each of the background rows to `sums`, one for each output that it adds to. */
export function sumBackground(root: usize, sums: usize, width: u32, backgrounds: u32): void {
  for (let row: usize = 0; row < <usize>backgrounds << 3; row += 8) {
    let node = root
    while ((node & 1) == 0) {
      const x = load<f64>(background + <usize>load<u32>(node) * others + row)
      node = goes(load<u32>(node, 4), node + 8, x) ? load<u32>(node, 16) : load<u32>(node, 20)
    }
    for (let output: usize = 0; output < width; output++) {
      const sum = sums + (output << 3)
      store<f64>(sum, load<f64>(sum) + load<f64>(node - 1 + (output << 3)))
    }
  }
}
