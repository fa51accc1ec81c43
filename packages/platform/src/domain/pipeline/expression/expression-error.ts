import { FairleadError } from '@fairlead/contract'

const CONTEXT = 60

/**
 * `expression-invalid` with the column (counted from 1) and a line that points at it.
 * `at` is an offset in `text`.
 */
export function expressionError(text: string, at: number, reason: string): FairleadError {
  const from = Math.max(0, at - CONTEXT)
  const snippet = text.slice(from, at + CONTEXT).replace(/[\r\n\t]/g, ' ')
  return new FairleadError('expression-invalid', `${reason} (column ${at + 1})\n  ${snippet}\n  ${' '.repeat(at - from)}^`)
}
