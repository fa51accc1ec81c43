import { type ErrorClass, PredictionError, RequestError } from './error.ts'
import { baseOf, type Fetch, readBytes, send } from './transport.ts'

export interface ClientOptions {
  /** Address of the serve port, e.g. `http://127.0.0.1:7310`, or a path of the page's own origin. */
  url: string
  apiKey?: string | undefined
  fetch?: Fetch | undefined
  /** Milliseconds until an answer must be there, each attempt counted by itself (default 30 000). The platform is told, and drops what is late. */
  timeoutMs?: number | undefined
  /** Milliseconds until the whole call must be done, with all attempts and waits; no limit when not given. */
  deadlineMs?: number | undefined
  /** Further attempts after a failure that may pass (default 2). */
  retries?: number | undefined
  /** Largest answer that is taken, in bytes (default 256 MiB). */
  maxAnswerBytes?: number | undefined
  /** Requests of so many bytes and more go compressed with gzip, where the runtime can. When not given, none do. */
  compressAbove?: number | undefined
}

export interface RequestOptions {
  /** Number of a release instead of the one that answers by default. */
  release?: number | undefined
  signal?: AbortSignal | undefined
  timeoutMs?: number | undefined
  deadlineMs?: number | undefined
  retries?: number | undefined
  headers?: Record<string, string> | undefined
}

/** What is asked for; a GET where there is no body. */
export interface Asked {
  path: string
  body?: string | Uint8Array<ArrayBuffer> | undefined
  headers?: Record<string, string> | undefined
}

/** A whole answer of success. */
export interface Answered {
  url: string
  headers: Headers
  bytes: Uint8Array<ArrayBuffer>
}

/** Asks and, where a failure may pass, asks again. Throws `PredictionError`, or the caller's own abort reason. */
export type Call = (asked: Asked, own: RequestOptions) => Promise<Answered>

const FIRST_WAIT_MS = 100
const LONGEST_WAIT_MS = 10_000
const LONGEST_ASKED_MS = 30_000
const MAX_ANSWER_BYTES = 1 << 28
/** Timers that are set for longer go off at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1
const kind: ErrorClass = PredictionError

/** Milliseconds to wait before attempt `attempt + 1`: what the platform asked for, else doubled each time, with jitter. */
export function backoffMs(attempt: number, asked: number | undefined, random: number): number {
  if (asked !== undefined) return Math.min(LONGEST_ASKED_MS, asked + random * FIRST_WAIT_MS)
  return Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** attempt) * (0.5 + random / 2)
}

function wait(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer)
      reject(signal?.reason)
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop)
      resolve()
    }, ms)
    if (signal?.aborted) stop()
    else signal?.addEventListener('abort', stop, { once: true })
  })
}

async function gzipped(body: string | Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  const packed = new Blob([body]).stream().pipeThrough(new CompressionStream('gzip'))
  return new Uint8Array(await new Response(packed).arrayBuffer())
}

/** What all attempts of a call send. */
async function initOf({ apiKey, compressAbove = Infinity }: ClientOptions, { body, headers }: Asked, own: RequestOptions): Promise<RequestInit> {
  const all: Record<string, string> = { accept: 'application/json', ...headers }
  if (apiKey !== undefined) all.authorization = `Bearer ${apiKey}`
  const packed = body !== undefined && body.length >= compressAbove && typeof CompressionStream !== 'undefined'
  if (packed) all['content-encoding'] = 'gzip'
  const init: RequestInit = { method: body === undefined ? 'GET' : 'POST', headers: { ...all, ...own.headers } }
  if (body !== undefined) init.body = packed ? await gzipped(body) : body
  return init
}

/** Asks the serve port. Throws `TypeError` for an address that cannot be one. */
export function createCall(options: ClientOptions): Call {
  const base = baseOf(options.url)
  // "localhost:7310" is a URL too, of the scheme "localhost"
  if (!/^(https?:\/\/[^/]|\/(?!\/)|$)/i.test(base)) throw new TypeError(`The url must begin with http:// or https://, got ${JSON.stringify(options.url)}`)
  const fetcher: Fetch = options.fetch ?? ((url, init) => fetch(url, init))

  return async (asked, own) => {
    const url = base + asked.path
    const { signal, retries = options.retries ?? 2 } = own
    const limit = options.maxAnswerBytes ?? MAX_ANSWER_BYTES
    const until = performance.now() + (own.deadlineMs ?? options.deadlineMs ?? Infinity)
    const init = await initOf(options, asked, own)
    for (let attempt = 0; ; attempt++) {
      const timeoutMs = Math.max(1, Math.floor(Math.min(own.timeoutMs ?? options.timeoutMs ?? 30_000, until - performance.now(), LONGEST_TIMER_MS)))
      try {
        const headers = { 'x-request-timeout': String(timeoutMs), ...(init.headers as Record<string, string>) }
        const response = await send(fetcher, url, { init: { ...init, headers }, kind, signal, timeoutMs })
        return { url, headers: response.headers, bytes: await readBytes(response, { url, kind, signal, limit }) }
      } catch (error) {
        if (!(error instanceof RequestError) || !error.retryable || attempt >= retries) throw error
        const ms = backoffMs(attempt, error.retryAfterMs, Math.random())
        if (performance.now() + ms >= until) throw error
        await wait(ms, signal)
      }
    }
  }
}
