import type { Trees } from '../form/trees.ts'
import { leafValue, type Shape } from './shape.ts'
import { writeSplit } from './splits.ts'

/** Bytes of a split. */
const NODE = 32

/** One tree, ready to run: its first node, the first output that it adds to, and to how many. */
export interface PairProgram {
  readonly root: number
  readonly output: number
  readonly width: number
}

/** Bytes of the programs of all trees. */
export function pairBytes(trees: Trees, { splits }: Shape): number {
  const width = trees.leaf === 'scalar' ? 1 : trees.outputs
  return splits.reduce((sum, count) => sum + count * NODE + (count + 1) * width * 8, 0)
}

/** Writes the programs of all trees for the kernel of `assembly/explain/pairs.ts`, whose head says how they look. */
export function writePairs(trees: Trees, { place, used }: Shape, { view, at, setsAt }: { view: DataView; at: number; setsAt: number }): PairProgram[] {
  const width = trees.leaf === 'scalar' ? 1 : trees.outputs
  const slots = new Int32Array(used.length).fill(-1)
  let end = at
  const leaf = (node: number, first: number): number => {
    const here = end
    end += width * 8
    for (let output = 0; output < width; output++) view.setFloat64(here + output * 8, leafValue(trees, node, first + output), true)
    return here + 1
  }
  const visit = (node: number, first: number, taken: number): number => {
    if (trees.feature[node]! < 0) return leaf(node, first)
    const here = end
    end += NODE
    const column = place[trees.feature[node]!]!
    const before = slots[column]!
    const slot = before < 0 ? taken : before
    slots[column] = slot
    view.setUint32(here, column, true)
    writeSplit(view, here, { trees, node, setsAt })
    view.setUint32(here + 24, slot, true)
    view.setUint32(here + 28, before < 0 ? 0 : 1, true)
    const below = before < 0 ? taken + 1 : taken
    view.setUint32(here + 16, visit(trees.yes[node]!, first, below), true)
    view.setUint32(here + 20, visit(trees.no[node]!, first, below), true)
    slots[column] = before
    return here
  }
  return Array.from(trees.roots, (root, tree) => {
    const output = trees.leaf === 'scalar' ? trees.target[tree]! : 0
    return { root: visit(root, output, 0), output, width }
  })
}

/**
 * The shares of one background row in a leaf for every number `a` of columns that only the row passes and `c` that only the
 * background row passes: (a − 1)!·c!/(a + c)! for each of the first, a!·(c − 1)!/(a + c)! for each of the second.
 */
export function writeWeights(table: Float64Array, backgrounds: number): void {
  const size = Math.sqrt(table.length / 2)
  for (let a = 0; a < size; a++) {
    let ways = 1
    for (let c = 0; c < size; c++) {
      if (c > 0) ways = (ways * (a + c)) / c
      const at = 2 * (a * size + c)
      table[at] = a === 0 ? 0 : 1 / (a * ways * backgrounds)
      table[at + 1] = c === 0 ? 0 : 1 / (c * ways * backgrounds)
    }
  }
}
