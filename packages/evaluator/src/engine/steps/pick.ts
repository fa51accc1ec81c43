import type { ArgMax, Choose } from '../../form/steps.ts'
import { CannotRun } from '../cannot-run.ts'
import { BYTES, type Made, type Workbench } from '../workbench.ts'

/** Position of the largest column. */
export function argmax(step: ArgMax, bench: Workbench): Made {
  const source = bench.value(step.of[0])
  const { type, width } = source
  if (type === 'bool' || type === 'text') throw new CannotRun(`the largest column of ${type}`)
  const kernel = bench.kernels[`argmax_${type}`]
  const result = bench.slot('i32', 1)
  const last = step.last ? 1 : 0
  return { result, run: (rows) => kernel(rows, width, source.at, result.at, last) }
}

/** What stands at a position. */
export function choose(step: Choose, bench: Workbench): Made {
  const source = bench.value(step.of[0])
  if (source.type !== 'i32') throw new CannotRun(`labels by ${source.type}`)
  const result = bench.slot(step.to, source.width)
  const labels = bench.constants(step.to === 'text' ? 'i32' : step.to, step.labels)
  const kernel = BYTES[step.to] === 4 ? bench.kernels.choose_32 : bench.kernels.choose_64
  return { result, run: (rows) => kernel(rows * source.width, source.at, result.at, labels) }
}
