import type { InputColumn } from '@fairlead/contract'
import type { ModelFacts } from '@fairlead/contract/control'
import { formatLimit } from '../format/number.ts'

type Known = NonNullable<ModelFacts['known']>[number]

/** Values that are listed. */
const MOST_KNOWN = 50

function moreThan({ values, more }: Known): string {
  const rest = values.length + more - MOST_KNOWN
  return rest > 0 ? ` and ${rest} more` : ''
}

/** Allowed values of a column in words, without its unit. */
export function rangeOf(column: Pick<InputColumn, 'min' | 'max' | 'values'>, known?: Known): string {
  if (column.values && column.values.length > 0) return column.values.join(', ')
  if (known) return `knows ${known.values.slice(0, MOST_KNOWN).join(', ')}${moreThan(known)}`
  if (column.min !== undefined && column.max !== undefined) return `${formatLimit(column.min)} to ${formatLimit(column.max)}`
  if (column.min !== undefined) return `at least ${formatLimit(column.min)}`
  return column.max === undefined ? 'any' : `at most ${formatLimit(column.max)}`
}
