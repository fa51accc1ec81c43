import type { Column } from '../columns.ts'
import { parseTime } from '../expression/index.ts'
import type { LookupFeature } from './options.ts'
import type { FeatureValue } from './service.ts'

/** Puts a value that is not null into a row; false where it is not of the column's type. */
type Put = (value: Exclude<FeatureValue, null>, row: number) => boolean

const LARGEST = 2n ** 63n

/** A column that is filled with what a service answered. */
export class FeatureColumn {
  readonly put: Put
  readonly #column: Column
  readonly #rows: number
  #nulls: Uint8Array | undefined

  constructor({ type }: Pick<LookupFeature, 'type'>, rows: number) {
    const { column, put } = columnOf(type, rows)
    this.#column = column
    this.#rows = rows
    this.put = put
  }

  /** Leaves a row without a value. */
  blank(row: number): void {
    this.#nulls ??= new Uint8Array(this.#rows)
    this.#nulls[row] = 1
  }

  get column(): Column {
    return this.#nulls ? { ...this.#column, nulls: this.#nulls } : this.#column
  }
}

function columnOf(type: LookupFeature['type'], rows: number): { column: Column; put: Put } {
  if (type === 'integer') {
    const data = new BigInt64Array(rows)
    return { column: { type, data }, put: (value, row) => putInteger(value, data, row) }
  }
  if (type === 'text') {
    const data = new Array<string>(rows).fill('')
    return { column: { type, data }, put: (value, row) => typeof value === 'string' && set(data, row, value) }
  }
  if (type === 'boolean') {
    const data = new Uint8Array(rows)
    return { column: { type, data }, put: (value, row) => typeof value === 'boolean' && set(data, row, Number(value)) }
  }
  const data = new Float64Array(rows)
  const read = type === 'time' ? timeOf : numberOf
  const put: Put = (value, row) => {
    const number = read(value)
    return number !== undefined && set(data, row, number)
  }
  return { column: { type, data }, put }
}

function set<T>(data: { [row: number]: T }, row: number, value: T): true {
  data[row] = value
  return true
}

function putInteger(value: FeatureValue, data: BigInt64Array, row: number): boolean {
  const whole = typeof value === 'bigint' ? value : typeof value === 'number' && Number.isSafeInteger(value) ? BigInt(value) : undefined
  return whole !== undefined && whole < LARGEST && whole >= -LARGEST && set(data, row, whole)
}

function numberOf(value: FeatureValue): number | undefined {
  if (typeof value === 'number') return value
  return typeof value === 'bigint' ? Number(value) : undefined
}

function timeOf(value: FeatureValue): number | undefined {
  return typeof value === 'string' ? parseTime(value) : numberOf(value)
}
