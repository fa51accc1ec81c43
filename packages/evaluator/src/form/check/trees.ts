import { MISSING, TEST, type Trees } from '../trees.ts'
import { fault } from './shapes.ts'

const mostRule = TEST.in | MISSING.yes | MISSING.zeroToo | MISSING.none | MISSING.cutFirst

/**
 * Checks that arrays go together, every index is within what it points into, and the trees are trees: each node hangs on
 * one other or is a root, and none is left over. Takes time and memory in proportion to the nodes.
 */
export function checkTrees(trees: Trees, where: string): void {
  checkLengths(trees, where)
  checkStarts(trees.sets.start, trees.sets.words.length, `${where}.sets.start`)
  if (trees.linear) checkLinear(trees, where)
  checkNodes(trees, where)
  checkHanging(trees, where)
}

function checkLengths(trees: Trees, where: string): void {
  const nodes = trees.feature.length
  const lengths = {
    rule: nodes,
    value: nodes,
    yes: nodes,
    no: nodes,
    target: trees.roots.length,
    base: trees.outputs,
    ...(trees.cover ? { cover: nodes } : {}),
    ...(trees.gain ? { gain: nodes } : {}),
  }
  for (const [name, length] of Object.entries(lengths)) {
    const actual = trees[name as keyof typeof lengths]!.length
    if (actual !== length) throw fault(`${where}.${name}`, `has ${actual} elements, not ${length}`)
  }
  if (trees.vectors.length % trees.outputs !== 0) throw fault(`${where}.vectors`, `has ${trees.vectors.length} numbers, which are no rows of ${trees.outputs}`)
  if (trees.leaf === 'scalar' && trees.vectors.length > 0) throw fault(`${where}.vectors`, 'is not empty with scalar leaves')
  if (!(trees.zero >= 0 && trees.zero < Number.POSITIVE_INFINITY)) throw fault(`${where}.zero`, `is ${trees.zero}`)
  if (trees.divisor === 0 || !Number.isFinite(trees.divisor)) throw fault(`${where}.divisor`, `is ${trees.divisor}`)
}

/** Starts of parts within a list: from 0, never down, to its end. */
function checkStarts(start: Int32Array, length: number, where: string): void {
  if (start.length === 0 || start[0] !== 0) throw fault(where, 'does not begin at 0')
  for (let at = 1; at < start.length; at++) if (start[at]! < start[at - 1]!) throw fault(`${where}[${at}]`, 'goes down')
  if (start[start.length - 1] !== length) throw fault(where, `ends at ${start[start.length - 1]}, not at ${length}`)
}

function checkLinear({ linear, leaf, features }: Trees, where: string): void {
  const { start, feature, coefficient, constant } = linear!
  if (leaf !== 'scalar') throw fault(`${where}.linear`, 'stands beside vector leaves')
  if (start.length !== constant.length + 1) throw fault(`${where}.linear.start`, `has ${start.length} elements for ${constant.length} leaves`)
  if (feature.length !== coefficient.length) throw fault(`${where}.linear.feature`, `has ${feature.length} elements, not ${coefficient.length}`)
  checkStarts(start, coefficient.length, `${where}.linear.start`)
  for (const [at, column] of feature.entries())
    if (!(column >= 0 && column < features)) throw fault(`${where}.linear.feature[${at}]`, `is ${column} of ${features}`)
}

function checkNodes(trees: Trees, where: string): void {
  const { feature, rule, value, yes, no, features } = trees
  const nodes = feature.length
  const sets = trees.sets.start.length - 1
  const singles = trees.compare === 'f32'
  const leaves = trees.leaf === 'vector' ? trees.vectors.length / trees.outputs : (trees.linear?.constant.length ?? 0)
  const least = trees.leaf === 'vector' ? 0 : -1
  for (let node = 0; node < nodes; node++) {
    const column = feature[node]!
    if (column === -1) {
      if (rule[node] !== 0) throw fault(`${where}.rule[${node}]`, `is ${rule[node]} at a leaf`)
      if (!(yes[node]! >= least && yes[node]! < Math.max(leaves, 0)) || no[node] !== -1)
        throw fault(`${where}.yes[${node}]`, `is ${yes[node]}, ${no[node]} at a leaf`)
      continue
    }
    if (!(column >= 0 && column < features)) throw fault(`${where}.feature[${node}]`, `is ${column} of ${features}`)
    if (rule[node]! > mostRule) throw fault(`${where}.rule[${node}]`, `is ${rule[node]}`)
    if (!(yes[node]! >= 0 && yes[node]! < nodes)) throw fault(`${where}.yes[${node}]`, `is ${yes[node]} of ${nodes}`)
    if (!(no[node]! >= 0 && no[node]! < nodes)) throw fault(`${where}.no[${node}]`, `is ${no[node]} of ${nodes}`)
    const threshold = value[node]!
    if ((rule[node]! & 3) === TEST.in) {
      if (!(threshold >= 0 && threshold < sets && Number.isInteger(threshold))) throw fault(`${where}.value[${node}]`, `is set ${threshold} of ${sets}`)
    } else if (singles && Math.fround(threshold) !== threshold && !Number.isNaN(threshold)) throw fault(`${where}.value[${node}]`, `${threshold} is no f32`)
  }
}

function checkHanging({ roots, target, outputs, feature, yes, no, leaf }: Trees, where: string): void {
  const nodes = feature.length
  const reached = new Uint8Array(nodes)
  const reach = (node: number, from: string) => {
    if (reached[node] === 1) throw fault(from, `leads to node ${node}, which another leads to`)
    reached[node] = 1
  }
  for (let tree = 0; tree < roots.length; tree++) {
    const root = roots[tree]!
    if (!(root >= 0 && root < nodes)) throw fault(`${where}.roots[${tree}]`, `is ${root} of ${nodes}`)
    if (leaf === 'scalar' && !(target[tree]! >= 0 && target[tree]! < outputs)) throw fault(`${where}.target[${tree}]`, `is ${target[tree]} of ${outputs}`)
    reach(root, `${where}.roots[${tree}]`)
  }
  let ordered = true
  for (let node = 0; node < nodes; node++) {
    if (feature[node] === -1) continue
    reach(yes[node]!, `${where}.yes[${node}]`)
    reach(no[node]!, `${where}.no[${node}]`)
    if (yes[node]! <= node || no[node]! <= node) ordered = false
  }
  const alone = reached.indexOf(0)
  if (alone >= 0) throw fault(where, `node ${alone} hangs on nothing`)
  // every node has one above it; where that one always comes first, none can hang on itself by way of others
  if (!ordered) checkRound({ roots, feature, yes, no }, where)
}

function checkRound({ roots, feature, yes, no }: Pick<Trees, 'roots' | 'feature' | 'yes' | 'no'>, where: string): void {
  const waiting = new Int32Array(feature.length)
  waiting.set(roots)
  let height = roots.length
  let visited = 0
  while (height > 0) {
    const node = waiting[--height]!
    visited++
    if (feature[node] === -1) continue
    waiting[height++] = yes[node]!
    waiting[height++] = no[node]!
  }
  if (visited < feature.length) throw fault(where, `${feature.length - visited} nodes hang on no root: they go round in a circle`)
}
