import { FairleadError } from '@fairlead/contract'
import type { Exchange } from './exchange.ts'
import type { ServeHttpOptions } from './options.ts'

/** Answers any error; what is not of the table is `internal`, told to `onError` and not to the caller. */
export function failExchange(exchange: Exchange, error: unknown, options: Pick<ServeHttpOptions, 'onError'>, more: readonly string[] = []): void {
  if (error instanceof FairleadError) {
    if (error.status >= 500 && error.code === 'internal') options.onError?.(error, exchange.id)
    exchange.fail(error, more)
    return
  }
  options.onError?.(error, exchange.id)
  exchange.fail(new FairleadError('internal', 'something went wrong inside; the log of the platform has the details under this request id'), more)
}
