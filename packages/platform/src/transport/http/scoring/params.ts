import type { InputColumn } from '@fairlead/contract'
import type { Table, TableColumn } from '../../../domain/inference/index.ts'
import { unfit } from './cast.ts'
import { isObject } from './frame.ts'

/**
 * A table with what a request says beside its rows: a column for each parameter that the model has and the request names. Names that it has not are
 * left alone, as MLflow does. Throws `value-type` for a parameter of another type that cannot be widened.
 */
export function withParams(table: Table, params: unknown, columns: readonly InputColumn[]): Table {
  const known = columns.filter(({ parameter }) => parameter)
  if (known.length === 0 || params === undefined || params === null) return table
  if (!isObject(params)) throw unfit('value-type', `Parameters must be a dictionary. Got type '${Array.isArray(params) ? 'list' : typeof params}'.`)
  const given = known.flatMap((column): TableColumn[] => {
    const value = Object.hasOwn(params, column.name) ? params[column.name] : null
    return value === null ? [] : [paramColumn(column, value)]
  })
  return { ...table, columns: [...table.columns, ...given] }
}

function paramColumn(column: InputColumn, value: unknown): TableColumn {
  const { name, shape = [] } = column
  const list = shape.length > 0
  const fits = list ? Array.isArray(value) && value.every((one) => fitsType(column, one)) : fitsType(column, value)
  if (!fits) {
    const what = `Incompatible type for param '${name}'. Can not safely convert ${JSON.stringify(value)?.slice(0, 100)} to ${list ? `a list of ${column.type}` : column.type}`
    throw unfit('value-type', `Invalid parameters found: {('${name}', "${what}")}`)
  }
  // the same for every row; a list of its own, since values are cast where they lie
  return { name, at: () => (Array.isArray(value) ? value.slice() : value) }
}

function fitsType({ type }: InputColumn, value: unknown): boolean {
  if (type === 'string') return typeof value === 'string'
  if (type === 'bool') return typeof value === 'boolean'
  if (typeof value === 'bigint') return true
  return typeof value === 'number' && (type.startsWith('float') || Number.isInteger(value))
}
