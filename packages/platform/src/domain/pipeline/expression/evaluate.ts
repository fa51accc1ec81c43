import type { ArithmeticOperator, ComparisonOperator, Expression } from './ast.ts'
import { expressionError } from './expression-error.ts'

/** Type of an expression. `null` is the literal alone and goes with every type. */
export type ValueType = 'number' | 'text' | 'boolean' | 'null'
export type Value = number | string | boolean | null

/** The value of one row. `T` is whatever holds the columns of a batch. */
export type Reader<T> = (columns: T, row: number) => Value

/** What a name means: its type and how its value is read from a batch. */
export interface Field<T> {
  type: Exclude<ValueType, 'null'>
  read: Reader<T>
}

/** Finds a field by the parts of its name, or answers why there is none. */
export type Resolve<T> = (parts: string[]) => Field<T> | { problem: string }

interface Compiled<T> {
  type: ValueType
  read: Reader<T>
}

/**
 * Checks an expression's types against named fields and compiles it to a reader.
 *
 * Nulls follow SQL's three-valued logic: arithmetic and comparisons with a null are null; `false and null` is false,
 * `true or null` is true, otherwise null wins; `x in (…)` is null when x is null, or when nothing matches and the list has
 * a null; division by zero is null. Comparisons with NaN are false, `!=` true. 64-bit integers are read as numbers.
 * Throws `expression-invalid` pointing at the wrong place of `text`.
 */
export function compileExpression<T>(expression: Expression, resolve: Resolve<T>, text: string): { type: ValueType; read: Reader<T> } {
  return new Compiler(resolve, text).compile(expression)
}

class Compiler<T> {
  readonly #resolve: Resolve<T>
  readonly #text: string

  constructor(resolve: Resolve<T>, text: string) {
    this.#resolve = resolve
    this.#text = text
  }

  compile(node: Expression): Compiled<T> {
    switch (node.kind) {
      case 'number':
      case 'text':
      case 'boolean': {
        const value = node.value
        return { type: node.kind, read: () => value }
      }
      case 'null':
        return { type: 'null', read: () => null }
      case 'name': {
        const field = this.#resolve(node.parts)
        if ('problem' in field) throw expressionError(this.#text, node.at, field.problem)
        return field
      }
      case 'negative': {
        const operand = this.#typed(node.operand, 'number')
        return { type: 'number', read: (c, i) => negative(operand(c, i)) }
      }
      case 'not': {
        const operand = this.#typed(node.operand, 'boolean')
        return { type: 'boolean', read: (c, i) => not(operand(c, i)) }
      }
      case 'arithmetic':
        return { type: 'number', read: arithmetic(node.operator, this.#typed(node.left, 'number'), this.#typed(node.right, 'number')) }
      case 'logical': {
        const [left, right] = [this.#typed(node.left, 'boolean'), this.#typed(node.right, 'boolean')]
        return { type: 'boolean', read: node.operator === 'and' ? and(left, right) : or(left, right) }
      }
      case 'comparison': {
        const [left, right] = this.#alike([node.left, node.right]) as [Reader<T>, Reader<T>]
        return { type: 'boolean', read: comparison(node.operator, left, right) }
      }
      case 'between': {
        const [x, low, high] = this.#alike([node.operand, node.low, node.high]) as [Reader<T>, Reader<T>, Reader<T>]
        return maybeNot(and(comparison('>=', x, low), comparison('<=', x, high)), node.negated)
      }
      case 'in': {
        const [x, ...items] = this.#alike([node.operand, ...node.items]) as [Reader<T>, ...Reader<T>[]]
        return maybeNot(isIn(x, items), node.negated)
      }
      case 'is-null': {
        const { read } = this.compile(node.operand)
        const { negated } = node
        return { type: 'boolean', read: (c, i) => (read(c, i) === null) !== negated }
      }
      case 'joined':
      case 'call':
      case 'case':
        throw expressionError(this.#text, node.at, 'a decide step knows no functions yet')
    }
  }

  #typed(node: Expression, type: 'number' | 'boolean'): Reader<T> {
    const compiled = this.compile(node)
    if (compiled.type !== type && compiled.type !== 'null') {
      throw expressionError(this.#text, node.at, `a ${TYPE_WORDS[type]} is needed here, and this is a ${TYPE_WORDS[compiled.type]}`)
    }
    return compiled.read
  }

  #alike(nodes: Expression[]): Reader<T>[] {
    let type: ValueType = 'null'
    return nodes.map((node) => {
      const compiled = this.compile(node)
      if (type === 'null') type = compiled.type
      else if (compiled.type !== 'null' && compiled.type !== type) {
        throw expressionError(this.#text, node.at, `a ${TYPE_WORDS[type]} cannot be compared with a ${TYPE_WORDS[compiled.type]}`)
      }
      return compiled.read
    })
  }
}

/** The types in words for messages. */
export const TYPE_WORDS: Record<ValueType, string> = { number: 'number', text: 'text', boolean: 'truth value', null: 'null' }

const negative = (x: Value): Value => (x === null ? null : -(x as number))
const not = (x: Value): Value => (x === null ? null : !x)

function maybeNot<T>(read: Reader<T>, negated: boolean): Compiled<T> {
  return { type: 'boolean', read: negated ? (c, i) => not(read(c, i)) : read }
}

function and<T>(left: Reader<T>, right: Reader<T>): Reader<T> {
  return (c, i) => {
    const a = left(c, i)
    if (a === false) return false
    const b = right(c, i)
    return b === false ? false : a === null || b === null ? null : true
  }
}

function or<T>(left: Reader<T>, right: Reader<T>): Reader<T> {
  return (c, i) => {
    const a = left(c, i)
    if (a === true) return true
    const b = right(c, i)
    return b === true ? true : a === null || b === null ? null : false
  }
}

const CALCULATE: Record<ArithmeticOperator, (a: number, b: number) => number | null> = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': (a, b) => (b === 0 ? null : a / b),
  '%': (a, b) => (b === 0 ? null : a % b),
}

function arithmetic<T>(operator: ArithmeticOperator, left: Reader<T>, right: Reader<T>): Reader<T> {
  const calculate = CALCULATE[operator]
  return (c, i) => {
    const a = left(c, i)
    const b = right(c, i)
    return a === null || b === null ? null : calculate(a as number, b as number)
  }
}

const COMPARE: Record<ComparisonOperator, (a: NonNullable<Value>, b: NonNullable<Value>) => boolean> = {
  '=': (a, b) => a === b,
  '!=': (a, b) => a !== b,
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
}

function comparison<T>(operator: ComparisonOperator, left: Reader<T>, right: Reader<T>): Reader<T> {
  const compare = COMPARE[operator]
  return (c, i) => {
    const a = left(c, i)
    const b = right(c, i)
    return a === null || b === null ? null : compare(a, b)
  }
}

function isIn<T>(x: Reader<T>, items: Reader<T>[]): Reader<T> {
  return (c, i) => {
    const value = x(c, i)
    if (value === null) return null
    let sawNull = false
    for (const item of items) {
      const candidate = item(c, i)
      if (candidate === value) return true
      if (candidate === null) sawNull = true
    }
    return sawNull ? null : false
  }
}
