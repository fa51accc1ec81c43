import type { Context } from '../context.ts'
import type { Item, Primitive } from '../item.ts'

/** What a fitted model gives: values of the form that is being built. */
export type Estimate = Regression | Classification

export interface Regression {
  readonly kind: 'regression'
  readonly value: number
}

export interface Classification {
  readonly kind: 'classification'
  readonly classes: Classes
  /** Position of the predicted class, as i32. */
  readonly position: number
  /** A column for each class. */
  readonly probabilities?: number
  /** The decision function. */
  readonly margin?: number
}

/** Labels of a classifier, in the order of its columns. */
export interface Classes {
  readonly values: readonly Primitive[]
  readonly type: 'i64' | 'f64' | 'bool' | 'text'
}

/** The `classes_` of a classifier. Throws UnreadableModel for labels of several outputs, or of several types. */
export function readClasses(item: Item): Classes {
  // Ridge classifiers of older versions keep them with what makes numbers of labels.
  const classes = item.find('classes_') ?? item.find('_label_binarizer')?.find('classes_') ?? item.get('classes_')
  if (!classes.isArray()) throw classes.unsupported('a classifier of several outputs is not read')
  const values = classes.values()
  const types = new Set(values.map((value) => typeof value))
  const [type] = types
  if (types.size !== 1 || values.length === 0) throw classes.unsupported('labels of one type are expected')
  if (type === 'string') return { values, type: 'text' }
  if (type === 'boolean') return { values, type: 'bool' }
  if (type !== 'number') throw classes.unsupported('a label that is None')
  return { values, type: values.every((value) => Number.isSafeInteger(value)) && !classes.isFloating() ? 'i64' : 'f64' }
}

/** Probabilities [1 − p, p] of a value of p. */
export function bothSides(context: Context, p: number): number {
  const { builder } = context
  const other = builder.add({ op: 'arithmetic', of: [p], operator: 'sub', constant: [1], left: true }, 'f64', 1)
  return builder.add({ op: 'concat', of: [other, p] }, 'f64', 2)
}

/** Position 1 where a score passes zero, else 0. */
export function above(context: Context, score: number, operator: 'gt' | 'ge'): number {
  const { builder } = context
  const is = builder.add({ op: 'compare', of: [score], operator, constant: [0] }, 'bool', 1)
  return builder.add({ op: 'cast', of: [is], to: 'i32' }, 'i32', 1)
}

/** Position of the largest column, the first among equals. */
export function largest(context: Context, value: number): number {
  return context.builder.add({ op: 'argmax', of: [value], last: false }, 'i32', 1)
}

export function link(context: Context, value: number, name: 'sigmoid' | 'softmax' | 'exp', scale = 1): number {
  const { builder } = context
  return builder.add({ op: 'link', of: [value], function: name, scale }, 'f64', builder.width(value))
}
