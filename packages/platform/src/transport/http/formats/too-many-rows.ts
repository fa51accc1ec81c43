import { FairleadError } from '@fairlead/contract'

/** A body has more rows than are taken; they were not counted to the end. */
export function tooManyRows(maxRows: number): FairleadError {
  return new FairleadError('rows-too-many', `more than ${maxRows} rows in one request, at most ${maxRows} are taken`)
}
