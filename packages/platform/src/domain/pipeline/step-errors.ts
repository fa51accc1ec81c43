import { type ErrorCode, FairleadError, type ProblemItem } from '@fairlead/contract'

/** Where something stands in a pipeline: the step by its position from 0, its name, and the place inside it. */
export interface StepPlace {
  index: number
  step: string
  /** `burden`, `age.edges`; empty for the step as a whole. */
  at: string
}

/** `pipeline[2].derive.burden` */
export function pathOf({ index, step, at }: StepPlace): string {
  return `pipeline[${index}].${step}${at === '' ? '' : at.startsWith('[') ? at : `.${at}`}`
}

/** `pipeline-invalid` that names step, field and position. `cause` is the expression's own error. */
export function stepError(place: StepPlace, reason: string, cause?: FairleadError): FairleadError {
  const code: ErrorCode = cause?.code ?? 'pipeline-invalid'
  const inside = place.at === '' ? place.step : `${place.step}${place.at.startsWith('[') ? '' : '.'}${place.at}`
  return new FairleadError('pipeline-invalid', `step ${place.index + 1} of the pipeline (${inside}): ${reason}`, {
    items: [{ path: pathOf(place), code, detail: reason }],
    ...(cause ? { cause } : {}),
  })
}

/** Most rows that one refusal lists. */
const LISTED = 20

/** Refuses rows whose value a step cannot take: the code with paths like `rows[3].age`. */
export function refuseRows(code: ErrorCode, column: string, rows: readonly number[], detailOf: (row: number) => string): FairleadError {
  const items = rows.slice(0, LISTED).map((row): ProblemItem => ({ path: rowPath(row, column), code, detail: detailOf(row) }))
  const more = rows.length > 1 ? ` (and ${rows.length - 1} more)` : ''
  return new FairleadError(code, `${items[0]!.path}: ${items[0]!.detail}${more}`, { items })
}

function rowPath(row: number, column: string): string {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(column) ? `rows[${row}].${column}` : `rows[${row}][${JSON.stringify(column)}]`
}
