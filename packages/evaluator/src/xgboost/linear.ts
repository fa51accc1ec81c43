import type { Affine } from '../form/steps.ts'
import type { Cursor } from './cursor.ts'
import type { Outline } from './outline.ts'

/** The step of a gblinear model. As the library does it, the first base score goes to every output, and sums start with it and the bias. */
export function linearStep(cursor: Cursor, { features, outputs, base }: Outline, numbers: Float64Array, of: readonly [number]): Affine {
  if (numbers.length !== (features + 1) * outputs) cursor.refuse(`weights has ${numbers.length} numbers for ${features} features and ${outputs} outputs`)
  if (!numbers.every(Number.isFinite)) cursor.refuse('weights are not finite')
  const bias = numbers.subarray(features * outputs).map((weight) => Math.fround(weight + base[0]!))
  return { op: 'affine', of, outputs, weights: numbers.slice(0, features * outputs), bias, biasFirst: true, skipMissing: true }
}
