import { MISSING, TEST } from '../form/trees.ts'
import type { Cursor } from './cursor.ts'
import type { Filling } from './filling.ts'
import { reached } from './reached.ts'
import type { Categorical, TreeAsRead } from './tree.ts'

interface Tree extends TreeAsRead {
  /** Its number. */
  readonly tree: number
  readonly features: number
  readonly outputs: number
  /** Factor of its leaves. */
  readonly weight: number
}

/** Checks the tree that was read last and makes its nodes those of the form. */
export function settle(cursor: Cursor, filling: Filling, tree: Tree): void {
  const from = filling.nodes
  const left = filling.yes.subarray(from, from + tree.nodes)
  const right = filling.no.subarray(from, from + tree.nodes)
  const { marks, count } = reached(cursor, { left, right })
  const sets = setsOf(cursor, filling, tree)
  const rows = vectorsOf(cursor, filling, tree)
  for (let node = 0; node < tree.nodes; node++) {
    if (marks[node] === 0) continue
    if (left[node] === -1) leaf(cursor, filling, { tree, node, rows })
    else split(cursor, filling, { tree, node, set: tree.kinds?.[node] ? (sets?.[node] ?? -1) : undefined })
  }
  if (count < tree.nodes) squeeze(filling, marks)
  filling.roots[tree.tree] = from
  filling.nodes += count
  filling.numbers += tree.numbers
}

function leaf(cursor: Cursor, filling: Filling, { tree, node, rows }: { tree: Tree; node: number; rows: number | undefined }): void {
  const { nodes: from, leaves, feature, rule, value, yes, no, gain, numbers } = filling
  const at = from + node
  if (rows !== undefined) {
    const row = leaves === 'vectors' ? no[at]! : node
    if (row < 0 || row >= rows) cursor.refuse(`right_children[${node}] of a leaf is ${row}, and there are ${rows} leaf vectors`)
    yes[at] = numbers / tree.outputs + row
    value[at] = 0
  } else {
    if (!Number.isFinite(value[at]!)) cursor.refuse(`split_conditions[${node}] of a leaf is ${value[at]}`)
    value[at] = Math.fround(value[at]! * tree.weight)
    yes[at] = -1
  }
  no[at] = -1
  feature[at] = -1
  rule[at] = 0
  if (gain) gain[at] = 0
}

/** `set`: that of the node's categories, −1 when the file has none, undefined when it compares numbers. */
function split(cursor: Cursor, { nodes: from, feature, rule, value, yes, no }: Filling, ask: { tree: Tree; node: number; set: number | undefined }): void {
  const { tree, node, set } = ask
  const at = from + node
  if (feature[at]! < 0 || feature[at]! >= tree.features) cursor.refuse(`split_indices[${node}] is ${feature[at]}, and there are ${tree.features} features`)
  const defaultLeft = rule[at]!
  if (defaultLeft > 1) cursor.refuse(`default_left[${node}] is ${defaultLeft}`)
  const [left, right] = [from + yes[at]!, from + no[at]!]
  if (set === undefined) {
    if (Number.isNaN(value[at])) cursor.refuse(`split_conditions[${node}] is NaN`)
    rule[at] = TEST.less | (defaultLeft ? MISSING.yes : 0)
    yes[at] = left
    no[at] = right
  } else {
    if (set < 0) cursor.refuse(`categories_nodes lacks node ${node}, which tests categories`)
    // who is in the set goes right
    rule[at] = TEST.in | (defaultLeft ? 0 : MISSING.yes)
    value[at] = set
    yes[at] = right
    no[at] = left
  }
}

/** The set of each node that has one. */
function setsOf(cursor: Cursor, { sets }: Filling, { nodes, kinds, categorical }: Tree): Int32Array | undefined {
  if (kinds?.some((kind) => kind !== 0 && kind !== 1)) cursor.refuse('split_type is neither 0 nor 1')
  const { categories, nodes: of, segments, sizes }: Categorical = categorical
  if (segments.length !== of.length || sizes.length !== of.length) cursor.refuse('categories_nodes, categories_segments and categories_sizes differ in length')
  if (of.length === 0) return undefined
  const found = new Int32Array(nodes).fill(-1)
  for (const [k, node] of of.entries()) {
    const [start, size] = [segments[k]!, sizes[k]!]
    if (node < 0 || node >= nodes || found[node] !== -1) cursor.refuse(`categories_nodes[${k}] is ${node}`)
    if (start < 0 || size < 0 || start + size > categories.length)
      cursor.refuse(`categories_segments[${k}] and its size go beyond the ${categories.length} categories`)
    found[node] = sets.add(cursor, categories.subarray(start, start + size))
  }
  return found
}

/** How many vectors the tree has; undefined where leaves are numbers. */
function vectorsOf(cursor: Cursor, { leaves, vectors, numbers }: Filling, tree: Tree): number | undefined {
  if (leaves === 'numbers') return undefined
  const rows = tree.numbers / tree.outputs
  if (!Number.isInteger(rows) || rows === 0) cursor.refuse(`leaf vectors have ${tree.numbers} numbers for ${tree.outputs} outputs`)
  if (tree.weight !== 1) cursor.refuse('leaf vectors in a DART booster', 'unsupported')
  if (!vectors.subarray(numbers, numbers + tree.numbers).every(Number.isFinite)) cursor.refuse('leaf vectors are not finite')
  return rows
}

/** Leaves out the nodes without a mark, which no row reaches. */
function squeeze({ nodes: from, feature, rule, value, yes, no, cover, gain }: Filling, marks: Uint8Array): void {
  const moved = new Int32Array(marks.length)
  let kept = 0
  for (let node = 0; node < marks.length; node++) if (marks[node] === 1) moved[node] = from + kept++
  for (let node = 0; node < marks.length; node++) {
    if (marks[node] === 0) continue
    const [here, there] = [from + node, moved[node]!]
    const isSplit = feature[here]! >= 0
    yes[there] = isSplit ? moved[yes[here]! - from]! : yes[here]!
    no[there] = isSplit ? moved[no[here]! - from]! : no[here]!
    for (const array of [feature, rule, value, cover, gain]) if (array) array[there] = array[here]!
  }
}
