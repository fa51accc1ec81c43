import type { Trees } from '../form/trees.ts'

/** The shape of every tree, in the order of the trees. */
export interface TreeShapes {
  readonly depths: Int32Array
  readonly leaves: Int32Array
  /** Splits that a row meets in all trees together, where it goes either way of a split as likely as the other. */
  readonly visits: number
}

/** Splits from the root to the deepest leaf, leaves, and the way of a row, of each tree; without recursion, in time proportional to the nodes. */
export function shapesOf({ roots, feature, yes, no }: Trees): TreeShapes {
  const depths = new Int32Array(roots.length)
  const leaves = new Int32Array(roots.length)
  let visits = 0
  // a walk holds at most one node for each split above it, and one more
  const nodes = new Int32Array(feature.length + 1)
  const levels = new Int32Array(feature.length + 1)
  for (let tree = 0; tree < roots.length; tree++) {
    let height = 1
    nodes[0] = roots[tree]!
    levels[0] = 0
    while (height > 0) {
      const node = nodes[--height]!
      const level = levels[height]!
      if (feature[node] === -1) {
        leaves[tree]!++
        visits += level * 2 ** -level
        if (level > depths[tree]!) depths[tree] = level
        continue
      }
      nodes[height] = yes[node]!
      levels[height++] = level + 1
      nodes[height] = no[node]!
      levels[height++] = level + 1
    }
  }
  return { depths, leaves, visits }
}

/** Smallest, mean and largest of some numbers; zeros of none. */
export interface Spread {
  readonly min: number
  readonly mean: number
  readonly max: number
}

export function spreadOf(numbers: Int32Array): Spread {
  if (numbers.length === 0) return { min: 0, mean: 0, max: 0 }
  let min = numbers[0]!
  let max = min
  let sum = 0
  for (const one of numbers) {
    if (one < min) min = one
    if (one > max) max = one
    sum += one
  }
  return { min, mean: sum / numbers.length, max }
}
