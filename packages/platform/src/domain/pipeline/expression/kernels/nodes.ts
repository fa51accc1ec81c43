import type { ComparisonOperator } from '../ast.ts'
import { node } from '../node.ts'
import { laid, type Operand, stepOf } from '../operand.ts'
import { kernels } from './memory.ts'

type Wide = 'number' | 'integer' | 'time'

/** Names of the kernel `arithmetic`. */
export const ARITHMETIC = { add: 0, subtract: 1, multiply: 2, divide: 3, addWhole: 4, subtractWhole: 5, multiplyWhole: 6, least: 7, greatest: 8 } as const

/** Two operands, laid out for kernels. */
function both<T extends Wide>(sides: readonly [Operand<T>, Operand<T>]): readonly [Operand<T>, Operand<T>] {
  return [laid(sides[0]), laid(sides[1])]
}

/** Two numbers or times make one of the type. */
export function calculated<T extends 'number' | 'time'>(name: number, type: T, slot: number, sides: readonly [Operand<T>, Operand<T>]): Operand<T> {
  const [a, b] = both(sides)
  const [aStep, bStep] = [stepOf(a), stepOf(b)]
  return node<T>({ type, slot, operands: [a, b] }, ({ to, marks }, tile) => {
    a.run(tile)
    b.run(tile)
    kernels.arithmetic(name, to, a.address, aStep, b.address, bStep, tile.count)
    return marks.either(a.nulls, b.nulls, tile.count)
  })
}

/** A quotient, null where the divisor is 0. */
export function quotient(slot: number, sides: readonly [Operand<'number'>, Operand<'number'>]): Operand<'number'> {
  const [a, b] = both(sides)
  const [aStep, bStep] = [stepOf(a), stepOf(b)]
  return node({ type: 'number', slot, operands: [a, b], nullable: a.nullable || b.constant === undefined }, ({ to, marks }, tile) => {
    const { count } = tile
    a.run(tile)
    b.run(tile)
    const any = b.constant === undefined && kernels.zeros(marks.address, b.address, count) !== 0
    kernels.arithmetic(ARITHMETIC.divide, to, a.address, aStep, b.address, bStep, count)
    return any ? marks.also(a.nulls, b.nulls, count) : marks.either(a.nulls, b.nulls, count)
  })
}

/** A sum or difference of whole numbers, null where it does not fit in 64 bits. */
export function wholeSum(operator: '+' | '-', slot: number, sides: readonly [Operand<'integer'>, Operand<'integer'>]): Operand<'integer'> {
  const [a, b] = both(sides)
  const [aStep, bStep] = [stepOf(a), stepOf(b)]
  const name = operator === '+' ? ARITHMETIC.addWhole : ARITHMETIC.subtractWhole
  return node({ type: 'integer', slot, operands: [a, b], nullable: true }, ({ to, marks }, tile) => {
    const { count } = tile
    a.run(tile)
    b.run(tile)
    kernels.arithmetic(name, to, a.address, aStep, b.address, bStep, count)
    const any = kernels.overflows(name, marks.address, to, b.address, bStep, count) !== 0
    return any ? marks.also(a.nulls, b.nulls, count) : marks.either(a.nulls, b.nulls, count)
  })
}

/** A product of whole numbers; `exactly` computes it and marks where it does not fit, for tiles in which one may not. */
export function wholeProduct(
  slot: number,
  sides: readonly [Operand<'integer'>, Operand<'integer'>],
  exactly: (rows: { out: BigInt64Array; a: BigInt64Array; b: BigInt64Array; bad: Uint8Array; count: number }) => boolean,
): Operand<'integer'> {
  const [a, b] = both(sides)
  const [aStep, bStep] = [stepOf(a), stepOf(b)]
  return node({ type: 'integer', slot, operands: [a, b], nullable: true }, ({ out, to, marks }, tile) => {
    const { count } = tile
    a.run(tile)
    b.run(tile)
    if (kernels.small(a.address, aStep, count) & kernels.small(b.address, bStep, count)) {
      kernels.arithmetic(ARITHMETIC.multiplyWhole, to, a.address, aStep, b.address, bStep, count)
      return marks.either(a.nulls, b.nulls, count)
    }
    for (const side of sides) if (side.constant !== undefined) side.run(tile)
    const any = exactly({ out, a: sides[0].data, b: sides[1].data, bad: marks.clear(count), count })
    return any ? marks.also(a.nulls, b.nulls, count) : marks.either(a.nulls, b.nulls, count)
  })
}

const COMPARE: Record<ComparisonOperator, number> = { '=': 0, '!=': 1, '<': 2, '<=': 3, '>': 4, '>=': 5 }
const WHOLE = 6

/** Compares numbers, whole numbers or times. */
export function compared<T extends Wide>(operator: ComparisonOperator, slot: number, sides: readonly [Operand<T>, Operand<T>]): Operand<'boolean'> {
  const [a, b] = both(sides)
  const [aStep, bStep] = [stepOf(a), stepOf(b)]
  const name = COMPARE[operator] + (a.type === 'integer' ? WHOLE : 0)
  return node({ type: 'boolean', slot, operands: [a, b] }, ({ to, marks }, tile) => {
    a.run(tile)
    b.run(tile)
    kernels.compare(name, to, a.address, aStep, b.address, bStep, tile.count)
    return marks.either(a.nulls, b.nulls, tile.count)
  })
}

/** Names of the kernel `logic`. */
export const LOGIC = { and: 0, or: 1, differs: 2, without: 3 } as const

/** Names of the kernel `change`. */
export const CHANGE = { negate: 0, abs: 1, sqrt: 2, floor: 3, ceil: 4, trunc: 5, round: 6 } as const

/** A function of a number that has an answer for each. */
export function changed(name: keyof typeof CHANGE, slot: number, x: Operand<'number'>): Operand<'number'> {
  const a = laid(x)
  return node({ type: 'number', slot, operands: [a] }, ({ to }, tile) => {
    a.run(tile)
    kernels.change(CHANGE[name], to, a.address, tile.count)
    return a.nulls
  })
}

/** A kernel of one operand that marks rows without an answer; says whether there are any. */
type CheckedKernel = (to: number, marks: number, a: number, count: number) => number

/** Kernels that some numbers have no answer of. */
export const CHECKED = {
  ln: kernels.logarithms,
  sqrt(to, marks, a, count) {
    const any = kernels.negatives(marks, a, count)
    kernels.change(CHANGE.sqrt, to, a, count)
    return any
  },
} satisfies Record<string, CheckedKernel>

/** Null where the operand is, and where the kernel marks it. */
export function checkedKernel(kernel: CheckedKernel, slot: number, x: Operand<'number'>): Operand<'number'> {
  const a = laid(x)
  return node({ type: 'number', slot, operands: [a], nullable: true }, ({ to, marks }, tile) => {
    a.run(tile)
    const any = kernel(to, marks.address, a.address, tile.count) !== 0
    return any ? marks.also(a.nulls, undefined, tile.count) : a.nulls
  })
}

/** e to the power of a number. */
export function powers(slot: number, x: Operand<'number'>): Operand<'number'> {
  const a = laid(x)
  return node({ type: 'number', slot, operands: [a] }, ({ to }, tile) => {
    a.run(tile)
    kernels.powers(to, a.address, tile.count)
    return a.nulls
  })
}

/** Whole numbers as the nearest doubles. */
export function asNumbers(slot: number, x: Operand<'integer'>): Operand<'number'> {
  const a = laid(x)
  return node({ type: 'number', slot, operands: [a] }, ({ to }, tile) => {
    a.run(tile)
    kernels.toNumbers(to, a.address, tile.count)
    return a.nulls
  })
}
