import type { Form, Trees } from '@fairlead/evaluator'

/** Two stumps: `amount < 10` gives 1 for `bad`, else −1; `purpose = "car"` gives 2 for `good`, else 0. Half of the training rows went each way. */
export const STUMPS: Trees = {
  features: 2,
  outputs: 2,
  compare: 'f32',
  sum: 'f32',
  zero: 0,
  roots: Int32Array.of(0, 3),
  target: Int32Array.of(0, 1),
  feature: Int32Array.of(0, -1, -1, 1, -1, -1),
  rule: Uint8Array.of(0, 0, 0, 0, 0, 0),
  value: Float64Array.of(10, 1, -1, 1, 2, 0),
  yes: Int32Array.of(1, -1, -1, 4, -1, -1),
  no: Int32Array.of(2, -1, -1, 5, -1, -1),
  leaf: 'scalar',
  vectors: new Float64Array(),
  sets: { start: Int32Array.of(0), words: new Uint32Array() },
  base: Float64Array.of(0.5, 0),
  baseFirst: true,
  aggregate: 'sum',
  divisor: 1,
  cover: Float64Array.of(8, 4, 4, 8, 4, 4),
}

/** A classifier of an amount and a purpose. */
export function stumpsForm(trees: Trees = STUMPS): Form {
  return {
    version: 1,
    source: { format: 'xgboost', version: '', objective: 'binary:logistic' },
    inputs: [
      { name: 'input', type: 'f32', width: 2, columns: [{ name: 'amount' }, { name: 'purpose', categories: { values: ['car', 'boat'], unseen: 'refuse' } }] },
    ],
    steps: [
      { op: 'trees', of: [0], trees },
      { op: 'link', of: [1], function: 'softmax', scale: 1 },
    ],
    outputs: [{ name: 'probabilities', value: 2, role: 'probabilities', rank: 2, classes: ['bad', 'good'] }],
    texts: [],
  }
}
