import { parseJson, ROW_MEMBERS, writeJson } from '@fairlead/contract'
import type { BodyOf, EventOf, ParamsOf, QueryOf, ResponseOf, RouteName } from '@fairlead/contract/control'
import { ROUTES } from '@fairlead/contract/control/routes'
import { ControlError, madeUp, unreachable } from './error.ts'
import { eventsOf } from './sse.ts'
import { baseOf, type Fetch, send, textOf } from './transport.ts'

export interface ControlOptions {
  /** Address of the control port; empty for the address that served the page. */
  url: string
  /** Admin token or API key; without it a browser sends its session cookie. */
  token?: string | undefined
  fetch?: Fetch | undefined
  /** Milliseconds until an answer must be there (default 90 000). Streams and uploads have no limit. */
  timeoutMs?: number | undefined
}

type Part<Name extends string, T> = T extends undefined
  ? { [P in Name]?: undefined }
  : Record<never, never> extends T
    ? { [P in Name]?: T | undefined }
    : { [P in Name]: T }

/** What a call takes: the path's parameters, query and body that the operation declares. */
export type CallOptions<K extends RouteName> = Part<'params', ParamsOf<K>> &
  Part<'query', QueryOf<K>> &
  Part<'body', BodyOf<K>> & {
    headers?: Record<string, string> | undefined
    signal?: AbortSignal | undefined
    timeoutMs?: number | undefined
  }

type CallArguments<K extends RouteName> = Record<never, never> extends CallOptions<K> ? [options?: CallOptions<K>] : [options: CallOptions<K>]

/** What can be sent as a file. In Node, `await openAsBlob(path)` of `node:fs` gives a Blob that is read as it is sent. */
export type FileBody = Blob | ArrayBuffer | Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>

/** The control API, by the names of its operations. All methods throw `ControlError`. */
export interface Control {
  /** Calls an operation that answers JSON (or nothing). */
  call<K extends RouteName>(route: K, ...args: CallArguments<K>): Promise<ResponseOf<K>>
  /** Follows an operation's server-sent events. Leaving the loop, or `signal`, closes the connection. */
  stream<K extends RouteName>(route: K, ...args: CallArguments<K>): AsyncIterable<{ event: string; data: EventOf<K> }>
  /** Calls an operation and answers the response as it is, for files and other formats. */
  raw<K extends RouteName>(route: K, ...args: CallArguments<K>): Promise<Response>
  /** Sends one file of an upload, under its path in the model's folder. */
  upload(upload: string, path: string, body: FileBody, options?: { signal?: AbortSignal | undefined }): Promise<ResponseOf<'putUploadFile'>>
}

interface LooseOptions {
  params?: Record<string, string | number | boolean> | undefined
  query?: Record<string, unknown> | undefined
  body?: unknown
  headers?: Record<string, string> | undefined
  signal?: AbortSignal | undefined
  timeoutMs?: number | undefined
}

/** Longest answer in JSON that is taken, so that an address that is no control port cannot fill the memory. */
const MOST_BYTES = 256 * 1024 * 1024

/** Fills a route's path. Each part is encoded; `*` keeps its slashes. */
function pathOf(route: RouteName, options: LooseOptions): string {
  const params = options.params ?? {}
  const value = (key: string) => {
    const given = params[key]
    if (given === undefined || given === '') throw new ControlError(madeUp(400, `The path parameter ${key} of ${route} is missing`))
    return String(given)
  }
  const path = ROUTES[route].path
    .replace(/:(\w+)/g, (_, key: string) => encodeURIComponent(value(key)))
    .replace(/\*$/, () => value('*').split('/').map(encodeURIComponent).join('/'))
  const query = new URLSearchParams()
  for (const [key, one] of Object.entries(options.query ?? {})) if (one !== undefined && one !== null) query.set(key, String(one))
  return `/api/v1${path}${query.size > 0 ? `?${query}` : ''}`
}

/** A client of the control API. */
export function createControl(options: ControlOptions): Control {
  const base = baseOf(options.url)
  const fetcher: Fetch = options.fetch ?? ((url, init) => fetch(url, init))
  const standardMs = options.timeoutMs ?? 90_000
  const kind = ControlError

  const request = (route: RouteName, own: LooseOptions, limit: number | undefined, accept?: string): Promise<Response> => {
    const headers: Record<string, string> = { ...(accept ? { accept } : {}) }
    if (options.token !== undefined) headers.authorization = `Bearer ${options.token}`
    if (own.body !== undefined) headers['content-type'] = 'application/json'
    const init: RequestInit = { method: ROUTES[route].method, headers: { ...headers, ...own.headers } }
    if (own.body !== undefined) init.body = writeJson(own.body)
    return send(fetcher, base + pathOf(route, own), { init, kind, signal: own.signal, timeoutMs: limit })
  }

  return {
    async call(route, ...[given]) {
      const own = (given ?? {}) as LooseOptions
      const response = await request(route, own, own.timeoutMs ?? standardMs, 'application/json')
      const text = await textOf(response, { url: base + ROUTES[route].path, kind, signal: own.signal, limit: MOST_BYTES })
      if (text === '') return undefined as never
      try {
        return parseJson(text, ROW_MEMBERS) as never
      } catch (cause) {
        throw new ControlError(unreachable(base, 'the answer is not JSON; is this the control port?'), { cause })
      }
    },
    async *stream(route, ...[given]) {
      const own = (given ?? {}) as LooseOptions
      const response = await request(route, own, undefined, 'text/event-stream')
      try {
        for await (const { event, data } of eventsOf(response)) yield { event, data: parseJson(data, ROW_MEMBERS) as never }
      } catch (error) {
        if (own.signal?.aborted) throw own.signal.reason
        throw new ControlError(unreachable(base, error instanceof Error ? error.message : String(error)), { cause: error })
      }
    },
    raw(route, ...[given]) {
      const own = (given ?? {}) as LooseOptions
      return request(route, own, own.timeoutMs)
    },
    async upload(upload, path, body, own = {}) {
      const headers: Record<string, string> = { 'content-type': 'application/octet-stream', accept: 'application/json' }
      if (options.token !== undefined) headers.authorization = `Bearer ${options.token}`
      const init: RequestInit & { duplex?: 'half' } = { method: 'PUT', headers, body }
      // fetch insists on it for a body that is a stream
      if (body instanceof ReadableStream) init.duplex = 'half'
      const url = base + pathOf('putUploadFile', { params: { upload, '*': path } })
      const response = await send(fetcher, url, { init, kind, signal: own.signal })
      return JSON.parse(await textOf(response, { url, kind, signal: own.signal }))
    },
  }
}
