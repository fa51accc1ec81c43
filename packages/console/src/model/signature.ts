import type { InputColumn } from '@fairlead/contract'
import { formatLimit } from '../format/number.ts'

/** Allowed values of a column in words, without its unit. */
export function rangeOf(column: Pick<InputColumn, 'min' | 'max' | 'values'>): string {
  if (column.values && column.values.length > 0) return column.values.join(', ')
  if (column.min !== undefined && column.max !== undefined) return `${formatLimit(column.min)} to ${formatLimit(column.max)}`
  if (column.min !== undefined) return `at least ${formatLimit(column.min)}`
  return column.max === undefined ? 'any' : `at most ${formatLimit(column.max)}`
}
