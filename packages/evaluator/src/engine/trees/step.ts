import type { TreesStep } from '../../form/steps.ts'
import type { Trees } from '../../form/trees.ts'
import { CannotRun } from '../cannot-run.ts'
import type { Made, Slot, Workbench } from '../workbench.ts'
import { abreast, isRanked as isRankedSplit } from './abreast.ts'
import { lists } from './lists.ts'
import { type Part, walker } from './walk.ts'

/** A tree ensemble: the rows in the type that it compares, the start of the sums, its trees in order, divisor and base. */
export function trees(step: TreesStep, bench: Workbench): Made {
  const { trees } = step
  const source = bench.value(step.of[0])
  if (source.width !== trees.features) throw new CannotRun(`trees over ${trees.features} columns of a value that has ${source.width}`)
  const rows = compared(source, trees.compare, bench)
  const result = bench.slot(trees.sum, trees.outputs)
  const begin = starter(trees, bench)
  const part = partOf(trees, bench)
  const finish = finisher(trees, bench)
  return {
    result,
    run: (count) => {
      rows.run(count)
      begin(count, result.at)
      part(count, rows.result.at, result.at)
      finish(count, result.at)
    },
  }
}

/** The rows in the type that the trees compare. */
function compared(source: Slot, type: 'f32' | 'f64', bench: Workbench): Made {
  if (source.type === type) return { result: source, run: () => {} }
  if (source.type === 'text') throw new CannotRun('trees over texts')
  const kernel = bench.kernels[`cast_${source.type}_${type}` as 'cast_i64_f32']
  const room = bench.room(source.width * (type === 'f32' ? 4 : 8))
  const result: Slot = { type, width: source.width, at: 0 }
  return {
    result,
    run: (rows) => {
      result.at = room.at
      kernel(rows * source.width, source.at, room.at)
    },
  }
}

/** What each row's sums start with. */
function starter(trees: Trees, bench: Workbench): (rows: number, sums: number) => void {
  const start = Float64Array.from(trees.baseFirst ? trees.base : new Float64Array(trees.outputs))
  if (trees.aggregate !== 'sum') {
    const least = trees.aggregate === 'min' ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY
    if (trees.leaf === 'scalar') for (const target of trees.target) start[target] = least
    else if (trees.roots.length > 0) start.fill(least)
  }
  const at = bench.constants(trees.sum, start)
  const kernel = bench.kernels[`sums_fill_${trees.sum}`]
  return (rows, sums) => kernel(rows, trees.outputs, at, sums)
}

/** Divisor, and a base that comes last. */
function finisher(trees: Trees, bench: Workbench): (rows: number, sums: number) => void {
  const divide = bench.kernels[`sums_divide_${trees.sum}`]
  const add = bench.kernels[`sums_add_${trees.sum}`]
  const base = trees.baseFirst ? 0 : bench.constants(trees.sum, trees.base)
  return (rows, sums) => {
    if (trees.divisor !== 1) divide(rows * trees.outputs, trees.divisor, sums)
    if (!trees.baseFirst) add(rows, trees.outputs, base, sums)
  }
}

/** The trees by the fastest kernels that take them. */
function partOf(trees: Trees, bench: Workbench): Part {
  const range = { from: 0, to: trees.roots.length }
  if (trees.aggregate !== 'sum' || trees.linear || !hasPlainLeaves(trees)) return walker(trees, bench)(range.from, range.to)
  const few = lists(trees, range, bench)
  const many = isRanked(trees) ? abreast(trees, range, bench) : undefined
  if (!many) return few
  return (rows, source, sums) => (rows < 12 ? few(rows, source, sums) : many(rows, source, sums))
}

/** Whether every leaf is above −∞, as lists of nodes need it. */
function hasPlainLeaves({ feature, value, leaf }: Trees): boolean {
  return leaf === 'vector' || feature.every((column, node) => column >= 0 || value[node]! > Number.NEGATIVE_INFINITY)
}

/** Whether every split can be told from a rank or a set. */
function isRanked(trees: Trees): boolean {
  return trees.feature.every((column, node) => column < 0 || isRankedSplit(trees, node))
}
