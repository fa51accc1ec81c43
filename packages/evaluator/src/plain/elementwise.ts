import type { ElementType } from '../form/element.ts'
import type { Arithmetic, Compare, Scale, Unary, Where } from '../form/steps.ts'
import { ARITHMETIC, COMPARE, unaryOf, WHOLE, WHOLE_UNARY } from './scalar.ts'
import { each, floating, rounding, type Value, zeros } from './value.ts'

/** `(x − offset) · factor` or `/ factor`, each operation rounded. */
export function scale({ offset, factor, divide }: Scale, [of]: readonly Value[], rows: number): Value {
  const round = rounding(floating(of!))
  const result = zeros(of!.type, rows, of!.width)
  for (const [at, x] of (of!.data as Float64Array).entries()) {
    const moved = round(x - round(each(offset, at % of!.width)))
    const by = round(each(factor, at % of!.width))
    result.data[at] = round(divide ? moved / by : moved * by)
  }
  return result
}

/** Element by element with another value or with constants. */
export function arithmetic(step: Arithmetic, of: readonly Value[], rows: number): Value {
  const [one, other, width] = operands(step, of)
  const { type } = of[0]!
  const result = zeros(type, rows, width)
  if (type === 'f32' || type === 'f64') {
    const round = rounding(type)
    for (let at = 0; at < rows * width; at++) result.data[at] = round(ARITHMETIC[step.operator](one(at) as number, other(at) as number))
    return result
  }
  const whole = WHOLE[step.operator]
  if (!whole || (type !== 'i64' && type !== 'i32')) throw new TypeError(`there is no ${step.operator} of ${type}`)
  for (let at = 0; at < rows * width; at++) putWhole(result, at, whole(BigInt(one(at)), BigInt(other(at))))
  return result
}

function putWhole({ data, type }: Value, at: number, whole: bigint): void {
  if (data instanceof BigInt64Array) data[at] = whole
  else data[at] = Number(BigInt.asIntN(type === 'i32' ? 32 : 64, whole))
}

/** Element by element; the result is a bool. */
export function compare(step: Compare, of: readonly Value[], rows: number): Value {
  const [one, other, width] = operands(step, of)
  const logical = step.operator === 'and' || step.operator === 'or' || step.operator === 'xor'
  if (logical !== (of[0]!.type === 'bool') && step.operator !== 'eq' && step.operator !== 'ne')
    throw new TypeError(`there is no ${step.operator} of ${of[0]!.type}`)
  const result = zeros('bool', rows, width)
  for (let at = 0; at < rows * width; at++) result.data[at] = COMPARE[step.operator](one(at), other(at)) ? 1 : 0
  return result
}

type Operand = (at: number) => number | bigint

/** Left and right operand of each element of the result, and its width. */
function operands({ constant, left }: Arithmetic | Compare, of: readonly Value[]): [Operand, Operand, number] {
  const [first, second] = of
  const width = Math.max(first!.width, second ? second.width : constant!.length)
  const one = elementOf(first!, width)
  const two = second ? elementOf(second, width) : constantOf(constant!, first!.type, width)
  return left ? [two, one, width] : [one, two, width]
}

function elementOf(value: Value, width: number): Operand {
  return value.width === width ? (at) => value.data[at]! : (at) => value.data[Math.floor(at / width)]!
}

/** The constants in the type of the value that they meet. */
function constantOf(constant: readonly number[], type: ElementType, width: number): Operand {
  if (type === 'i64') {
    const whole = constant.map(BigInt)
    return (at) => whole[whole.length === 1 ? 0 : at % width]!
  }
  const numbers = type === 'f32' ? constant.map(Math.fround) : constant
  return (at) => each(numbers, at % width)
}

/** A function of each element. */
export function unary({ function: name }: Unary, [of]: readonly Value[], rows: number): Value {
  const bool = name === 'not' || name === 'isnan'
  const result = zeros(bool ? 'bool' : of!.type, rows, of!.width)
  const whole = of!.type === 'i64' || of!.type === 'i32' ? WHOLE_UNARY[name] : undefined
  if ((name === 'not') !== (of!.type === 'bool')) throw new TypeError(`there is no ${name} of ${of!.type}`)
  if (whole) for (const [at, x] of of!.data.entries()) putWhole(result, at, whole(BigInt(x)))
  else if (name === 'not') for (const [at, x] of of!.data.entries()) result.data[at] = x === 0 ? 1 : 0
  else {
    const type = floating(of!)
    const one = name === 'isnan' ? (x: number) => (Number.isNaN(x) ? 1 : 0) : unaryOf(name, rounding(type))
    for (const [at, x] of (of!.data as Float64Array).entries()) result.data[at] = one(x)
  }
  return result
}

/** The second value where the first holds, else the third. */
export function where(_: Where, [test, yes, no]: readonly Value[], rows: number): Value {
  const width = Math.max(test!.width, yes!.width, no!.width)
  const result = zeros(yes!.type, rows, width)
  const [holds, one, other] = [elementOf(test!, width), elementOf(yes!, width), elementOf(no!, width)]
  for (let at = 0; at < rows * width; at++) (result.data as Float64Array)[at] = (holds(at) === 0 ? other(at) : one(at)) as number
  return result
}
