import { ALL_ZEROS, kernels } from '../kernels/memory.ts'
import { ARITHMETIC } from '../kernels/nodes.ts'
import { compareTexts } from '../loops/comparison.ts'
import { node } from '../node.ts'
import { type DataOf, laid, type Operand, stepOf, type Tile, type ValueType } from '../operand.ts'
import { define, type FunctionDefinition } from './definition.ts'

type Name = 'greatest' | 'least'

/** Negative, 0 or positive; NaN where a number is NaN. */
function order(a: DataOf[ValueType][number], b: DataOf[ValueType][number]): number {
  if (typeof a === 'string') return compareTexts(a, b as string)
  const other = b as typeof a
  return a < other ? -1 : a > other ? 1 : a === other ? 0 : Number.NaN
}

/** Whether the first of two is the one that is looked for; NaN is, always. */
const WINS: Record<Name, (a: DataOf[ValueType][number], b: DataOf[ValueType][number]) => boolean> = {
  greatest: (a, b) => order(a, b) >= 0 || Number.isNaN(a),
  least: (a, b) => order(a, b) <= 0 || Number.isNaN(a),
}

/** Null only where both are. */
function extreme<T extends ValueType>(name: Name, slot: number, [a, b]: readonly [Operand<T>, Operand<T>]): Operand<T> {
  const wins = WINS[name]
  const quick = quickly(name, [a, b])
  return node<T>({ type: a.type, slot, operands: [a, b], nullable: a.nullable && b.nullable }, ({ out, to, marks }, tile) => {
    const { count } = tile
    a.run(tile)
    b.run(tile)
    if (!a.nulls && !b.nulls && quick) {
      quick(to, tile)
      return undefined
    }
    const [aNulls, bNulls] = [a.nulls ?? ALL_ZEROS, b.nulls ?? ALL_ZEROS]
    for (let i = 0; i < count; i++) {
      const takesA = bNulls[i] === 1 || (aNulls[i] === 0 && wins(a.data[i]!, b.data[i]!))
      out[i] = takesA ? a.data[i]! : b.data[i]!
      marks.own[i] = aNulls[i]! & bNulls[i]!
    }
    return a.nulls && b.nulls ? marks.own : undefined
  })
}

/** The kernel for numbers and times without nulls. */
function quickly<T extends ValueType>(name: Name, [a, b]: readonly [Operand<T>, Operand<T>]): ((to: number, tile: Tile) => void) | undefined {
  if (a.type !== 'number' && a.type !== 'time') return undefined
  const [x, y] = [laid(a as Operand<'number'>), laid(b as Operand<'number'>)]
  const [xStep, yStep] = [stepOf(x), stepOf(y)]
  return (to, tile) => {
    // constants are laid out; the others have run
    if (xStep === 0) x.run(tile)
    if (yStep === 0) y.run(tile)
    kernels.arithmetic(ARITHMETIC[name], to, x.address, xStep, y.address, yStep, tile.count)
  }
}

function extremes(name: Name): FunctionDefinition {
  return define(['alike', { type: 'alike', rest: true }], (values, slot) => values.reduce((a, b) => extreme(name, slot, [a, b])), { nullsMatter: true })
}

export const EXTREME_FUNCTIONS: Record<string, FunctionDefinition> = { greatest: extremes('greatest'), least: extremes('least') }
