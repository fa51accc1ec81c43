import type { Affine, Normalize, Reduce, Scale } from '../../form/steps.ts'
import { CannotRun } from '../cannot-run.ts'
import { BYTES, type Made, type Slot, type Workbench } from '../workbench.ts'
import { pieces } from './pieces.ts'

// the places of names are those of the kernels' switch; the last is the norm of Normalize that Reduce has not
const REDUCE: readonly (Reduce['function'] | 'largest')[] = ['sum', 'mean', 'min', 'max', 'l1', 'l2', 'sumsquare', 'prod', 'largest']
const NORMS: Readonly<Record<Normalize['norm'], (typeof REDUCE)[number]>> = { l1: 'l1', l2: 'l2', max: 'largest' }

function floating({ type }: Slot, what: string): 'f32' | 'f64' {
  if (type !== 'f32' && type !== 'f64') throw new CannotRun(`${what} of ${type}`)
  return type
}

/** Neighbouring columns to one. */
export function reduce(step: Reduce, bench: Workbench): Made {
  const source = bench.value(step.of[0])
  const type = floating(source, step.function)
  const groups = step.groups ?? 1
  const width = source.width / groups
  if (!Number.isInteger(width) || width === 0) throw new CannotRun(`${source.width} columns in ${groups} groups`)
  const kernel = bench.kernels[`reduce_${type}`]
  const name = REDUCE.indexOf(step.function)
  const result = bench.slot(type, groups)
  return { result, run: (rows) => kernel(name, rows * groups, width, source.at, result.at) }
}

/** Each row divided by its norm. */
export function normalize(step: Normalize, bench: Workbench): Made {
  const source = bench.value(step.of[0])
  const type = floating(source, 'a norm')
  const kernel = bench.kernels[`normalize_${type}`]
  const name = REDUCE.indexOf(NORMS[step.norm])
  const { width } = source
  const result = bench.slot(type, width)
  return { result, run: (rows) => kernel(name, rows, width, source.at, result.at) }
}

/** Offset taken away, then multiplied or divided. */
export function scale(step: Scale, bench: Workbench): Made {
  const source = bench.value(step.of[0])
  const type = floating(source, 'a scale')
  const kernel = bench.kernels[`scale_${type}`]
  const [offset, factor] = [bench.constants(type, step.offset), bench.constants(type, step.factor)]
  const steps = [step.offset, step.factor].map((list) => (list.length === 1 ? 0 : BYTES[type])) as [number, number]
  const divide = step.divide ? 1 : 0
  const { width } = source
  const result = bench.slot(type, width)
  return { result, run: (rows) => kernel(rows, width, source.at, result.at, offset, steps[0], factor, steps[1], divide) }
}

/** Columns times weights. */
export function affine(step: Affine, bench: Workbench): Made {
  const source = bench.value(step.of[0])
  const type = floating(source, 'a linear model')
  const { width } = source
  const { outputs } = step
  if (step.weights.length !== width * outputs || step.bias.length !== outputs)
    throw new CannotRun(`${step.weights.length} weights for ${width} columns and ${outputs} outputs`)
  const mixed = pieces(step, bench)
  if (mixed) return mixed
  const kernel = bench.kernels[`affine_${type}`]
  const [weights, bias] = [bench.constants(type, step.weights), bench.constants(type, step.bias)]
  const flags = (step.biasFirst ? 1 : 0) | (step.skipMissing ? 2 : 0)
  const result = bench.slot(type, outputs)
  return { result, run: (rows) => kernel(rows, width, outputs, source.at, weights, bias, flags, result.at) }
}
