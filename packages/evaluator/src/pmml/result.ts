import type { Element } from './element.ts'
import type { DataField } from './fields.ts'
import type { Scope } from './scope.ts'

/** What a model of a document gives. */
export type Result = Regression | Classification

export interface Regression {
  readonly kind: 'regression'
  /** A column of doubles. */
  readonly value: number
}

export interface Classification {
  readonly kind: 'classification'
  readonly classes: readonly string[]
  /** Position of the predicted class, as i32. */
  readonly position: number
  /** A column for each class. */
  readonly probabilities?: number
}

/** What models of a document read from. */
export interface Reading {
  readonly dictionary: ReadonlyMap<string, DataField>
  /** Name of the field that the whole document predicts. */
  readonly target: string | undefined
  /** Whether the whole document predicts a number, which may be none for a row. */
  readonly mayBeNull: boolean
}

/** Position of the largest column, the first among equals. */
export function largest(scope: Scope, value: number): number {
  return scope.builder.add({ op: 'argmax', of: [value], last: false }, 'i32', 1)
}

/** The constants of a model's `Targets`: sums are multiplied and moved by them. Throws UnreadableModel for others. */
export function rescale(scope: Scope, model: Element, value: number): number {
  const targets = model.child('Targets')?.all('Target') ?? []
  const { builder } = scope
  let result = value
  for (const target of targets) {
    if (target.find('castInteger') !== undefined || target.find('min') !== undefined || target.find('max') !== undefined)
      throw target.unsupported('limits and whole numbers of a target are not read')
    const factor = target.number('rescaleFactor', 1)
    const constant = target.number('rescaleConstant', 0)
    if (factor !== 1) result = builder.add({ op: 'arithmetic', of: [result], operator: 'mul', constant: [factor] }, 'f64', 1)
    if (constant !== 0) result = builder.add({ op: 'arithmetic', of: [result], operator: 'add', constant: [constant] }, 'f64', 1)
  }
  return result
}
