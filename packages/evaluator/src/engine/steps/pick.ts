import type { ArgMax, Choose } from '../../form/steps.ts'
import { CannotRun, WrongInput } from '../cannot-run.ts'
import { BYTES, type Made, type Slot, type Workbench } from '../workbench.ts'
import { inputOf } from './find.ts'

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
  const run = (rows: number) => kernel(rows * source.width, source.at, result.at, labels)
  // a form that passed has a label for each column that argmax can point to; of other numbers nothing is known
  if (bench.form.steps[step.of[0] - bench.form.inputs.length]?.op === 'argmax') return { result, run }
  const demand = demandLabels(step, source, bench)
  return {
    result,
    run: (rows) => {
      demand(rows)
      run(rows)
    },
  }
}

/** Refuses rows whose positions have no label: the kernel does not look where it reads. */
function demandLabels({ of, labels }: Choose, source: Slot, bench: Workbench): (rows: number) => void {
  const input = inputOf(of[0], bench)
  return (rows) => {
    const { i32 } = bench.arena
    const [first, count] = [source.at >>> 2, rows * source.width]
    for (let k = 0; k < count; k++) {
      const position = i32[first + k]!
      if (position < 0 || position >= labels.length)
        throw new WrongInput(`leads to label ${position} of ${labels.length}`, { input, row: Math.floor(k / source.width) })
    }
  }
}
