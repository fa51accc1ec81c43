import type { Affine } from '../form/steps.ts'
import { UnreadableModel } from '../unreadable.ts'
import type { Outline } from './outline.ts'

const WEIGHTS = 'learner.gradient_booster.model.weights'

/** The step of a gblinear model. As the library does it, the first base score goes to every output, and sums start with it and the bias. */
export function linearStep({ features, outputs, base }: Outline, numbers: Float64Array, of: readonly [number]): Affine {
  if (numbers.length !== (features + 1) * outputs)
    throw new UnreadableModel('malformed', WEIGHTS, `${numbers.length} numbers for ${features} features and ${outputs} outputs`)
  if (!numbers.every(Number.isFinite)) throw new UnreadableModel('malformed', WEIGHTS, 'not all are finite')
  const bias = numbers.subarray(features * outputs).map((weight) => Math.fround(weight + base[0]!))
  return { op: 'affine', of, outputs, weights: numbers.slice(0, features * outputs), bias, biasFirst: true, skipMissing: true }
}
