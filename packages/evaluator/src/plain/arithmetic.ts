import type { Arithmetic } from '../form/steps.ts'
import { each, floating, rounding, type Value, zeros } from './value.ts'

/** Element by element with another value or with constants, rounded to the type of the first value. */
export function arithmetic({ operator, constant, left }: Arithmetic, [of, other]: readonly Value[], rows: number): Value {
  const round = rounding(floating(of!))
  const operate = OPERATORS[operator]
  if (!operate) throw new TypeError(`no plain way is known for ${operator}`)
  const second = other ?? { width: constant!.length, data: Float64Array.from(constant!, round) }
  const width = Math.max(of!.width, second.width)
  const result = zeros(of!.type, rows, width)
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < width; column++) {
      const x = Number(each(rowOf(of!, row), column))
      const y = Number(each(other ? rowOf(other, row) : (second.data as Float64Array), column))
      result.data[row * width + column] = round(left ? operate(y, x) : operate(x, y))
    }
  }
  return result
}

function rowOf({ data, width }: Value, row: number): ArrayLike<number> {
  return data.subarray(row * width, (row + 1) * width) as ArrayLike<number>
}

const OPERATORS: { readonly [O in Arithmetic['operator']]?: (x: number, y: number) => number } = {
  add: (x, y) => x + y,
  sub: (x, y) => x - y,
  mul: (x, y) => x * y,
  div: (x, y) => x / y,
}
