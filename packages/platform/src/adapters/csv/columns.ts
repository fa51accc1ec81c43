import { type DataType, INTEGER_RANGES, type InputColumn, isBigInteger, isFloat, isInteger } from '@fairlead/contract'
import { denseAs } from '../../domain/batch/index.ts'
import { type AnswerColumn, allocate, type TableColumn } from '../../domain/inference/index.ts'
import { fieldReader, otherNumber } from '../../kernel/csv-values.ts'
import { readFieldArray, type Spans } from './spans.ts'

/** How a field of a record is looked at. */
export const FIELD = { skip: 0, number: 1, text: 2 } as const

/** Numbers of one column in a batch; what is no plain number stands apart. */
export class NumberColumn {
  readonly column: InputColumn
  readonly values: Float64Array
  /** Whether a value that is off by less than what its type keeps may stand for it. */
  readonly rounded: boolean
  readonly #limited: boolean
  readonly #odd = new Map<number, unknown>()

  constructor(column: InputColumn, rows: number) {
    this.column = column
    this.values = new Float64Array(rows)
    this.#limited = column.min !== undefined || column.max !== undefined || column.values !== undefined
    this.rounded = column.type === 'float32' && !this.#limited
  }

  /** Takes a field that is no plain decimal: other numbers, words, nothing. */
  other(row: number, text: string): void {
    const { type } = this.column
    const value = text === '' ? null : otherNumber(text, { exact: isInteger(type), float: isFloat(type) })
    const number = typeof value === 'number' ? value : !this.#limited && isFloat(type) && value !== text ? Number(value) : undefined
    if (number !== undefined && value !== null) this.values[row] = number
    else if (value === 'NaN' && !this.#limited && isFloat(type)) this.values[row] = Number.NaN
    else this.#odd.set(row, value)
  }

  /** Forgets a row that is not taken after all. */
  drop(row: number): void {
    if (this.#odd.size > 0) this.#odd.delete(row)
  }

  clear(): void {
    this.#odd.clear()
  }

  at(row: number): unknown {
    const odd = this.#odd.get(row)
    if (odd !== undefined || this.#odd.has(row)) return odd
    const value = this.values[row]!
    return Number.isFinite(value) ? value : String(value)
  }

  table(rows: number): TableColumn {
    const { name } = this.column
    const dense = this.#dense(rows)
    return { name, at: (row) => this.at(row), ...(dense ? { dense } : {}) }
  }

  #dense(rows: number): TableColumn['dense'] {
    const { type } = this.column
    const nulls = this.#nulls(rows)
    if (nulls === 'other') return undefined
    if (isInteger(type)) return whole(this.values, { type, nulls, rows })
    return denseAs({ type: 'float64', data: this.values, ...(nulls ? { nulls } : {}) }, type, rows)
  }

  /** Rows without a value; `other` where some have something else than a number. */
  #nulls(rows: number): Uint8Array | undefined | 'other' {
    if (this.#odd.size === 0) return undefined
    const nulls = new Uint8Array(rows)
    for (const [row, value] of this.#odd) {
      if (value !== null) return 'other'
      nulls[row] = 1
      this.values[row] = 0
    }
    return nulls
  }
}

function whole(
  values: Float64Array,
  { type, nulls, rows }: { type: keyof typeof INTEGER_RANGES; nulls: Uint8Array | undefined; rows: number },
): TableColumn['dense'] {
  const [low, high] = INTEGER_RANGES[type].map(Number) as [number, number]
  const data = allocate(type, rows)
  const big = isBigInteger(type)
  for (let row = 0; row < rows; row++) {
    const x = values[row]!
    if (!Number.isSafeInteger(x) || x < low || x > high) return undefined
    if (big) (data as BigInt64Array)[row] = BigInt(x)
    else (data as Float64Array)[row] = x
  }
  return { type, data, ...(nulls ? { nulls } : {}) }
}

/** A column of texts, truth values or arrays, read when it is looked at. */
export function textTable(column: InputColumn, spans: Spans): TableColumn {
  const { name, type, shape = [], optional } = column
  if (shape.length > 0) return { name, at: (row) => readFieldArray(spans.text(row)) }
  if (type === 'string') return { name, at: (row) => (spans.isNothing(row) && optional === true ? null : spans.text(row)) }
  const read = fieldReader(type)
  return { name, at: (row) => (spans.isEmpty(row) ? null : read(spans.bytes, ...spans.inner(row))) }
}

/** A column of the file as it is written again. */
export function keptColumn(name: string, type: DataType, source: { spans: Spans; at: (row: number) => unknown; rows: number }): AnswerColumn {
  const { spans, at, rows } = source
  const data = allocate(type, rows)
  let nulls: Uint8Array | undefined
  const absent = (row: number) => {
    nulls ??= new Uint8Array(rows)
    nulls[row] = 1
  }
  for (let row = 0; row < rows; row++) {
    if (type === 'string') {
      if (spans.isNothing(row)) absent(row)
      else (data as string[])[row] = spans.text(row)
      continue
    }
    const value = at(row)
    // a value of another type is refused with its row, which is not written
    if (value === null || value === undefined) absent(row)
    else if (isBigInteger(type)) (data as BigInt64Array)[row] = typeof value === 'bigint' || Number.isInteger(value) ? BigInt(value as number) : 0n
    else (data as Float64Array)[row] = Number(value)
  }
  return { name, type, data, ...(nulls ? { nulls } : {}) }
}
