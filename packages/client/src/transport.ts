import { type ErrorClass, errorOf, madeUp, unreachable } from './error.ts'

/** The part of `fetch` that is used; any implementation will do. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>

export interface SendOptions {
  init: RequestInit
  signal?: AbortSignal | undefined
  /** Milliseconds until the whole answer must be there; absent means no limit. */
  timeoutMs?: number | undefined
  kind: ErrorClass
}

/** The address without a trailing slash, so that paths can follow it. */
export function baseOf(url: string): string {
  return url.replace(/\/+$/, '')
}

/** The text of the innermost cause: `fetch failed` alone says nothing. */
function reasonOf(error: unknown): string {
  let inner = error
  while (inner instanceof Error && inner.cause !== undefined) inner = inner.cause
  if (inner instanceof Error) return 'code' in inner && typeof inner.code === 'string' && inner.message === '' ? inner.code : inner.message
  return String(inner)
}

/**
 * Sends one request. Answers a response of success; throws the error class given for everything else, and the
 * caller's own abort reason when they aborted.
 */
export async function send(fetcher: Fetch, url: string, options: SendOptions): Promise<Response> {
  const { kind, signal, timeoutMs } = options
  const timeout = timeoutMs === undefined ? undefined : AbortSignal.timeout(timeoutMs)
  const signals = [signal, timeout].filter((one) => one !== undefined)
  const init: RequestInit = signals.length === 0 ? options.init : { ...options.init, signal: signals.length === 1 ? signals[0]! : AbortSignal.any(signals) }
  let response: Response
  try {
    response = await fetcher(url, init)
  } catch (error) {
    if (signal?.aborted) throw signal.reason
    if (timeout?.aborted) throw new kind(madeUp(504, `No answer from ${url} within ${timeoutMs} ms`), { cause: error })
    throw new kind(unreachable(url, reasonOf(error)), { cause: error })
  }
  if (!response.ok) throw await errorOf(response, kind)
  return response
}

/** Reads an answer's text; a connection that breaks on the way is the same error as one that never opened. */
export async function textOf(response: Response, options: { url: string; kind: ErrorClass; signal?: AbortSignal | undefined }): Promise<string> {
  try {
    return await response.text()
  } catch (error) {
    if (options.signal?.aborted) throw options.signal.reason
    // the limit given to `send` goes on until the whole answer is there
    if (error instanceof Error && error.name === 'TimeoutError')
      throw new options.kind(madeUp(504, `The answer of ${options.url} did not come in time`), { cause: error })
    throw new options.kind(unreachable(options.url, reasonOf(error)), { cause: error })
  }
}
