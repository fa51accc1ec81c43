import type { StepOptions } from '@fairlead/contract/control'
import { numbersFor } from '../column-memory.ts'
import type { Column } from '../columns.ts'
import type { Scope } from '../scope.ts'

/** `clip`: numbers below `min` become it, those above `max` likewise; the infinities too. Null stays null, NaN stays NaN. */
export function compileClip(columns: StepOptions<'clip'>, scope: Scope): void {
  for (const [name, { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY, into }] of Object.entries(columns)) {
    const { place, spec } = scope.use(name, name, ['number', 'integer'])
    if (min > max) throw scope.error(`${name}.min`, `the smallest value ${min} is above the largest, ${max}`)
    if (min === Number.NEGATIVE_INFINITY && max === Number.POSITIVE_INFINITY) throw scope.error(name, '`min` or `max` is needed')
    if (spec.type === 'integer' && Math.ceil(min) > Math.floor(max)) throw scope.error(name, `there is no whole number from ${min} to ${max}`)
    const clip = spec.type === 'integer' ? clipIntegers(min, max) : clipNumbers(min, max)
    scope.put({ name: into ?? name, type: spec.type, nullable: spec.nullable }, { uses: [place], compute: (frame, rows) => clip(frame[place]!, rows) })
  }
}

function clipNumbers(min: number, max: number) {
  return (column: Column, rows: number): Column => {
    const { data: from } = column as Column & { type: 'number' }
    const data = numbersFor(rows)
    for (let row = 0; row < rows; row++) {
      const value = from[row]!
      data[row] = value < min ? min : value > max ? max : value
    }
    return { type: 'number', data, nulls: column.nulls }
  }
}

const LEAST = -(2n ** 63n)
const MOST = 2n ** 63n - 1n

function bound(value: number): bigint {
  if (value <= Number(LEAST)) return LEAST
  return value >= Number(MOST) ? MOST : BigInt(value)
}

function clipIntegers(min: number, max: number) {
  const [low, high] = [bound(Math.ceil(min)), bound(Math.floor(max))]
  return (column: Column, rows: number): Column => {
    const { data: from } = column as Column & { type: 'integer' }
    const data = new BigInt64Array(rows)
    for (let row = 0; row < rows; row++) {
      const value = from[row]!
      data[row] = value < low ? low : value > high ? high : value
    }
    return { type: 'integer', data, nulls: column.nulls }
  }
}
