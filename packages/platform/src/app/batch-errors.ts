import { FairleadError } from '@fairlead/contract'
import { failureOf } from '../domain/batch/index.ts'
import type { ThrownError } from './batch-messages.ts'

/** An error for another process or thread. */
export function thrownOf(error: unknown): ThrownError {
  const items = error instanceof FairleadError ? error.items : []
  return { ...failureOf(error), items }
}

/** The same error on the other side. */
export function thrownAgain({ code, detail, items }: ThrownError): FairleadError {
  return new FairleadError(code, detail, { items })
}
