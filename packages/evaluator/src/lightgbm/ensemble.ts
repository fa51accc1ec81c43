import { MISSING, TEST, type Trees } from '../form/trees.ts'
import { Block } from './block.ts'
import type { Header } from './header.ts'
import type { Key } from './keys.ts'
import type { Lines } from './lines.ts'
import { leavesOf, type Survey } from './survey.ts'

/** Values up to this, 1e-35 in 32 bits, are 0 to the library. */
const zero = Math.fround(1e-35)
const mostInt = 2 ** 31 - 1

/** The arrays of an ensemble while they are being filled, and how far they are. */
class Filling {
  readonly trees: Trees
  readonly block: Block
  readonly features: number
  /** Of the tree in hand: whether a node is some node's child already, and nodes still to be visited. */
  readonly reached: Uint8Array
  readonly waiting: Int32Array
  nodes = 0
  sets = 0
  words = 0
  leaves = 0
  coefficients = 0

  constructor(block: Block, trees: Trees, largest: number) {
    this.block = block
    this.trees = trees
    this.features = trees.features
    this.reached = new Uint8Array(2 * largest)
    this.waiting = new Int32Array(2 * largest)
  }
}

/** Reads the trees that a survey found into the arrays of the form: of each tree its splits, then its leaves, as the file numbers them. */
export function readTrees(lines: Lines, header: Header, found: Survey): Trees {
  const block = new Block(lines.bytes)
  const filling = new Filling(block, emptyTrees(header, found), found.largest)
  for (let tree = 0; tree < found.starts.length; tree++) {
    lines.goTo(found.starts[tree] as number)
    block.take(lines, tree)
    filling.trees.roots[tree] = filling.nodes
    filling.trees.target[tree] = tree % header.outputs
    readTree(filling)
  }
  return filling.trees
}

function emptyTrees(header: Header, found: Survey): Trees {
  const count = found.starts.length
  const linear = {
    start: new Int32Array(found.linearLeaves + 1),
    feature: new Int32Array(found.coefficients),
    coefficient: new Float64Array(found.coefficients),
    constant: new Float64Array(found.linearLeaves),
  }
  return {
    features: header.features.length,
    outputs: header.outputs,
    compare: 'f64',
    sum: 'f64',
    zero,
    roots: new Int32Array(count),
    target: new Int32Array(count),
    feature: new Int32Array(found.nodes).fill(-1),
    rule: new Uint8Array(found.nodes),
    value: new Float64Array(found.nodes),
    yes: new Int32Array(found.nodes).fill(-1),
    no: new Int32Array(found.nodes).fill(-1),
    leaf: 'scalar',
    vectors: new Float64Array(0),
    sets: { start: new Int32Array(found.sets + 1), words: new Uint32Array(found.words) },
    base: new Float64Array(header.outputs),
    baseFirst: true,
    aggregate: 'sum',
    divisor: 1,
    ...(found.linearLeaves > 0 ? { linear } : {}),
    ...(found.covers ? { cover: new Float64Array(found.nodes) } : {}),
    ...(found.gains ? { gain: new Float64Array(found.nodes) } : {}),
  }
}

function readTree(filling: Filling): void {
  const { block, trees, nodes: at } = filling
  const leaves = leavesOf(block)
  const splits = leaves - 1
  const sets = block.one('num_cat', { least: 0, most: mostInt, otherwise: 0 })
  if (splits > 0) {
    block.wholes('split_feature', { into: trees.feature, at, count: splits, least: 0, most: trees.features - 1 })
    block.decimals('threshold', { into: trees.value, at, count: splits })
    block.wholes('decision_type', { into: trees.rule, at, count: splits, least: 0, most: 11 })
    readRules(filling, splits, sets)
    readChildren(filling, splits)
  }
  block.decimals('leaf_value', { into: trees.value, at: at + splits, count: leaves })
  if (sets > 0) readSets(filling, sets)
  readWeights(filling, leaves)
  if (block.one('is_linear', { least: 0, most: 1, otherwise: 0 }) === 1) readLinear(filling, leaves)
  filling.nodes += splits + leaves
}

/** decision_type: 1 categorical, 2 the default is left; then 0 nothing is missing, 4 zero is, 8 NaN is. */
function readRules({ block, trees, nodes, sets: before }: Filling, splits: number, sets: number): void {
  const { rule, value } = trees
  for (let split = 0; split < splits; split++) {
    const decision = rule[nodes + split] as number
    const threshold = value[nodes + split] as number
    if ((decision & 1) === 0) {
      if (Number.isNaN(threshold)) throw block.fault('threshold', 'is not a number', split)
      const missing = decision >> 2
      const left = missing !== 0 && (decision & 2) !== 0 ? MISSING.yes : 0
      rule[nodes + split] = TEST.atMost | left | (missing === 0 ? MISSING.none : missing === 1 ? MISSING.zeroToo : 0)
    } else {
      if (!(threshold >= 0 && threshold < sets && Number.isInteger(threshold))) throw block.fault('threshold', `is set ${threshold} of ${sets}`, split)
      rule[nodes + split] = TEST.in | MISSING.cutFirst
      value[nodes + split] = before + threshold
    }
  }
}

/** Children: a split, or ~leaf; each node of the tree is the child of exactly one other, and all hang on the first. */
function readChildren(filling: Filling, splits: number): void {
  const { block, trees, nodes, reached } = filling
  reached.fill(0, 0, 2 * splits + 1)
  reached[0] = 1
  let ordered = true
  for (const [key, into] of [
    ['left_child', trees.yes],
    ['right_child', trees.no],
  ] as const) {
    block.wholes(key, { into, at: nodes, count: splits, least: -splits - 1, most: splits - 1 })
    for (let split = 0; split < splits; split++) {
      const child = into[nodes + split] as number
      const node = child < 0 ? splits + ~child : child
      if (node === 0) throw block.fault(key, 'is the root', split)
      if (reached[node] === 1) throw block.fault(key, `${child < 0 ? `leaf ${~child}` : `split ${child}`} is the child of two splits`, split)
      reached[node] = 1
      into[nodes + split] = nodes + node
      if (node < splits && node <= split) ordered = false
    }
  }
  // where every split comes after the one above it, no splits can hang on each other alone
  if (!ordered) checkConnected(filling, splits)
}

function checkConnected({ block, trees, nodes, waiting }: Filling, splits: number): void {
  let visited = 0
  let height = 1
  waiting[0] = nodes
  while (height > 0) {
    const node = waiting[--height] as number
    visited++
    for (const child of [trees.yes[node] as number, trees.no[node] as number]) if (child < nodes + splits) waiting[height++] = child
  }
  if (visited < splits) throw block.fault('left_child', `${splits - visited} splits do not hang on the root: they go round in a circle`)
}

function readSets(filling: Filling, count: number): void {
  const { block, trees, sets, words: before } = filling
  const { start, words } = trees.sets
  const size = block.words('cat_threshold')
  block.wholes('cat_boundaries', { into: start, at: sets, count: count + 1, least: 0, most: size })
  if (start[sets] !== 0) throw block.fault('cat_boundaries', 'does not begin at 0', 0)
  for (let set = 1; set <= count; set++) {
    if ((start[sets + set] as number) < (start[sets + set - 1] as number)) throw block.fault('cat_boundaries', 'goes down', set)
  }
  if (start[sets + count] !== size) throw block.fault('cat_boundaries', `does not end at the ${size} words of cat_threshold`, count)
  for (let set = sets; set <= sets + count; set++) start[set] = (start[set] as number) + before
  block.wholes('cat_threshold', { into: words, at: before, count: size, least: 0, most: 2 ** 32 - 1 })
  filling.sets += count
  filling.words += size
}

function readWeights({ block, trees, nodes }: Filling, leaves: number): void {
  const splits = leaves - 1
  const { cover, gain } = trees
  const counts = (key: Key, at: number, count: number) => {
    if (cover !== undefined && (count > 1 || block.has(key))) block.wholes(key, { into: cover, at, count, least: 0, most: mostInt })
  }
  counts('internal_count', nodes, splits)
  counts('leaf_count', nodes + splits, leaves)
  if (gain === undefined || splits === 0) return
  block.decimals('split_gain', { into: gain, at: nodes, count: splits })
  for (let node = nodes; node < nodes + splits; node++) if (!Number.isFinite(gain[node])) gain[node] = 0
}

function readLinear(filling: Filling, leaves: number): void {
  const { block, trees, nodes } = filling
  const linear = trees.linear as NonNullable<Trees['linear']>
  const size = block.words('leaf_coeff')
  block.decimals('leaf_const', { into: linear.constant, at: filling.leaves, count: leaves })
  block.wholes('num_features', { into: linear.start, at: filling.leaves + 1, count: leaves, least: 0, most: size })
  for (let leaf = filling.leaves; leaf < filling.leaves + leaves; leaf++) {
    const end = (linear.start[leaf] as number) + (linear.start[leaf + 1] as number)
    if (end > filling.coefficients + size) throw block.fault('num_features', `counts more than the ${size} coefficients`, leaf - filling.leaves)
    linear.start[leaf + 1] = end
    trees.yes[nodes + leaves - 1 + leaf - filling.leaves] = leaf
  }
  if ((linear.start[filling.leaves + leaves] as number) !== filling.coefficients + size)
    throw block.fault('num_features', `counts fewer than the ${size} coefficients`)
  block.wholes('leaf_features', { into: linear.feature, at: filling.coefficients, count: size, least: 0, most: filling.features - 1 })
  block.decimals('leaf_coeff', { into: linear.coefficient, at: filling.coefficients, count: size })
  filling.leaves += leaves
  filling.coefficients += size
}
