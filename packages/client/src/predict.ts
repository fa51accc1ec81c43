import { type OipType, type PredictRequest, type PredictResponse, parseJson, type Row, writeJson } from '@fairlead/contract'
import { PredictionError, RequestError, unreachable } from './error.ts'
import { baseOf, type Fetch, send, textOf } from './transport.ts'

export interface ClientOptions {
  /** Address of the serve port, e.g. `http://127.0.0.1:7310`. */
  url: string
  apiKey?: string | undefined
  fetch?: Fetch | undefined
  /** Milliseconds until an answer must be there, each attempt counted by itself (default 30 000). */
  timeoutMs?: number | undefined
  /** Further attempts after a failure that may pass (default 2). */
  retries?: number | undefined
}

export interface RequestOptions {
  /** Number of a release instead of the one that answers by default. */
  release?: number | undefined
  signal?: AbortSignal | undefined
  timeoutMs?: number | undefined
  headers?: Record<string, string> | undefined
}

/** A tensor of the Open Inference Protocol, in JSON. */
export interface OipTensor {
  name: string
  shape: number[]
  datatype: OipType
  data: unknown[]
  parameters?: Record<string, unknown> | undefined
}
export interface InferRequest {
  id?: string | undefined
  inputs: OipTensor[]
  outputs?: { name: string }[] | undefined
  parameters?: Record<string, unknown> | undefined
}
export interface InferResponse {
  model_name: string
  model_version?: string
  id?: string
  outputs: OipTensor[]
}

/** Asks deployments for predictions. All methods throw `PredictionError`. */
export interface Client {
  /** Predictions for rows by column name. Numbers beyond 2^53 go as `bigint` and come back as such. */
  predict(deployment: string, request: Row | Row[] | PredictRequest, options?: RequestOptions): Promise<PredictResponse>
  /** Predictions for tensors, by the Open Inference Protocol. */
  infer(deployment: string, request: InferRequest, options?: RequestOptions): Promise<InferResponse>
}

const FIRST_WAIT_MS = 100
const LONGEST_WAIT_MS = 10_000

/** Milliseconds to wait before attempt `attempt + 1`: what the platform asked for, else doubled each time, with full jitter. */
export function backoffMs(attempt: number, asked: number | undefined, random: number): number {
  if (asked !== undefined) return Math.min(LONGEST_WAIT_MS * 3, asked + random * FIRST_WAIT_MS)
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

function bodyOf(request: Row | Row[] | PredictRequest): PredictRequest {
  if (Array.isArray(request)) return { rows: request }
  return Array.isArray((request as PredictRequest).rows) ? (request as PredictRequest) : { rows: [request as Row] }
}

/** A client of the serve port. */
export function createClient(options: ClientOptions): Client {
  const base = baseOf(options.url)
  const fetcher: Fetch = options.fetch ?? ((url, init) => fetch(url, init))
  const retries = options.retries ?? 2

  const post = async (path: string, body: unknown, own: RequestOptions): Promise<unknown> => {
    const url = base + path
    const headers: Record<string, string> = { 'content-type': 'application/json', accept: 'application/json' }
    if (options.apiKey !== undefined) headers.authorization = `Bearer ${options.apiKey}`
    const init: RequestInit = { method: 'POST', headers: { ...headers, ...own.headers }, body: writeJson(body) }
    const timeoutMs = own.timeoutMs ?? options.timeoutMs ?? 30_000
    for (let attempt = 0; ; attempt++) {
      try {
        const response = await send(fetcher, url, { init, kind: PredictionError, signal: own.signal, timeoutMs })
        return parseJson(await textOf(response, { url, kind: PredictionError, signal: own.signal }))
      } catch (error) {
        if (error instanceof SyntaxError) throw new PredictionError(unreachable(base, 'the answer is not JSON; is this the serve port?'), { cause: error })
        if (!(error instanceof RequestError) || !error.retryable || attempt >= retries) throw error
        await wait(backoffMs(attempt, error.retryAfterMs, Math.random()), own.signal)
      }
    }
  }

  return {
    async predict(deployment, request, own = {}) {
      const release = own.release === undefined ? '' : `/releases/${own.release}`
      return (await post(`/v1/deployments/${encodeURIComponent(deployment)}${release}/predict`, bodyOf(request), own)) as PredictResponse
    },
    async infer(deployment, request, own = {}) {
      const version = own.release === undefined ? '' : `/versions/${own.release}`
      return (await post(`/v2/models/${encodeURIComponent(deployment)}${version}/infer`, request, own)) as InferResponse
    },
  }
}
