import type { DataType } from '@fairlead/contract'
import type { Column, ColumnType } from './columns.ts'

/** What steps know a value of a tensor as. */
export function columnTypeOf(type: DataType): Exclude<ColumnType, 'time' | 'vector'> {
  if (type === 'string') return 'text'
  if (type === 'bool') return 'boolean'
  return type === 'int64' || type === 'uint64' ? 'integer' : 'number'
}

/** Types in words, for messages. */
export const COLUMN_WORDS: Record<ColumnType, string> = {
  number: 'a number',
  integer: 'a whole number',
  text: 'a text',
  boolean: 'a truth value',
  time: 'a time',
  vector: 'an array',
}

/** The values of a column of numbers, whole numbers, truth values or times as doubles; those of other types have none. */
export function numbersOf(column: Column): Float64Array {
  if (column.type === 'number' || column.type === 'time' || column.type === 'vector') return column.data
  const { data } = column
  const numbers = new Float64Array(data.length)
  for (let i = 0; i < numbers.length; i++) numbers[i] = Number(data[i])
  return numbers
}

/** The values as texts, by which categories are told apart: whole numbers without a point, truth values as `true` and `false`. */
export function textsOf(column: Column): readonly string[] {
  if (column.type === 'text') return column.data
  const { data, type } = column
  const texts = new Array<string>(data.length)
  for (let i = 0; i < texts.length; i++) texts[i] = type === 'boolean' ? (data[i] === 0 ? 'false' : 'true') : String(data[i])
  return texts
}
