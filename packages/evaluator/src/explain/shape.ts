import type { Trees } from '../form/trees.ts'
import { Unexplainable } from './unexplainable.ts'

/** Levels below which the stack of the kernels would not reach. */
const DEEPEST = 512

/** What explaining an ensemble takes. */
export interface Shape {
  /** Columns that some split tests, in order. */
  readonly used: Int32Array
  /** Position of a column in `used`; −1 where no split tests it. */
  readonly place: Int32Array
  /** Splits of each tree, and of how many different columns at most on one path. */
  readonly splits: Int32Array
  readonly distinct: Int32Array
  /** Splits above the deepest leaf. */
  readonly depth: number
}

/**
 * Walks all trees once.
 *
 * @throws Unexplainable for ensembles that are not sums of constant leaves, and for trees too deep
 */
export function shape(trees: Trees): Shape {
  if (trees.aggregate !== 'sum')
    throw new Unexplainable('form', `the trees give their ${trees.aggregate === 'min' ? 'smallest' : 'largest'} value: only sums and means are explained`)
  if (trees.linear) throw new Unexplainable('form', 'the leaves hold linear models: only trees with constant leaves are explained')
  const place = new Int32Array(trees.features).fill(-1)
  const splits = new Int32Array(trees.roots.length)
  const distinct = new Int32Array(trees.roots.length)
  let depth = 0
  const onPath = new Uint8Array(trees.features)
  for (const [tree, root] of trees.roots.entries()) {
    const found = survey(trees, root, { place, onPath })
    splits[tree] = found.splits
    distinct[tree] = found.distinct
    depth = Math.max(depth, found.depth)
  }
  const used = Int32Array.from([...place.keys()].filter((column) => place[column] === 0))
  for (const [at, column] of used.entries()) place[column] = at
  return { used, place, splits, distinct, depth }
}

function survey(trees: Trees, root: number, { place, onPath }: { place: Int32Array; onPath: Uint8Array }): { splits: number; distinct: number; depth: number } {
  let [splits, distinct, deepest] = [0, 0, 0]
  const visit = (node: number, depth: number, before: number): void => {
    const column = trees.feature[node]!
    if (column < 0) {
      distinct = Math.max(distinct, before)
      deepest = Math.max(deepest, depth)
      return
    }
    if (depth >= DEEPEST) throw new Unexplainable('too-large', `a tree is deeper than ${DEEPEST} levels`)
    splits++
    place[column] = 0
    const met = onPath[column]!
    onPath[column] = 1
    visit(trees.yes[node]!, depth + 1, before + 1 - met)
    visit(trees.no[node]!, depth + 1, before + 1 - met)
    onPath[column] = met
  }
  visit(root, 0, 0)
  return { splits, distinct, depth: deepest }
}

/** What a leaf adds to an output of its tree: rounded as the sums are, and divided as they are. */
export function leafValue(trees: Trees, leaf: number, output: number): number {
  const value = trees.leaf === 'scalar' ? trees.value[leaf]! : trees.vectors[trees.yes[leaf]! * trees.outputs + output]!
  return (trees.sum === 'f32' ? Math.fround(value) : value) / trees.divisor
}
