import { FairleadError } from '@fairlead/contract'

/** There is no room for another body. */
export function overloaded(): FairleadError {
  return new FairleadError('overloaded', 'this process holds as many bytes of requests as it may', { retryAfter: 1 })
}

/** A body, or what it is when it is inflated, goes over its limit. */
export function tooLarge(limit: number): FairleadError {
  return new FairleadError('body-too-large', `the body is larger than ${limit} bytes`)
}
