import { type DataType, INTEGER_RANGES, isBigInteger, isFloat, isInteger } from '@fairlead/contract'
import { allocate, floatLimit, type TableColumn, type TensorData } from '../inference/index.ts'

type Dense = NonNullable<TableColumn['dense']>
type Numbers = Float64Array

/**
 * A column of numbers as one of another type, by the rules for single values: what fits is converted, floats of fewer digits are rounded.
 * `undefined` where a value does not fit, or the types do not: then values are looked at one by one.
 */
export function denseAs({ type: from, data, nulls }: Dense, to: DataType, rows: number): Dense | undefined {
  if (from === to) return { type: to, data, ...(nulls ? { nulls } : {}) }
  const converted = convert(from, to, { data, nulls, rows })
  return converted && { type: to, data: converted, ...(nulls ? { nulls } : {}) }
}

interface Values {
  data: TensorData
  nulls: Uint8Array | undefined
  rows: number
}

function convert(from: DataType, to: DataType, values: Values): TensorData | undefined {
  if (from === 'float16' || to === 'float16' || from === 'bool' || to === 'bool' || from === 'string' || to === 'string') return undefined
  if (isFloat(to)) return toFloat(to, values)
  if (!isInteger(from) || !isInteger(to)) return undefined
  return toInteger(to, isBigInteger(from), values)
}

function toFloat(to: 'float32' | 'float64' | DataType, { data, nulls, rows }: Values): TensorData | undefined {
  const limit = floatLimit(to)
  const made = allocate(to, rows) as Numbers
  for (let row = 0; row < rows; row++) {
    const x = Number(data[row])
    // what is not finite is taken, and what is finite and too large is not
    if ((x >= limit || x <= -limit) && Number.isFinite(x) && nulls?.[row] !== 1) return undefined
    made[row] = x
  }
  return made
}

function toInteger(to: keyof typeof INTEGER_RANGES, fromBig: boolean, { data, nulls, rows }: Values): TensorData | undefined {
  const [low, high] = INTEGER_RANGES[to]
  const made = allocate(to, rows)
  if (isBigInteger(to)) {
    const big = made as BigInt64Array
    for (let row = 0; row < rows; row++) {
      const x = BigInt(data[row] as number)
      if ((x < low || x > high) && nulls?.[row] !== 1) return undefined
      big[row] = x
    }
    return made
  }
  const numbers = made as Numbers
  const [least, most] = [Number(low), Number(high)]
  for (let row = 0; row < rows; row++) {
    const x = fromBig ? Number(data[row]) : (data[row] as number)
    if (!(x >= least && x <= most) && nulls?.[row] !== 1) return undefined
    numbers[row] = x
  }
  return made
}
