import { type ErrorCode, FairleadError } from '@fairlead/contract'
import { placeOf } from './refusals.ts'

/** The codes with which a session refuses a value: the fault of whoever sent it. */
type RefusalCode = Extract<ErrorCode, 'value-unknown' | 'value-missing'>
const CODES: readonly string[] = ['value-unknown', 'value-missing'] satisfies RefusalCode[]

const ROW = /^rows\[(\d+)\]/

/** A value that a session refuses: its row among those of the run, and the name of its column where that is known. */
export function refusedValue(code: RefusalCode, { row, name, detail }: { row: number; name?: string; detail: string }): FairleadError {
  const place = `rows[${row}]`
  return refusedAt(code, name === undefined ? place : placeOf(place, name), detail)
}

function refusedAt(code: ErrorCode, path: string, detail: string): FairleadError {
  return new FairleadError(code, `${path}: ${detail}`, { items: [{ path, code, detail }] })
}

/** Whether a session refused a value. */
export function refusesValue(error: unknown): error is FairleadError {
  return error instanceof FairleadError && CODES.includes(error.code)
}

/** The same error for a request of which `rows` rows were in runs before: it counts its rows from its own first. */
export function afterRows(error: unknown, rows: number): unknown {
  const [item] = refusesValue(error) ? error.items : []
  if (rows === 0 || !item) return error
  const path = item.path.replace(ROW, (_, row) => `rows[${Number(row) + rows}]`)
  return refusedAt(item.code, path, item.detail)
}
