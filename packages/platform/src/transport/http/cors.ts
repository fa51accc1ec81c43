import type { IncomingHttpHeaders } from 'node:http'

/** What pages may read of an answer beside what browsers show anyway. */
const EXPOSED = ['Inference-Header-Content-Length', 'RateLimit', 'RateLimit-Policy', 'Retry-After', 'traceparent', 'WWW-Authenticate', 'X-Request-Id'].join(
  ', ',
)

/** What pages may send beside what browsers send anyway. */
const SENT = [
  'Authorization',
  'baggage',
  'Content-Encoding',
  'Content-Type',
  'Inference-Header-Content-Length',
  'traceparent',
  'tracestate',
  'X-Api-Key',
  'X-Request-Id',
  'X-Request-Priority',
  'X-Request-Timeout',
].join(', ')

/** How long a browser keeps what it was told, in seconds: as long as Chromium does at most. */
const MAX_AGE = '7200'

/** Paths that are for operators and their programs, not for pages. */
const CLOSED = /^\/(?:metrics|v2\/repository)(?:[/?]|$)/

/**
 * Which pages of other addresses may ask, as the Fetch standard has it (CORS protocol). `origins` are written as browsers send them, or `*` for every
 * page. Cookies are of no use here, so that they are never asked for.
 */
export class Cors {
  /** Headers of answers to pages of these origins. */
  readonly #named: ReadonlyMap<string, readonly string[]>
  readonly #any: boolean
  /** Headers of all other answers. */
  readonly #others: readonly string[]

  constructor(origins: readonly string[]) {
    this.#any = origins.includes('*')
    const told = (origin: string) => ['Access-Control-Allow-Origin', origin, 'Access-Control-Expose-Headers', EXPOSED]
    // a cache must not give to one page what was answered to another
    this.#named = new Map(origins.filter((origin) => origin !== '*').map((origin) => [origin, [...told(origin), 'Vary', 'Origin']]))
    this.#others = this.#any ? told('*') : ['Vary', 'Origin']
  }

  /** Whether pages of this origin were allowed by name: they may ask without a key, where other callers of this machine may. */
  names(origin: string): boolean {
    return this.#named.has(origin)
  }

  /** Headers of an answer, names and values one after the other. */
  fields({ target, headers: { origin } }: { target: string; headers: IncomingHttpHeaders }): readonly string[] {
    if (CLOSED.test(target)) return []
    return this.#any || origin === undefined ? this.#others : (this.#named.get(origin) ?? this.#others)
  }

  /**
   * Headers that allow a page to send the request that it asks for, beside those of every answer; `undefined` for what is no such question, and
   * where the page may not. `method` is that of the path.
   */
  preflight({ target, headers }: { target: string; headers: IncomingHttpHeaders }, method: 'GET' | 'POST'): readonly string[] | undefined {
    const { origin, 'access-control-request-method': wanted } = headers
    if (origin === undefined || wanted === undefined || CLOSED.test(target) || !(this.#any || this.names(origin))) return undefined
    const more = [
      'Access-Control-Allow-Methods',
      method === 'GET' ? 'GET, HEAD' : 'POST',
      'Access-Control-Allow-Headers',
      SENT,
      'Access-Control-Max-Age',
      MAX_AGE,
    ]
    // a page of the internet asks a machine of its reader's own network
    if (headers['access-control-request-private-network'] === 'true') more.push('Access-Control-Allow-Private-Network', 'true')
    return more
  }
}
