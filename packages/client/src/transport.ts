import { bytesOf, TooLarge } from './body.ts'
import { answerInvalid, type ErrorClass, errorOf, madeUp, unreachable } from './error.ts'

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
  if (response.ok) return response
  const error = await errorOf(response, kind)
  signal?.throwIfAborted()
  throw error
}

export interface ReadOptions {
  url: string
  kind: ErrorClass
  signal?: AbortSignal | undefined
  /** Most bytes that are taken; absent means no limit. */
  limit?: number | undefined
}

/** Reads an answer's bytes; a connection that breaks on the way is the same error as one that never opened. */
export async function readBytes(response: Response, { url, kind, signal, limit = Infinity }: ReadOptions): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return await bytesOf(response, limit)
  } catch (error) {
    if (signal?.aborted) throw signal.reason
    if (error instanceof TooLarge) throw new kind(answerInvalid(url, error.message))
    // the limit given to `send` goes on until the whole answer is there; its error may be of another realm
    if ((error as Error | undefined)?.name === 'TimeoutError') throw new kind(madeUp(504, `The answer of ${url} did not come in time`), { cause: error })
    throw new kind(unreachable(url, reasonOf(error)), { cause: error })
  }
}

/** Reads an answer's text, as `readBytes` its bytes. */
export async function textOf(response: Response, options: ReadOptions): Promise<string> {
  return new TextDecoder().decode(await readBytes(response, options))
}
