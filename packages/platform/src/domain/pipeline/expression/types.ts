import { expressionError } from './expression-error.ts'
import { asNumbers } from './kernels/nodes.ts'
import { constant, type Operand, type ValueType } from './operand.ts'
import { parseTime } from './time-text.ts'

/** The types in words for messages. */
export const TYPE_WORDS: Record<ValueType, string> = {
  number: 'a number',
  integer: 'a whole number of 64 bits',
  text: 'a text',
  boolean: 'a truth value',
  time: 'a time',
}

/** The literal `null`, which goes with every type. */
export const NULL: Operand = constant<ValueType>('boolean', null)

/** An operand with the place in the text that made it and the register it may use. */
export interface Placed {
  operand: Operand
  at: number
  slot: number
}

/** An operand in words, for messages. */
export function words(operand: Operand): string {
  return operand === NULL ? 'null' : TYPE_WORDS[operand.type]
}

/** The operand as a value of the type, where it can be without a function: null, whole numbers as numbers, literals. `undefined` where it cannot. */
export function convert({ operand, at, slot }: Placed, type: ValueType, text: string): Operand | undefined {
  if (operand === NULL) return constant(type, null)
  if (operand.type === type) return operand
  if (operand.type === 'integer' && type === 'number') {
    const { constant: value } = operand as Operand<'integer'>
    if (value !== undefined) return constant('number', value === null ? null : Number(value))
    return asNumbers(slot, operand as Operand<'integer'>)
  }
  if (type === 'integer' && operand.whole !== undefined) return constant('integer', operand.whole)
  if (type === 'time' && operand.type === 'text' && typeof operand.constant === 'string') {
    const time = parseTime(operand.constant)
    if (time === undefined)
      throw expressionError(text, at, `'${operand.constant.slice(0, 40)}' is not a time; write it like 2026-01-31 or 2026-01-31T12:00:00Z`)
    return constant('time', time)
  }
  return undefined
}

/** The type that all operands can be. `undefined` for nulls alone; the operand that does not go with those before it, where there is none. */
export function commonType(operands: readonly Placed[]): { type: ValueType | undefined } | { odd: Placed; type: ValueType } {
  let type: ValueType | undefined
  let literals = true
  for (const placed of operands) {
    const { operand } = placed
    if (operand === NULL) continue
    const isLiteral = operand.whole !== undefined || (operand.type === 'text' && typeof operand.constant === 'string')
    const next = type === undefined ? operand.type : together({ type, literals }, { type: operand.type, literals: isLiteral })
    if (next === undefined) return { odd: placed, type: type! }
    literals &&= isLiteral
    type = next
  }
  return { type }
}

interface Side {
  type: ValueType
  /** Whether it is made of literals alone, which take the type of what they meet. */
  literals: boolean
}

function together(a: Side, b: Side): ValueType | undefined {
  if (a.type === b.type) return a.type
  for (const [x, y] of [
    [a, b],
    [b, a],
  ] as const) {
    if (x.type === 'integer' && y.type === 'number') return y.literals ? 'integer' : 'number'
    if (x.type === 'time' && y.type === 'text' && y.literals) return 'time'
  }
  return undefined
}
