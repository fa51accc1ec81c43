import type { Link } from '../form/steps.ts'
import { log } from '../plain/math.ts'

/** What an objective makes of sums. */
export interface Objective {
  /**
   * Where sums start, from the base score of the file, which is in the units of a prediction. Each operation in float32,
   * as in the library. `newer`: the file is of 3.1 or later, which keeps probabilities 1e-6 away from 0 and 1.
   */
  readonly margin: (base: number, newer: boolean) => number
  /** From sums to the prediction; `none` where they are one, `argmax` for the number of the largest. */
  readonly link: Link['function'] | 'none' | 'argmax'
  /** Whether the outputs are classes or the one output is that of the second of two. */
  readonly classes: 'several' | 'two' | 'no'
}

const { fround } = Math
const same = (base: number) => base
const nearest = fround(1e-6)
function logit(base: number, newer: boolean): number {
  const kept = newer ? Math.min(Math.max(base, nearest), fround(1 - nearest)) : base
  return -fround(log(fround(fround(1 / kept) - 1)))
}
const logarithm = (base: number) => fround(log(base))

const number: Objective = { margin: same, link: 'none', classes: 'no' }
const power: Objective = { margin: logarithm, link: 'exp', classes: 'no' }

/** By the names that files have: https://xgboost.readthedocs.io/en/stable/parameter.html#learning-task-parameters */
export const OBJECTIVES: ReadonlyMap<string, Objective> = new Map<string, Objective>([
  ['reg:squarederror', number],
  ['reg:linear', number],
  ['reg:squaredlogerror', number],
  ['reg:pseudohubererror', number],
  ['reg:absoluteerror', number],
  ['reg:quantileerror', number],
  ['rank:ndcg', number],
  ['rank:pairwise', number],
  ['rank:map', number],
  ['reg:logistic', { margin: logit, link: 'sigmoid', classes: 'no' }],
  ['binary:logistic', { margin: logit, link: 'sigmoid', classes: 'two' }],
  ['binary:logitraw', { margin: same, link: 'none', classes: 'two' }],
  ['binary:hinge', { margin: same, link: 'step', classes: 'two' }],
  ['count:poisson', power],
  ['reg:gamma', power],
  ['reg:tweedie', power],
  ['survival:cox', power],
  ['survival:aft', power],
  ['multi:softprob', { margin: same, link: 'softmax', classes: 'several' }],
  ['multi:softmax', { margin: same, link: 'argmax', classes: 'several' }],
])
