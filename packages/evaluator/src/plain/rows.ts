import type { Lookup, Normalize, OneHot, Reduce } from '../form/steps.ts'
import { floating, put, rounding, type Value, zeros } from './value.ts'

type Round = (x: number) => number

/** Each row divided by its norm. */
export function normalize({ norm }: Normalize, [of]: readonly Value[], rows: number): Value {
  const round = rounding(floating(of!))
  const result = zeros(of!.type, rows, of!.width)
  for (let row = 0; row < rows; row++) {
    const from = row * of!.width
    const numbers = Array.from(of!.data.subarray(from, from + of!.width) as Float64Array)
    const size = NORMS[norm](numbers, round)
    for (const [at, x] of numbers.entries()) result.data[from + at] = size === 0 ? x : round(x / size)
  }
  return result
}

const NORMS: Readonly<Record<Normalize['norm'], (row: readonly number[], round: Round) => number>> = {
  l1: (row, round) => row.reduce((sum, x) => round(sum + Math.abs(x)), 0),
  l2: (row, round) => round(Math.sqrt(row.reduce((sum, x) => round(sum + round(x * x)), 0))),
  max: (row) => row.reduce((most, x) => Math.max(most, Math.abs(x)), 0),
}

/** The columns of a row, or of each group of them, to one. */
export function reduce({ function: name, groups = 1 }: Reduce, [of]: readonly Value[], rows: number): Value {
  const size = of!.width / groups
  const result = zeros(of!.type, rows, groups)
  const round = rounding(floating(of!))
  for (let group = 0; group < rows * groups; group++) {
    result.data[group] = REDUCE[name](Array.from(of!.data.subarray(group * size, (group + 1) * size) as Float64Array), round)
  }
  return result
}

const REDUCE: Readonly<Record<Reduce['function'], (row: readonly number[], round: Round) => number>> = {
  sum,
  mean: (row, round) => round(sum(row, round) / row.length),
  min: (row) => row.reduce((least, x) => Math.min(least, x)),
  max: (row) => row.reduce((most, x) => Math.max(most, x)),
  l1: NORMS.l1,
  l2: NORMS.l2,
  sumsquare: (row, round) => row.reduce((total, x) => round(total + round(x * x)), 0),
  prod: (row, round) => row.reduce((product, x) => round(product * x), 1),
}

function sum(row: readonly number[], round: Round): number {
  return row.reduce((total, x) => round(total + x), 0)
}

/** One column to one for each category. Throws RangeError for a row that none fits, where that is an error. */
export function onehot({ categories, unknown, to }: OneHot, [of]: readonly Value[], rows: number): Value {
  const result = zeros(to, rows, categories.length)
  for (let row = 0; row < rows; row++) {
    const x = of!.data[row]!
    let met = false
    for (const [at, category] of categories.entries()) {
      if (!same(x, category, of!.type === 'f32')) continue
      result.data[row * categories.length + at] = 1
      met = true
    }
    if (!met && unknown === 'error') throw new RangeError(`row ${row}: ${x} is none of the categories`)
  }
  return result
}

/** Each element by a table; the first of equal keys counts. */
export function lookup({ keys, values, otherwise, to }: Lookup, [of]: readonly Value[], rows: number): Value {
  const result = zeros(to, rows, of!.width)
  for (const [at, x] of of!.data.entries()) {
    const found = keys.findIndex((key) => same(x, key, of!.type === 'f32'))
    put(result, at, found < 0 ? otherwise : values[found]!)
  }
  return result
}

/** Whether an element is this number; NaN is NaN here. */
function same(x: number | bigint, number: number, single: boolean): boolean {
  if (typeof x === 'bigint') return Number.isSafeInteger(number) && x === BigInt(number)
  const wanted = single ? Math.fround(number) : number
  return x === wanted || (Number.isNaN(x) && Number.isNaN(wanted))
}
