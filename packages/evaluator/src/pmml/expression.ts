import type { Arithmetic, Compare, Unary } from '../form/steps.ts'
import { type Element, readNumber } from './element.ts'
import { roundToFloat } from './fields.ts'
import { constantOf, type Field, type Scope } from './scope.ts'

const DEEPEST = 100
const ARITHMETIC: Readonly<Record<string, Arithmetic['operator']>> = { '+': 'add', '-': 'sub', '*': 'mul', '/': 'div', min: 'min', max: 'max', pow: 'pow' }
const UNARY: Readonly<Record<string, Unary['function']>> = {
  exp: 'exp',
  ln: 'log',
  sqrt: 'sqrt',
  abs: 'abs',
  floor: 'floor',
  ceil: 'ceil',
  tanh: 'tanh',
  'x-tanh': 'tanh',
}
const COMPARE: Readonly<Record<string, Compare['operator']>> = {
  equal: 'eq',
  notEqual: 'ne',
  lessThan: 'lt',
  lessOrEqual: 'le',
  greaterThan: 'gt',
  greaterOrEqual: 'ge',
}

/** Defines the derived fields of an element (`TransformationDictionary`, `LocalTransformations`) in a scope. */
export function defineDerived(scope: Scope, holder: Element | undefined): void {
  if (holder === undefined) return
  const [functions] = holder.all('DefineFunction')
  if (functions !== undefined) throw functions.unsupported('functions that a document defines are not read')
  for (const derived of holder.all('DerivedField')) {
    const expression = derived.children().find(({ name }) => name !== 'Value' && name !== 'Interval')
    if (expression === undefined) throw derived.malformed('it has no expression')
    scope.define(derived.get('name'), typed(scope, derived, evaluate(scope, expression, 0)))
  }
}

/** The field that an expression gives. Throws UnreadableModel for expressions that are not read. */
export function evaluateExpression(scope: Scope, expression: Element): Field {
  return evaluate(scope, expression, 0)
}

function typed(scope: Scope, derived: Element, field: Field): Field {
  const dataType = derived.get('dataType')
  if (field.codes !== undefined) {
    if (dataType !== 'string' && derived.find('optype') === 'continuous') throw derived.unsupported('categories taken as numbers')
    return field
  }
  if (dataType === 'float') return field.type === 'float' ? field : { ...field, type: 'float', value: roundToFloat(scope, field.value) }
  if (dataType === 'double') return { ...field, type: 'number' }
  if (dataType === 'boolean') return { ...field, type: 'bool' }
  if (dataType !== 'integer') throw derived.unsupported(`numbers as ${dataType} are not read`)
  return { ...field, type: 'number' }
}

function evaluate(scope: Scope, element: Element, depth: number): Field {
  if (depth > DEEPEST) throw element.malformed(`expressions nested deeper than ${DEEPEST}`)
  switch (element.name) {
    case 'FieldRef':
      if (element.find('mapMissingTo') !== undefined) throw element.unsupported('mapMissingTo is not read')
      return scope.get(element.get('field'), element)
    case 'Constant':
      return constant(scope, readNumber(element.text, element))
    case 'NormContinuous':
      return normContinuous(scope, element)
    case 'NormDiscrete':
      return normDiscrete(scope, element)
    case 'Apply':
      return apply(scope, element, depth)
    default:
      throw element.unsupported(`${element.name} is not read`)
  }
}

function constant(scope: Scope, value: number): Field {
  const { builder } = scope
  const cell = builder.type(0) === 'text' || builder.width(0) === 1 ? 0 : builder.gather([{ value: 0, index: 0 }])
  return { value: builder.add({ op: 'lookup', of: [cell], keys: [], values: [], otherwise: value, to: 'f64' }, 'f64', 1), type: 'number', from: [] }
}

/** A piece of a straight line between two points; beyond them the line goes on, or as `outliers` says. */
function normContinuous(scope: Scope, element: Element): Field {
  const field = scope.number(element.get('field'), element)
  const points = element.all('LinearNorm').map((norm) => ({ orig: norm.number('orig'), norm: norm.number('norm') }))
  if (points.length !== 2 || element.find('mapMissingTo') !== undefined) throw element.unsupported('a NormContinuous of other than two points is not read')
  const [a, b] = points as [{ orig: number; norm: number }, { orig: number; norm: number }]
  const outliers = element.find('outliers') ?? 'asIs'
  if (outliers !== 'asIs' && outliers !== 'asExtremeValues') throw element.unsupported(`outliers by ${outliers} are not read`)
  const { builder } = scope
  const moved = builder.add({ op: 'scale', of: [field.value], offset: [a.orig], factor: [(b.norm - a.norm) / (b.orig - a.orig)], divide: false }, 'f64', 1)
  let value = builder.add({ op: 'arithmetic', of: [moved], operator: 'add', constant: [a.norm] }, 'f64', 1)
  if (outliers === 'asExtremeValues') {
    value = builder.add({ op: 'arithmetic', of: [value], operator: 'max', constant: [Math.min(a.norm, b.norm)] }, 'f64', 1)
    value = builder.add({ op: 'arithmetic', of: [value], operator: 'min', constant: [Math.max(a.norm, b.norm)] }, 'f64', 1)
  }
  return { value, type: 'number', from: field.from }
}

/** 1 where a field has a value, else 0. */
function normDiscrete(scope: Scope, element: Element): Field {
  const field = scope.get(element.get('field'), element)
  const key = constantOf(field, element.get('value'), element)
  const missing = element.find('mapMissingTo')
  const otherwise = missing === undefined ? Number.NaN : readNumber(missing, element)
  const value = scope.builder.add({ op: 'lookup', of: [field.value], keys: [key, Number.NaN], values: [1, otherwise], otherwise: 0, to: 'f64' }, 'f64', 1)
  return { value, type: 'number', from: missing === undefined ? field.from : [] }
}

function apply(scope: Scope, element: Element, depth: number): Field {
  const name = element.get('function')
  if (element.find('mapMissingTo') !== undefined || element.find('defaultValue') !== undefined)
    throw element.unsupported(`what ${name} maps missing values to is not read`)
  const parts = element.children()
  if (name === 'if')
    return choice(
      scope,
      parts.map((part) => evaluate(scope, part, depth + 1)),
      element,
    )
  if (Object.hasOwn(COMPARE, name) && parts.length === 2) return compare(scope, parts, { element, depth })
  const fields = parts.map((part) => evaluate(scope, part, depth + 1))
  const from = [...new Set(fields.flatMap((field) => field.from))]
  const { builder } = scope
  const [first] = fields
  if (first === undefined) throw element.malformed(`${name} of nothing`)
  if (name === 'isMissing' || name === 'isNotMissing') {
    const value = builder.add(
      { op: 'lookup', of: [first.value], keys: [Number.NaN], values: [name === 'isMissing' ? 1 : 0], otherwise: name === 'isMissing' ? 0 : 1, to: 'f64' },
      'f64',
      1,
    )
    return { value, type: 'bool', from: [] }
  }
  if (fields.some(({ codes }) => codes !== undefined)) throw element.unsupported(`${name} of categories is not read`)
  if (Object.hasOwn(UNARY, name) && fields.length === 1)
    return { value: builder.add({ op: 'unary', of: [first.value], function: UNARY[name] as Unary['function'] }, 'f64', 1), type: 'number', from }
  if (!Object.hasOwn(ARITHMETIC, name)) throw element.unsupported(`the function ${name} is not read`)
  if ((name === 'min' || name === 'max') && from.length > 0) scope.require(fields)
  const operator = ARITHMETIC[name] as Arithmetic['operator']
  const value = fields.slice(1).reduce((sum, field) => builder.add({ op: 'arithmetic', of: [sum, field.value], operator }, 'f64', 1), first.value)
  return { value, type: 'number', from }
}

function compare(scope: Scope, parts: readonly Element[], { element, depth }: { readonly element: Element; readonly depth: number }): Field {
  const [left, right] = parts as [Element, Element]
  const field = evaluate(scope, left, depth + 1)
  const operator = COMPARE[element.get('function')] as Compare['operator']
  if (right.name !== 'Constant') throw right.unsupported('a comparison with other than a constant is not read')
  if (field.codes !== undefined && operator !== 'eq' && operator !== 'ne') throw element.unsupported('categories in an order are not read')
  scope.require([field])
  const { builder } = scope
  const is = builder.add({ op: 'compare', of: [field.value], operator, constant: [constantOf(field, right.text, right)] }, 'bool', 1)
  return { value: builder.add({ op: 'cast', of: [is], to: 'f64' }, 'f64', 1), type: 'bool', from: [] }
}

function choice(scope: Scope, fields: readonly Field[], element: Element): Field {
  const [condition, yes, no] = fields
  if (condition === undefined || yes === undefined || no === undefined || fields.length !== 3)
    throw element.unsupported('an if without both answers is not read')
  if (condition.type !== 'bool' || yes.codes !== undefined || no.codes !== undefined)
    throw element.unsupported('an if of other than a condition and numbers is not read')
  const { builder } = scope
  const is = builder.add({ op: 'cast', of: [condition.value], to: 'bool' }, 'bool', 1)
  return {
    value: builder.add({ op: 'where', of: [is, yes.value, no.value] }, 'f64', 1),
    type: 'number',
    from: [...new Set([...condition.from, ...yes.from, ...no.from])],
  }
}
