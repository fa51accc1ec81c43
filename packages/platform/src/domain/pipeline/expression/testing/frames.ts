import type { Column, ColumnSpec, ColumnType, Frame } from '../../columns.ts'
import { compileColumns } from '../compile-columns.ts'

/** A value of a row as tests write it: whole numbers of 64 bits as bigint, times as `Date`. */
export type RowValue = number | bigint | string | boolean | Date | null

/** Columns by name, with a type each. */
export type Types = Record<string, ColumnType>

/** A column of values; nulls hold what nobody should look at. */
export function columnOf(type: ColumnType, values: readonly RowValue[]): Column {
  const nulls = values.some((value) => value === null) ? Uint8Array.from(values, (value) => +(value === null)) : undefined
  const rest = nulls ? { nulls } : {}
  if (type === 'text') return { type, data: values.map((value) => (value === null ? 'nobody reads this' : String(value))), ...rest }
  if (type === 'boolean') return { type, data: Uint8Array.from(values, (value) => +(value !== false)), ...rest }
  if (type === 'integer') return { type, data: BigInt64Array.from(values, (value) => (value === null ? -77n : BigInt(value as bigint))), ...rest }
  if (type === 'time') return { type, data: Float64Array.from(values, (value) => (value === null ? 1e12 : (value as Date).getTime())), ...rest }
  return { type, data: Float64Array.from(values, (value) => (value === null ? -77 : (value as number))), ...rest }
}

/** The values of a column. */
export function valuesOf(column: Column): RowValue[] {
  return Array.from(column.data as ArrayLike<number | bigint | string>, (raw, i) => {
    if (column.nulls?.[i]) return null
    if (column.type === 'boolean') return raw === 1
    return column.type === 'time' ? new Date(raw as number) : raw
  })
}

export function specsOf(types: Types): ColumnSpec[] {
  return Object.entries(types).map(([name, type]) => ({ name, type, nullable: true }))
}

/** What an expression answers for rows; what a row does not name is null. */
export function evaluateRows(text: string, types: Types, rows: readonly Record<string, RowValue>[]): RowValue[] {
  const compiled = compileColumns(text, specsOf(types))
  const frame: Frame = Object.entries(types).map(([name, type]) =>
    columnOf(
      type,
      rows.map((row) => row[name] ?? null),
    ),
  )
  return valuesOf(compiled.evaluate(frame, rows.length))
}
