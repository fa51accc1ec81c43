import type { FairleadError } from '@fairlead/contract'
import type { Scope } from '../scope.ts'

/** A step whose parameters were neither written nor fitted. */
export function unfitted(scope: Scope, at: string, what: string): FairleadError {
  return scope.error(at, `it is not fitted: ${what} is missing. Write it, or have it learnt from data: fairlead pipeline fit`)
}
