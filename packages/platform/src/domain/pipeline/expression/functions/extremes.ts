import { compareTexts } from '../loops/comparison.ts'
import { node } from '../node.ts'
import { type DataOf, type Operand, TILE_ROWS, type ValueType } from '../operand.ts'
import { define, type FunctionDefinition } from './definition.ts'

type Pick<D> = (out: D, a: D, b: D, count: number) => void

/** The greater of two; NaN where one is. */
const GREATER: { [T in ValueType]: Pick<DataOf[T]> } = {
  number: greaterNumbers,
  time: greaterNumbers,
  integer(out, a, b, count) {
    for (let i = 0; i < count; i++) out[i] = a[i]! > b[i]! ? a[i]! : b[i]!
  },
  boolean(out, a, b, count) {
    for (let i = 0; i < count; i++) out[i] = a[i]! | b[i]!
  },
  text(out, a, b, count) {
    for (let i = 0; i < count; i++) out[i] = compareTexts(a[i]!, b[i]!) >= 0 ? a[i]! : b[i]!
  },
}

function greaterNumbers(out: Float64Array, a: Float64Array, b: Float64Array, count: number): void {
  for (let i = 0; i < count; i++) out[i] = Math.max(a[i]!, b[i]!)
}

const LESS: { [T in ValueType]: Pick<DataOf[T]> } = {
  number: lessNumbers,
  time: lessNumbers,
  integer(out, a, b, count) {
    for (let i = 0; i < count; i++) out[i] = a[i]! < b[i]! ? a[i]! : b[i]!
  },
  boolean(out, a, b, count) {
    for (let i = 0; i < count; i++) out[i] = a[i]! & b[i]!
  },
  text(out, a, b, count) {
    for (let i = 0; i < count; i++) out[i] = compareTexts(a[i]!, b[i]!) <= 0 ? a[i]! : b[i]!
  },
}

function lessNumbers(out: Float64Array, a: Float64Array, b: Float64Array, count: number): void {
  for (let i = 0; i < count; i++) out[i] = Math.min(a[i]!, b[i]!)
}

const NO_NULLS = new Uint8Array(TILE_ROWS)

/** Null only where both are. */
function extreme<T extends ValueType>(pick: Pick<DataOf[T]>, slot: number, [a, b]: readonly [Operand<T>, Operand<T>]): Operand<T> {
  const made = node<T>({ type: a.type, slot, operands: [a, b] }, ({ out, marks }, tile) => {
    const { count } = tile
    a.run(tile)
    b.run(tile)
    if (!a.nulls && !b.nulls) {
      pick(out, a.data, b.data, count)
      return undefined
    }
    const [aNulls, bNulls] = [a.nulls ?? NO_NULLS, b.nulls ?? NO_NULLS]
    const own = marks.own()
    // where one is null, both are the other
    const [x, y] = [a.data.slice(0, count), b.data.slice(0, count)] as [DataOf[T], DataOf[T]]
    for (let i = 0; i < count; i++) {
      if (aNulls[i] === 1) x[i] = y[i]!
      else if (bNulls[i] === 1) y[i] = x[i]!
      own[i] = aNulls[i]! & bNulls[i]!
    }
    pick(out, x, y, count)
    return own
  })
  return Object.assign(made, { nullable: a.nullable && b.nullable })
}

function extremes(picks: typeof GREATER): FunctionDefinition {
  return define(
    ['alike', { type: 'alike', rest: true }],
    (values, slot) => values.reduce((a, b) => extreme(picks[a.type] as Pick<DataOf[ValueType]>, slot, [a, b])),
    { nullsMatter: true },
  )
}

export const EXTREME_FUNCTIONS: Record<string, FunctionDefinition> = { greatest: extremes(GREATER), least: extremes(LESS) }
