import type { ArithmeticOperator, ComparisonOperator } from './ast.ts'
import { logical } from './conditionals.ts'
import { ADD, divide, divideBy, MULTIPLY, modulo, negate, SUBTRACT } from './loops/arithmetic.ts'
import { BOOLEANS, type Comparisons, INTEGERS, NUMBERS, TEXTS, TURNED } from './loops/comparison.ts'
import { addIntegers, moduloIntegers, multiplyIntegers, negateIntegers, subtractIntegers, toNumbers } from './loops/integers.ts'
import { binary, type CheckedBinaryLoop, checked, checkedBinary, node, unary } from './node.ts'
import { constant, type Operand, type ValueType } from './operand.ts'

const ON_NUMBERS = { '+': ADD, '-': SUBTRACT, '*': MULTIPLY }
const ON_INTEGERS: Record<'+' | '-' | '*' | '%', CheckedBinaryLoop<'integer', 'integer'>> = {
  '+': addIntegers,
  '-': subtractIntegers,
  '*': multiplyIntegers,
  '%': moduloIntegers,
}

/** Arithmetic of two operands of one type, numbers or whole numbers; `/` is of numbers only. */
export function arithmetic(operator: ArithmeticOperator, slot: number, [a, b]: readonly [Operand, Operand]): Operand {
  if (a.type === 'integer' && operator !== '/') {
    return checkedBinary('integer', slot, [a as Operand<'integer'>, b as Operand<'integer'>], ON_INTEGERS[operator])
  }
  const sides: [Operand<'number'>, Operand<'number'>] = [a as Operand<'number'>, b as Operand<'number'>]
  if (operator === '%') return checkedBinary('number', slot, sides, modulo)
  if (operator !== '/') return binary('number', slot, sides, ON_NUMBERS[operator])
  const divisor = b.constant as number | undefined
  if (divisor === undefined) return checkedBinary('number', slot, sides, divide)
  if (divisor === 0) return constant('number', null)
  return node({ type: 'number', slot, operands: [a] }, ({ out }, tile) => {
    a.run(tile)
    divideBy(out, a.data as Float64Array, divisor, tile.count)
    return a.nulls
  })
}

export function negative(slot: number, operand: Operand): Operand {
  if (operand.type === 'integer') return checked('integer', slot, operand as Operand<'integer'>, negateIntegers)
  return unary('number', slot, operand as Operand<'number'>, negate)
}

const COMPARISONS = { number: NUMBERS, integer: INTEGERS, text: TEXTS, boolean: BOOLEANS, time: NUMBERS }

/** Compares two operands of one type. */
export function comparison(operator: ComparisonOperator, slot: number, [a, b]: readonly [Operand, Operand]): Operand<'boolean'> {
  if (a.constant === null || b.constant === null) return constant('boolean', null)
  if (a.constant !== undefined && b.constant === undefined) return comparison(TURNED[operator], slot, [b, a])
  if (a.type === 'integer' && isSafe(b.constant)) {
    // a safe whole number is on the same side of the nearest double of one that is not
    const number = unary('number', slot, a as Operand<'integer'>, toNumbers)
    return comparison(operator, slot, [number, constant('number', Number(b.constant))])
  }
  const loops = COMPARISONS[a.type] as Comparisons<ValueType>
  if (operator !== '>' && operator !== '>=') return binary('boolean', slot, [a, b], loops[operator])
  const { right } = loops[operator]
  if (right && b.constant !== undefined) return binary('boolean', slot, [a, b], { each: unreachable, right })
  // the operands change places in the loop alone: what is computed first has the lower slot
  const { each } = loops[operator === '>' ? '<' : '<=']
  return binary('boolean', slot, [a, b], { each: (out, x, y, count) => each(out, y, x, count) })
}

function isSafe(value: unknown): value is bigint {
  return typeof value === 'bigint' && Number.isSafeInteger(Number(value))
}

function unreachable(): never {
  throw new Error('a comparison without a loop')
}

/** Whether it is one of the items. All of one type; the operand runs once. */
export function membership(slot: number, operand: Operand, items: readonly Operand[]): Operand<'boolean'> {
  const known = items.filter((item) => item.constant !== undefined)
  const parts: Operand<'boolean'>[] = []
  if (known.length > 3) parts.push(inSet(slot + 1, operand, known))
  for (const item of known.length > 3 ? items.filter((other) => other.constant === undefined) : items) {
    parts.push(comparison('=', slot + (parts.length === 0 ? 1 : 2), [operand, item]))
  }
  let whole = parts[0]!
  for (const [i, part] of parts.slice(1).entries()) whole = logical('or', i === parts.length - 2 ? slot : slot + 1, [whole, part])
  return parts.length === 1 ? moved(slot, whole) : whole
}

/** The same truth values in the register of another slot. */
function moved(slot: number, operand: Operand<'boolean'>): Operand<'boolean'> {
  return node({ type: 'boolean', slot, operands: [operand] }, ({ out }, tile) => {
    operand.run(tile)
    for (let i = 0; i < tile.count; i++) out[i] = operand.data[i]!
    return operand.nulls
  })
}

function inSet(slot: number, operand: Operand, items: readonly Operand[]): Operand<'boolean'> {
  // SameValueZero finds NaN, which equals nothing here
  const values = new Set<unknown>(items.map((item) => item.constant).filter((value) => value !== null && !Number.isNaN(value)))
  const hasNull = items.some((item) => item.constant === null)
  if (operand.type === 'boolean') for (const value of [...values]) values.add(value === true ? 1 : 0)
  return node({ type: 'boolean', slot, operands: [operand], nullable: hasNull }, ({ out, marks }, tile) => {
    const { count } = tile
    operand.run(tile)
    const { data } = operand
    for (let i = 0; i < count; i++) out[i] = +values.has(data[i])
    if (!hasNull) return operand.nulls
    // what is not found may be what the null stands for
    const own = marks.own()
    for (let i = 0; i < count; i++) own[i] = out[i]! ^ 1
    return marks.also(operand.nulls, undefined, count)
  })
}
