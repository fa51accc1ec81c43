import { type Cursor, fields, parameter } from './cursor.ts'

/** How large the arrays of all trees together are. */
export interface TreeCounts {
  trees: number
  nodes: number
  /** Numbers of leaves that have a vector each. */
  leafWeights: number
  /** Whether every tree has `sum_hessian`, and `loss_changes`. */
  covers: boolean
  gains: boolean
}

/** Arrays with a number per node. */
const REQUIRED = ['left_children', 'right_children', 'split_indices', 'split_conditions', 'default_left'] as const
const FURTHER = ['split_type', 'sum_hessian', 'loss_changes'] as const

/** Passes over the trees and counts their nodes: what is reserved later is never more than the file has numbers for. */
export function countTrees(cursor: Cursor): TreeCounts {
  const counts: TreeCounts = { trees: 0, nodes: 0, leafWeights: 0, covers: true, gains: true }
  cursor.array(() => {
    const lengths = new Map<string, number>()
    let nodes: number | undefined
    const read = (key: string) => () => {
      lengths.set(key, cursor.count())
    }
    const readNodes = () => {
      nodes = parameter(cursor, 2 ** 31 - 1)
    }
    fields(
      cursor,
      {
        ...Object.fromEntries([...REQUIRED, ...FURTHER, 'leaf_weights'].map((key) => [key, read(key)])),
        tree_param: () => fields(cursor, { num_nodes: readNodes }),
      },
      REQUIRED,
    )
    add(cursor, counts, { lengths, announced: nodes })
  })
  return counts
}

function add(cursor: Cursor, counts: TreeCounts, { lengths, announced }: { lengths: ReadonlyMap<string, number>; announced: number | undefined }): void {
  const nodes = lengths.get('left_children')!
  if (nodes === 0) cursor.refuse('a tree without nodes')
  if (announced !== undefined && announced !== nodes) cursor.refuse(`num_nodes is ${announced}, and left_children has ${nodes} numbers`)
  for (const key of [...REQUIRED, ...FURTHER]) {
    const length = lengths.get(key) ?? nodes
    if (length !== nodes) cursor.refuse(`${key} has ${length} numbers, and left_children ${nodes}`)
  }
  counts.trees++
  counts.nodes += nodes
  counts.leafWeights += lengths.get('leaf_weights') ?? 0
  counts.covers &&= lengths.has('sum_hessian')
  counts.gains &&= lengths.has('loss_changes')
}
