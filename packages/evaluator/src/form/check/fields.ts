import type { Categories, Column, Form, Input, Output, Source } from '../form.ts'
import type { Step } from '../steps.ts'
import type { LinearLeaves, Sets, Trees } from '../trees.ts'
import {
  count,
  f64s,
  fault,
  flag,
  i32s,
  labels,
  listOf,
  number,
  numbers,
  object,
  oneOf,
  optional,
  type Shape,
  type Shapes,
  text,
  texts,
  u8s,
  u32s,
  whole,
  wholes,
} from './shapes.ts'

const element = oneOf('f32', 'f64', 'i64', 'i32', 'bool', 'text')
const float = oneOf('f32', 'f64')
const categoryValues: Shape = (value, where) => (Array.isArray(value) && typeof value[0] === 'string' ? texts : numbers)(value, where)

const trees = object<Trees>({
  features: count,
  outputs: count,
  compare: float,
  sum: float,
  zero: number,
  roots: i32s,
  target: i32s,
  feature: i32s,
  rule: u8s,
  value: f64s,
  yes: i32s,
  no: i32s,
  leaf: oneOf('scalar', 'vector'),
  vectors: f64s,
  sets: object<Sets>({ start: i32s, words: u32s }),
  base: f64s,
  baseFirst: flag,
  aggregate: oneOf('sum', 'min', 'max'),
  divisor: number,
  linear: optional(object<LinearLeaves>({ start: i32s, feature: i32s, coefficient: f64s, constant: f64s })),
  cover: optional(f64s),
  gain: optional(f64s),
})

const of = wholes

type StepShapes = { readonly [Op in Step['op']]: Shapes<Omit<Extract<Step, { op: Op }>, 'op'>> }

const arithmetic = { of, constant: optional(numbers), left: optional(flag) }

const steps: StepShapes = {
  cast: { of, to: oneOf('f32', 'f64', 'i64', 'i32', 'bool') },
  concat: { of },
  columns: { of, indices: wholes },
  replace: { of, what: number, with: numbers },
  scale: { of, offset: numbers, factor: numbers, divide: flag },
  normalize: { of, norm: oneOf('l1', 'l2', 'max') },
  onehot: { of, categories: numbers, unknown: oneOf('zeros', 'error'), to: float },
  lookup: { of, keys: numbers, values: numbers, otherwise: number, to: element },
  arithmetic: { ...arithmetic, operator: oneOf('add', 'sub', 'mul', 'div', 'pow', 'min', 'max', 'mod') },
  compare: { ...arithmetic, operator: oneOf('lt', 'le', 'gt', 'ge', 'eq', 'ne', 'and', 'or', 'xor') },
  unary: {
    of,
    function: oneOf('neg', 'abs', 'sign', 'floor', 'ceil', 'round', 'reciprocal', 'sqrt', 'exp', 'log', 'tanh', 'sigmoid', 'erf', 'relu', 'not', 'isnan'),
  },
  where: { of },
  reduce: { of, groups: optional(count), function: oneOf('sum', 'mean', 'min', 'max', 'l1', 'l2', 'sumsquare', 'prod') },
  affine: { of, outputs: count, weights: f64s, bias: f64s, biasFirst: flag, skipMissing: flag },
  trees: { of, trees },
  link: {
    of,
    function: oneOf('sigmoid', 'softmax', 'softmax-zero', 'exp', 'log1pexp', 'signed-square', 'probit', 'step', 'complement'),
    scale: number,
  },
  argmax: { of, last: flag },
  choose: { of, labels: numbers, to: oneOf('i64', 'f32', 'f64', 'text') },
}

const byOp = new Map<unknown, Shape>(Object.entries(steps).map(([op, fields]) => [op, object<Record<string, unknown>>({ op: text, ...fields })]))

const step: Shape = (value, where) => {
  const op = (value as { op?: unknown } | null | undefined)?.op
  const known = byOp.get(op)
  if (known === undefined) throw fault(where, `is no step: ${JSON.stringify(String(op).slice(0, 60))} is not known`)
  known(value, where)
}

const input = object<Input>({
  name: text,
  type: element,
  width: count,
  columns: optional(
    listOf(object<Column>({ name: text, categories: optional(object<Categories>({ values: categoryValues, unseen: oneOf('refuse', 'missing') })) })),
  ),
  required: optional(wholes),
})

/** The shape of a form: every field of the right kind, and none that is not known. */
export const formShape: Shape = object<Form>({
  version: oneOf(1),
  source: object<Source>({ format: oneOf('xgboost', 'lightgbm', 'onnx', 'skops', 'pmml'), version: text, objective: text }),
  inputs: listOf(input),
  steps: listOf(step),
  outputs: listOf(
    object<Output>({
      name: text,
      value: whole,
      role: oneOf('prediction', 'margin', 'label', 'probabilities', 'other'),
      rank: oneOf(1, 2),
      classes: optional(labels),
    }),
  ),
  texts,
})
