import { type Cursor, fields, integerArray } from './cursor.ts'
import type { Filling } from './filling.ts'

/** One tree as the file has it, its nodes behind those of the trees before, its children counted from its own root. */
export interface TreeAsRead {
  /** How many nodes it has. */
  readonly nodes: number
  /** Numbers of its leaf vectors. */
  readonly numbers: number
  /** 1 for each node that tests a category; undefined when none does. */
  readonly kinds: Int32Array | undefined
  readonly categorical: Categorical
}

/** Node `nodes[k]` sends right the categories `categories[segments[k] … + sizes[k])`. */
export interface Categorical {
  readonly categories: Int32Array
  readonly nodes: Int32Array
  readonly segments: Int32Array
  readonly sizes: Int32Array
}

const NONE = new Int32Array()

/** Reads the arrays of a tree to their places; nothing in them is checked yet. */
export function readTree(cursor: Cursor, filling: Filling): TreeAsRead {
  const { leaves } = filling
  const from = filling.nodes
  const to = filling.yes.length
  const { cover, gain } = filling
  const found: Record<string, Int32Array> = {}
  const keep = (key: string) => () => {
    found[key] = integerArray(cursor)
  }
  let nodes = 0
  let numbers = 0
  const readVectors = () => {
    numbers = cursor.floats(filling.vectors, filling.numbers, filling.vectors.length)
  }
  fields(cursor, {
    left_children: () => {
      nodes = cursor.integers(filling.yes, from, to)
    },
    right_children: () => cursor.integers(filling.no, from, to),
    split_indices: () => cursor.integers(filling.feature, from, to),
    split_conditions: () => cursor.floats(filling.value, from, to),
    default_left: () => cursor.integers(filling.rule, from, to),
    sum_hessian: () => (cover ? cursor.floats(cover, from, to) : cursor.skip()),
    loss_changes: () => (gain ? cursor.floats(gain, from, to) : cursor.skip()),
    leaf_weights: () => (leaves === 'vectors' ? readVectors() : cursor.skip()),
    base_weights: () => (leaves === 'node vectors' ? readVectors() : cursor.skip()),
    split_type: keep('kinds'),
    categories: keep('categories'),
    categories_nodes: keep('nodes'),
    categories_segments: keep('segments'),
    categories_sizes: keep('sizes'),
  })
  const { categories = NONE, nodes: ofNodes = NONE, segments = NONE, sizes = NONE } = found
  return { nodes, numbers, kinds: found.kinds, categorical: { categories, nodes: ofNodes, segments, sizes } }
}
