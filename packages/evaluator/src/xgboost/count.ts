import { type Cursor, fields, parameter } from './cursor.ts'

/** How large the arrays of all trees together are. */
export interface TreeCounts {
  trees: number
  nodes: number
  /**
   * What leaves have: a number each; a vector each, in `leaf_weights` (from 3.2); or a vector for every node, leaf or not,
   * in `base_weights` (2.0 to 3.1).
   */
  leaves: 'numbers' | 'vectors' | 'node vectors'
  /** Numbers of all vectors. */
  vectors: number
  /** Whether every tree has `sum_hessian`, and `loss_changes`. */
  covers: boolean
  gains: boolean
}

/** Arrays with a number per node. */
const REQUIRED = ['left_children', 'right_children', 'split_indices', 'split_conditions', 'default_left'] as const
const PER_NODE = [...REQUIRED, 'split_type', 'sum_hessian', 'loss_changes'] as const
const COUNTED = [...PER_NODE, 'leaf_weights', 'base_weights'] as const

/** What is read later, or never needed. Any other key may change what a tree means. */
const PASSED = ['id', 'parents', 'leaf_child_counts', 'categories', 'categories_nodes', 'categories_segments', 'categories_sizes'] as const

/** Passes over the trees and counts their nodes: what is reserved later is never more than the file has numbers for. */
export function countTrees(cursor: Cursor): TreeCounts {
  const counts: TreeCounts = { trees: 0, nodes: 0, leaves: 'numbers', vectors: 0, covers: true, gains: true }
  const tree: Tree = { lengths: new Map(), announced: undefined, size: 0 }
  // made once: a file may have a million trees
  const parameters = {
    num_nodes: () => {
      tree.announced = parameter(cursor, 2 ** 31 - 1)
    },
    size_leaf_vector: () => {
      tree.size = parameter(cursor, 2 ** 16)
    },
  }
  const readers: Record<string, () => void> = { tree_param: () => fields(cursor, parameters) }
  for (const key of COUNTED) readers[key] = () => tree.lengths.set(key, cursor.count())
  for (const key of PASSED) readers[key] = () => cursor.skip()
  readers['*'] = () => cursor.refuse('a part that is not known', 'unsupported')
  cursor.array(() => {
    tree.lengths.clear()
    tree.announced = undefined
    tree.size = 0
    fields(cursor, readers, REQUIRED)
    add(cursor, counts, tree)
  })
  return counts
}

interface Tree {
  /** Of its arrays. */
  readonly lengths: Map<string, number>
  /** Nodes it says it has. */
  announced: number | undefined
  /** Numbers of a leaf. */
  size: number
}

function add(cursor: Cursor, counts: TreeCounts, { lengths, announced, size }: Tree): void {
  const nodes = lengths.get('left_children')!
  if (nodes === 0) cursor.refuse('a tree without nodes')
  if (announced !== undefined && announced !== nodes) cursor.refuse(`num_nodes is ${announced}, and left_children has ${nodes} numbers`)
  for (const key of PER_NODE) {
    const length = lengths.get(key) ?? nodes
    if (length !== nodes) cursor.refuse(`${key} has ${length} numbers, and left_children ${nodes}`)
  }
  const leaves = size <= 1 ? 'numbers' : lengths.has('leaf_weights') ? 'vectors' : 'node vectors'
  if (counts.trees > 0 && leaves !== counts.leaves) cursor.refuse('leaves of one tree have numbers, and those of another vectors')
  counts.leaves = leaves
  if (leaves === 'node vectors' && lengths.get('base_weights') !== nodes * size)
    cursor.refuse(`base_weights has not ${size} numbers for each of ${nodes} nodes`)
  if (leaves !== 'numbers') counts.vectors += lengths.get(leaves === 'vectors' ? 'leaf_weights' : 'base_weights')!
  counts.trees++
  counts.nodes += nodes
  counts.covers &&= lengths.has('sum_hessian')
  counts.gains &&= lengths.has('loss_changes')
}
