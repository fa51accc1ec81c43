import type { Trees } from '../../form/trees.ts'
import type { Workbench } from '../workbench.ts'
import type { Part } from './part.ts'

const AGGREGATE = { sum: 0, min: 1, max: 2 } as const

/** Trees walked node by node: every kind of them. Rows are of the type that the trees compare; `start` is what their sums start with. */
export function walker(trees: Trees, bench: Workbench, start: number): Part {
  const { arena, kernels } = bench
  const { linear, sets } = trees
  const kernel = kernels[`walk_${trees.compare}_${trees.sum}`]
  const stride = trees.features * (trees.compare === 'f32' ? 4 : 8)
  const fields = [
    0,
    trees.roots.length,
    arena.place(trees.roots),
    arena.place(trees.target),
    arena.place(trees.feature),
    arena.place(trees.rule),
    arena.place(trees.value),
    arena.place(trees.yes),
    arena.place(trees.no),
    trees.leaf === 'vector' ? bench.constants(trees.sum, trees.vectors) : 0,
    arena.place(sets.start),
    arena.place(sets.words),
    linear ? arena.place(linear.start) : 0,
    linear ? arena.place(linear.feature) : 0,
    linear ? arena.place(linear.coefficient) : 0,
    linear ? arena.place(linear.constant) : 0,
    trees.outputs,
    AGGREGATE[trees.aggregate],
    0,
    0,
    start,
  ]
  const at = arena.place(Uint32Array.from(fields))
  arena.f64[(at >>> 3) + 9] = trees.zero
  return { run: (rows, source, sums) => kernel(rows, at, source, stride, sums), cost: Number.POSITIVE_INFINITY }
}
