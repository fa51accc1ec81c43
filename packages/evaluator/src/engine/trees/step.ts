import type { TreesStep } from '../../form/steps.ts'
import type { Trees } from '../../form/trees.ts'
import { CannotRun } from '../cannot-run.ts'
import type { Made, Slot, Workbench } from '../workbench.ts'
import { partOf } from './choice.ts'

/** A tree ensemble: the rows in the type that it compares, the start of the sums, its trees in order, divisor and base. */
export function trees(step: TreesStep, bench: Workbench): Made {
  const { trees } = step
  const source = bench.value(step.of[0])
  if (source.width !== trees.features) throw new CannotRun(`trees over ${trees.features} columns of a value that has ${source.width}`)
  const rows = compared(source, trees.compare, bench)
  const result = bench.slot(trees.sum, trees.outputs)
  const part = partOf(trees, bench, startOf(trees, bench))
  const finish = finisher(trees, bench)
  return {
    result,
    run: (count) => {
      rows.run(count)
      part.run(count, rows.result.at, result.at)
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

/** What each row's sums start with: the address. */
function startOf(trees: Trees, bench: Workbench): number {
  const start = Float64Array.from(trees.baseFirst ? trees.base : new Float64Array(trees.outputs))
  if (trees.aggregate !== 'sum') {
    const least = trees.aggregate === 'min' ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY
    if (trees.leaf === 'scalar') for (const target of trees.target) start[target] = least
    else if (trees.roots.length > 0) start.fill(least)
  }
  return bench.constants(trees.sum, start)
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
