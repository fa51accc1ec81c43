import { FairleadError } from '@fairlead/contract'

const JSON_RANGE = /^\s*(?:application\/json|application\/\*|\*\/\*)\s*(;|$)/i
const REFUSED = /;\s*q\s*=\s*0(?:\.0{0,3})?\s*(;|$)/i

/** Refuses a request whose caller takes no JSON, which is all that predictions by rows are written in. Throws `not-acceptable`. */
export function checkAccept(accept: string | undefined): void {
  if (accept === undefined || accept === '*/*' || accept === 'application/json') return
  for (const range of accept.split(',')) if (JSON_RANGE.test(range) && !REFUSED.test(range)) return
  throw new FairleadError('not-acceptable', `predictions are written as application/json, and Accept is "${accept.slice(0, 100)}"`)
}
