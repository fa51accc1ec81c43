import type { Link } from '../../form/steps.ts'
import { CannotRun } from '../cannot-run.ts'
import type { Made, Workbench } from '../workbench.ts'

const KERNEL = {
  sigmoid: 'link_sigmoid',
  softmax: 'link_softmax',
  'softmax-zero': 'link_softmaxzero',
  exp: 'link_exp',
  log1pexp: 'link_log1pexp',
  'signed-square': 'link_signedsquare',
  probit: 'link_probit',
  step: 'link_step',
  complement: 'link_complement',
} as const

/** From sums to predictions. */
export function link(step: Link, bench: Workbench): Made {
  const source = bench.value(step.of[0])
  const { type, width } = source
  if (type !== 'f32' && type !== 'f64') throw new CannotRun(`a link of ${type}`)
  const kernel = bench.kernels[`${KERNEL[step.function]}_${type}`]
  const result = bench.slot(type, width)
  return { result, run: (rows) => kernel(rows, width, source.at, result.at, step.scale) }
}
