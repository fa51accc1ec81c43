import type { ArithmeticOperator, ComparisonOperator } from './ast.ts'
import { logical } from './conditionals.ts'
import { ALL_ONES, kernels } from './kernels/memory.ts'
import { ARITHMETIC, asNumbers, calculated, changed, compared, LOGIC, quotient, wholeProduct, wholeSum } from './kernels/nodes.ts'
import { TEXTS, TURNED } from './loops/comparison.ts'
import { moduloIntegers, multiplyIntegers, negateIntegers } from './loops/integers.ts'
import { modulo } from './loops/modulo.ts'
import { binary, checked, checkedBinary, node } from './node.ts'
import { constant, laid, type Operand } from './operand.ts'

const NAMES = { '+': ARITHMETIC.add, '-': ARITHMETIC.subtract, '*': ARITHMETIC.multiply }

type Pair<T extends Operand['type']> = readonly [Operand<T>, Operand<T>]

/** Arithmetic of two operands of one type, numbers or whole numbers; `/` is of numbers only. */
export function arithmetic(operator: ArithmeticOperator, slot: number, sides: readonly [Operand, Operand]): Operand {
  if (sides[0].type === 'integer' && operator !== '/') return ofIntegers(operator, slot, sides as Pair<'integer'>)
  const numbers = sides as Pair<'number'>
  if (operator === '%') return checkedBinary('number', slot, [...numbers], modulo)
  if (operator !== '/') return calculated(NAMES[operator], 'number', slot, numbers)
  return numbers[1].constant === 0 ? constant('number', null) : quotient(slot, numbers)
}

function ofIntegers(operator: Exclude<ArithmeticOperator, '/'>, slot: number, sides: Pair<'integer'>): Operand {
  if (operator === '*') return wholeProduct(slot, sides, multiplyIntegers)
  return operator === '%' ? checkedBinary('integer', slot, [...sides], moduloIntegers) : wholeSum(operator, slot, sides)
}

export function negative(slot: number, operand: Operand): Operand {
  if (operand.type === 'integer') return checked('integer', slot, operand as Operand<'integer'>, negateIntegers)
  return changed('negate', slot, operand as Operand<'number'>)
}

/** The opposite truth value. */
export function not(slot: number, operand: Operand<'boolean'>): Operand<'boolean'> {
  const a = laid(operand)
  return node({ type: 'boolean', slot, operands: [a] }, ({ to }, tile) => {
    a.run(tile)
    kernels.logic(LOGIC.differs, to, a.address, ALL_ONES.byteOffset, tile.count)
    return a.nulls
  })
}

/** Compares two operands of one type. */
export function comparison(operator: ComparisonOperator, slot: number, sides: readonly [Operand, Operand]): Operand<'boolean'> {
  const [a, b] = sides
  if (a.constant === null || b.constant === null) return constant('boolean', null)
  if (a.type === 'text') return ofTexts(operator, slot, sides as Pair<'text'>)
  if (a.type !== 'boolean') return compared(operator, slot, sides as Pair<'number'>)
  return ofTruths(operator, slot, sides as Pair<'boolean'>)
}

/** False is less than true: a kernel for each operator, whether its sides change places, and whether it answers the opposite. */
const TRUTHS: Record<ComparisonOperator, [name: number, turned: boolean, opposite: boolean]> = {
  '=': [LOGIC.differs, false, true],
  '!=': [LOGIC.differs, false, false],
  '<': [LOGIC.without, true, false],
  '<=': [LOGIC.without, false, true],
  '>': [LOGIC.without, false, false],
  '>=': [LOGIC.without, true, true],
}

function ofTruths(operator: ComparisonOperator, slot: number, sides: Pair<'boolean'>): Operand<'boolean'> {
  const [a, b] = [laid(sides[0]), laid(sides[1])]
  const [name, turned, opposite] = TRUTHS[operator]
  return node({ type: 'boolean', slot, operands: [a, b] }, ({ to, marks }, tile) => {
    const { count } = tile
    a.run(tile)
    b.run(tile)
    const [x, y] = turned ? [b.address, a.address] : [a.address, b.address]
    kernels.logic(name, to, x, y, count)
    if (opposite) kernels.logic(LOGIC.differs, to, to, ALL_ONES.byteOffset, count)
    return marks.either(a.nulls, b.nulls, count)
  })
}

function ofTexts(operator: ComparisonOperator, slot: number, [a, b]: Pair<'text'>): Operand<'boolean'> {
  if (a.constant !== undefined && b.constant === undefined) return ofTexts(TURNED[operator], slot, [b, a])
  if (operator !== '>' && operator !== '>=') return binary('boolean', slot, [a, b], TEXTS[operator])
  // the operands change places in the loop alone: what is computed first has the lower slot
  const { each } = TEXTS[operator === '>' ? '<' : '<=']
  return binary('boolean', slot, [a, b], { each: (out, x, y, count) => each(out, y, x, count) })
}

/** Whether it is one of the items. All of one type; the operand runs once. */
export function membership(slot: number, operand: Operand, items: readonly Operand[]): Operand<'boolean'> {
  const known = items.filter((item) => item.constant !== undefined)
  const many = known.length > (operand.type === 'text' ? 1 : 3)
  const parts: Operand<'boolean'>[] = []
  if (many) parts.push(inSet(slot + 1, operand, known))
  for (const item of many ? items.filter((other) => other.constant === undefined) : items) {
    parts.push(comparison('=', slot + (parts.length === 0 ? 1 : 2), [operand, item]))
  }
  let whole = parts[0]!
  for (const [i, part] of parts.slice(1).entries()) whole = logical('or', i === parts.length - 2 ? slot : slot + 1, [whole, part])
  return parts.length === 1 ? moved(slot, whole) : whole
}

/** The same truth values in the register of another slot. */
function moved(slot: number, operand: Operand<'boolean'>): Operand<'boolean'> {
  if (operand.constant !== undefined) return operand
  return node({ type: 'boolean', slot, operands: [operand] }, ({ to }, tile) => {
    operand.run(tile)
    kernels.logic(LOGIC.or, to, operand.address, operand.address, tile.count)
    return operand.nulls
  })
}

function inSet(slot: number, operand: Operand, items: readonly Operand[]): Operand<'boolean'> {
  // SameValueZero finds NaN, which equals nothing here
  const values = new Set<unknown>(items.map((item) => item.constant).filter((value) => value !== null && !Number.isNaN(value)))
  const hasNull = items.some((item) => item.constant === null)
  if (operand.type === 'boolean') for (const value of [...values]) values.add(value === true ? 1 : 0)
  return node({ type: 'boolean', slot, operands: [operand], nullable: hasNull || operand.nullable }, ({ out, marks }, tile) => {
    const { count } = tile
    operand.run(tile)
    const { data } = operand
    for (let i = 0; i < count; i++) out[i] = +values.has(data[i])
    if (!hasNull) return operand.nulls
    // what is not found may be what the null stands for
    for (let i = 0; i < count; i++) marks.own[i] = out[i]! ^ 1
    return marks.also(operand.nulls, undefined, count)
  })
}

/** A number of a whole number, and any other number as it is. */
export function numberOf(slot: number, operand: Operand): Operand<'number'> {
  return operand.type === 'integer' ? asNumbers(slot, operand as Operand<'integer'>) : (operand as Operand<'number'>)
}
