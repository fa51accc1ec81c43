import { numbersFor } from '../column-memory.ts'
import type { Column, ColumnType } from '../columns.ts'

type Scalar = string | number | boolean

/** Whether a row has no value: null, or a number that is none. */
export function isMissing(column: Column, row: number): boolean {
  return column.nulls?.[row] === 1 || (column.type === 'number' && Number.isNaN(column.data[row]))
}

/** Why a constant cannot stand in a column of a type; `undefined` where it can. */
export function constantFault(type: ColumnType, value: Scalar): string | undefined {
  if (type === 'text') return typeof value === 'string' ? undefined : `the column is a text, and ${value} is none; write it in quotes`
  if (type === 'boolean') return typeof value === 'boolean' ? undefined : `the column is a truth value, and ${JSON.stringify(value)} is neither true nor false`
  if (type === 'number') return typeof value === 'number' ? undefined : `the column is a number, and ${JSON.stringify(value)} is none`
  if (type === 'integer') return Number.isSafeInteger(value) ? undefined : `the column is a whole number, and ${JSON.stringify(value)} is none`
  return `nothing can stand for a missing ${type}`
}

/** Marks of the rows that have no value; absent where all have one. */
export function missingRows(column: Column, rows: number): Uint8Array | undefined {
  if (column.type !== 'number') return column.nulls
  let missing: Uint8Array | undefined
  for (let row = 0; row < rows; row++) {
    if (column.nulls?.[row] !== 1 && !Number.isNaN(column.data[row])) continue
    missing ??= new Uint8Array(rows)
    missing[row] = 1
  }
  return missing
}

function copied({ type, data }: Column, rows: number): Column['data'] {
  if (type !== 'number') return data.slice()
  const numbers = numbersFor(rows)
  numbers.set(data)
  return numbers
}

/** The column with a constant where it had no value. `value` fits its type, as `constantFault` says. */
export function filled(column: Column, value: Scalar, rows: number): Column {
  const missing = missingRows(column, rows)
  if (!missing) return column.nulls ? ({ ...column, nulls: undefined } as Column) : column
  const own = column.type === 'integer' ? BigInt(value as number) : column.type === 'boolean' ? Number(value) : value
  const data = copied(column, rows) as unknown as unknown[]
  for (let row = 0; row < rows; row++) if (missing[row] === 1) data[row] = own
  return { type: column.type, data } as unknown as Column
}
