import type { ElementType } from '../../form/element.ts'
import type { Arithmetic, Compare, Unary, Where } from '../../form/steps.ts'
import { CannotRun } from '../cannot-run.ts'
import { BYTES, type Made, type Slot, type Workbench } from '../workbench.ts'
import { bitsOf } from './columns.ts'

// the places of names are those of the kernels' switches
const ARITHMETIC: readonly Arithmetic['operator'][] = ['add', 'sub', 'mul', 'div', 'min', 'max', 'pow', 'mod']
const COMPARE: readonly Compare['operator'][] = ['lt', 'le', 'gt', 'ge', 'eq', 'ne', 'and', 'or', 'xor']
const UNARY: readonly Unary['function'][] = [
  'neg',
  'abs',
  'sign',
  'relu',
  'floor',
  'ceil',
  'round',
  'reciprocal',
  'sqrt',
  'exp',
  'log',
  'tanh',
  'sigmoid',
  'erf',
]
/** What whole numbers have of them. */
const WHOLE: ReadonlySet<string> = new Set(['add', 'sub', 'mul', 'min', 'max', 'neg', 'abs', 'sign', 'relu'])

/** One side of an operation: where its first element lies, and the bytes to the next row and to the next column. */
interface Side {
  readonly slot: { readonly at: number }
  readonly row: number
  readonly step: number
}

function sideOf(slot: Slot, width: number): Side {
  const bytes = BYTES[slot.type]
  if (slot.width !== width && slot.width !== 1) throw new CannotRun(`${slot.width} columns beside ${width}`)
  return { slot, row: slot.width * bytes, step: slot.width === 1 ? 0 : bytes }
}

function constants(bench: Workbench, type: ElementType, numbers: readonly number[]): Side {
  if (type === 'bool') return { slot: { at: bench.arena.place(Uint8Array.from(numbers)) }, row: 0, step: numbers.length === 1 ? 0 : 1 }
  const at = bench.constants(type === 'text' ? 'i32' : type, numbers)
  return { slot: { at }, row: 0, step: numbers.length === 1 ? 0 : BYTES[type] }
}

/** Both sides in their order, and the columns of the result. */
function sidesOf({ of, constant, left }: Arithmetic | Compare, bench: Workbench): { a: Side; b: Side; width: number; type: ElementType } {
  const first = bench.value(of[0])
  const second = of.length === 2 ? bench.value(of[1]) : undefined
  const width = Math.max(first.width, second ? second.width : constant!.length)
  const one = sideOf(first, width)
  const other = second ? sideOf(second, width) : constants(bench, first.type, constant!)
  return { a: left ? other : one, b: left ? one : other, width, type: first.type }
}

/** Element by element with another value or with constants. */
export function arithmetic(step: Arithmetic, bench: Workbench): Made {
  const { a, b, width, type } = sidesOf(step, bench)
  const floating = type === 'f32' || type === 'f64'
  if (type === 'text' || type === 'bool' || (!floating && !WHOLE.has(step.operator))) throw new CannotRun(`${step.operator} of ${type}`)
  const kernel = bench.kernels[`arithmetic_${type}`]
  const name = ARITHMETIC.indexOf(step.operator)
  const result = bench.slot(type, width)
  return { result, run: (rows) => kernel(name, rows, width, a.slot.at, a.row, a.step, b.slot.at, b.row, b.step, result.at) }
}

/** Element by element; the result is a bool. */
export function compare(step: Compare, bench: Workbench): Made {
  const { a, b, width, type } = sidesOf(step, bench)
  const logical = step.operator === 'and' || step.operator === 'or' || step.operator === 'xor'
  if (logical !== (type === 'bool') && step.operator !== 'eq' && step.operator !== 'ne') throw new CannotRun(`${step.operator} of ${type}`)
  const kernel = bench.kernels[`compare_${type === 'text' ? 'i32' : type}`]
  const name = COMPARE.indexOf(step.operator)
  const result = bench.slot('bool', width)
  return { result, run: (rows) => kernel(name, rows, width, a.slot.at, a.row, a.step, b.slot.at, b.row, b.step, result.at) }
}

/** A function of each element. */
export function unary(step: Unary, bench: Workbench): Made {
  const source = bench.value(step.of[0])
  const { type, width } = source
  const floating = type === 'f32' || type === 'f64'
  if (step.function === 'not' || step.function === 'isnan') return test(step.function, source, bench)
  if (type === 'text' || type === 'bool' || (!floating && !WHOLE.has(step.function))) throw new CannotRun(`${step.function} of ${type}`)
  const kernel = bench.kernels[`unary_${type}`]
  const name = UNARY.indexOf(step.function)
  const result = bench.slot(type, width)
  return { result, run: (rows) => kernel(name, rows * width, source.at, result.at) }
}

function test(name: 'not' | 'isnan', source: Slot, bench: Workbench): Made {
  const { type, width } = source
  if (name === 'not' ? type !== 'bool' : type !== 'f32' && type !== 'f64') throw new CannotRun(`${name} of ${type}`)
  const kernel = name === 'not' ? bench.kernels.not_bool : bench.kernels[`isnan_${type as 'f32' | 'f64'}`]
  const result = bench.slot('bool', width)
  return { result, run: (rows) => kernel(rows * width, source.at, result.at) }
}

/** The second value where the first holds, else the third. */
export function where(step: Where, bench: Workbench): Made {
  const slots = step.of.map((of) => bench.value(of))
  const width = Math.max(...slots.map((slot) => slot.width))
  const [test, a, b] = slots.map((slot) => sideOf(slot, width)) as [Side, Side, Side]
  const { type } = slots[1]!
  const kernel = bench.kernels[`where_${bitsOf(type)}`]
  const result = bench.slot(type, width)
  return {
    result,
    run: (rows) => kernel(rows, width, test.slot.at, test.row, test.step, a.slot.at, a.row, a.step, b.slot.at, b.row, b.step, result.at),
  }
}
