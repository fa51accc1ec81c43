import type { Element } from './element.ts'
import { largest, type Result, rescale } from './result.ts'
import { constantOf, type Field, type Scope } from './scope.ts'

/** A `RegressionModel`: a linear part for each table, and what turns it into the prediction. */
export function regressionModel(model: Element, scope: Scope): Result {
  const tables = model.all('RegressionTable')
  const name = model.find('normalizationMethod') ?? 'none'
  if (tables.length === 0) throw model.malformed('it has no RegressionTable')
  const sums = tables.map((table) => linear(table, scope))
  if (model.get('functionName') === 'regression') {
    if (tables.length !== 1) throw model.malformed('a regression of several tables')
    return { kind: 'regression', value: rescale(scope, model, normalized(model, scope, sums[0] as number, name)) }
  }
  if (model.get('functionName') !== 'classification') throw model.unsupported(`a regression for ${model.get('functionName')} is not read`)
  const classes = tables.map((table) => table.get('targetCategory'))
  if (classes.length < 2 || new Set(classes).size !== classes.length) throw model.malformed('its tables are not one for each class')
  const probabilities = share(model, scope, sums, name)
  return { kind: 'classification', classes, probabilities, position: largest(scope, probabilities) }
}

/** The probability of each class. */
function share(model: Element, scope: Scope, sums: readonly number[], name: string): number {
  const { builder } = scope
  const count = sums.length
  if (name === 'softmax') {
    const all = builder.add({ op: 'concat', of: sums }, 'f64', count)
    return builder.add({ op: 'link', of: [all], function: 'softmax', scale: 1 }, 'f64', count)
  }
  if (name === 'simplemax') {
    const all = builder.add({ op: 'concat', of: sums }, 'f64', count)
    const sum = builder.add({ op: 'reduce', of: [all], function: 'sum' }, 'f64', 1)
    return builder.add({ op: 'arithmetic', of: [all, sum], operator: 'div' }, 'f64', count)
  }
  if (count !== 2) throw model.unsupported(`the normalization ${name} of ${count} classes is not read`)
  const p = normalized(model, scope, sums[0] as number, name)
  const other = builder.add({ op: 'arithmetic', of: [p], operator: 'sub', constant: [1], left: true }, 'f64', 1)
  return builder.add({ op: 'concat', of: [p, other] }, 'f64', 2)
}

function normalized(model: Element, scope: Scope, value: number, name: string): number {
  const { builder } = scope
  const unary = (of: number, step: 'exp' | 'neg' | 'erf') => builder.add({ op: 'unary', of: [of], function: step }, 'f64', 1)
  const from1 = (of: number) => builder.add({ op: 'arithmetic', of: [of], operator: 'sub', constant: [1], left: true }, 'f64', 1)
  switch (name) {
    case 'none':
      return value
    case 'exp':
      return unary(value, 'exp')
    case 'logit':
    case 'softmax':
      return builder.add({ op: 'link', of: [value], function: 'sigmoid', scale: 1 }, 'f64', 1)
    case 'cloglog':
      return from1(unary(unary(unary(value, 'exp'), 'neg'), 'exp'))
    case 'loglog':
      return unary(unary(unary(unary(value, 'neg'), 'exp'), 'neg'), 'exp')
    case 'probit': {
      const half = builder.add({ op: 'arithmetic', of: [value], operator: 'div', constant: [Math.SQRT2] }, 'f64', 1)
      const moved = builder.add({ op: 'arithmetic', of: [unary(half, 'erf')], operator: 'add', constant: [1] }, 'f64', 1)
      return builder.add({ op: 'arithmetic', of: [moved], operator: 'div', constant: [2] }, 'f64', 1)
    }
    default:
      throw model.unsupported(`the normalization ${name} is not read`)
  }
}

/** Intercept and terms of one table; rows that lack one of its fields are refused. */
function linear(table: Element, scope: Scope): number {
  const { builder } = scope
  const terms: { readonly value: number; readonly coefficient: number }[] = []
  const used: Field[] = []
  for (const term of table.children()) {
    const coefficient = term.number('coefficient')
    if (term.name === 'NumericPredictor') {
      const field = scope.number(term.get('name'), term)
      used.push(field)
      terms.push({ value: power(scope, field.value, term.number('exponent', 1)), coefficient })
    } else if (term.name === 'CategoricalPredictor') {
      // A category that is missing adds nothing.
      const field = scope.get(term.get('name'), term)
      const key = constantOf(field, term.get('value'), term)
      terms.push({ value: builder.add({ op: 'lookup', of: [field.value], keys: [key], values: [1], otherwise: 0, to: 'f64' }, 'f64', 1), coefficient })
    } else if (term.name === 'PredictorTerm') {
      const fields = term.all('FieldRef').map((ref) => scope.number(ref.get('field'), ref))
      const [first, ...rest] = fields
      if (first === undefined) throw term.malformed('a term of no fields')
      used.push(...fields)
      terms.push({
        value: rest.reduce((product, field) => builder.add({ op: 'arithmetic', of: [product, field.value], operator: 'mul' }, 'f64', 1), first.value),
        coefficient,
      })
    } else throw term.unsupported(`${term.name} is not read`)
  }
  scope.require(used)
  const intercept = table.number('intercept')
  if (terms.length === 0) return builder.add({ op: 'lookup', of: [anyCell(scope)], keys: [], values: [], otherwise: intercept, to: 'f64' }, 'f64', 1)
  const row = builder.gather(terms.map(({ value }) => ({ value, index: 0 })))
  const weights = Float64Array.from(terms, ({ coefficient }) => coefficient)
  return builder.add({ op: 'affine', of: [row], outputs: 1, weights, bias: Float64Array.of(intercept), biasFirst: true, skipMissing: false }, 'f64', 1)
}

function power(scope: Scope, value: number, exponent: number): number {
  return exponent === 1 ? value : scope.builder.add({ op: 'arithmetic', of: [value], operator: 'pow', constant: [exponent] }, 'f64', 1)
}

/** Some column of the input, for a value that does not depend on it. */
export function anyCell(scope: Scope): number {
  const { builder } = scope
  return builder.width(0) === 1 ? 0 : builder.gather([{ value: 0, index: 0 }])
}
