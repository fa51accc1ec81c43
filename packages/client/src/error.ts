import type { Problem, ProblemItem } from '@fairlead/contract'
import { bytesOf } from './body.ts'

const MOST_ERROR_BYTES = 1 << 20
const RETRYABLE = new Set([408, 425, 429, 502, 503, 504, 507])

/** What a request can fail with: the platform's problem document, or a connection that never answered. */
export class RequestError extends Error {
  /** HTTP status; 0 when there was no answer. */
  readonly status: number
  /** A code of the error table; `unreachable` when there was no answer. */
  readonly code: string
  readonly detail: string
  /** The problem document, as the platform sent it or as this client made it up. */
  readonly problem: Problem
  readonly requestId: string | undefined
  /** Whether the same request may succeed later. */
  readonly retryable: boolean
  /** Milliseconds that the platform asked to wait before a retry. */
  readonly retryAfterMs: number | undefined

  constructor(problem: Problem, options: { cause?: unknown; retryAfterMs?: number | undefined } = {}) {
    super(problem.detail, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'RequestError'
    this.problem = problem
    this.status = problem.status
    this.code = problem.code
    this.detail = problem.detail
    this.requestId = problem.requestId
    this.retryable = problem.code === 'unreachable' || problem.code === 'upload-incomplete' || RETRYABLE.has(problem.status)
    this.retryAfterMs = options.retryAfterMs
  }

  /** The offending places, where the problem names any. */
  get errors(): ProblemItem[] {
    return this.problem.errors ?? []
  }
}

/** A refused or failed call of the control API. */
export class ControlError extends RequestError {
  override readonly name: string = 'ControlError'
}

/** A refused or failed request for predictions. */
export class PredictionError extends RequestError {
  override readonly name: string = 'PredictionError'

  /** Index of the first row that the problem names; counted over the whole input by `predictMany`. */
  get row(): number | undefined {
    const index = /^rows\[(\d+)\]/.exec(this.errors[0]?.path ?? '')?.[1]
    return index === undefined ? undefined : Number(index)
  }
}

/** The error classes differ by interface only. */
export type ErrorClass = typeof ControlError | typeof PredictionError

const CODES: Record<number, Problem['code']> = {
  400: 'request-invalid',
  401: 'not-authenticated',
  403: 'not-allowed',
  404: 'path-unknown',
  405: 'method-not-allowed',
  408: 'request-timeout',
  413: 'body-too-large',
  415: 'media-type-unsupported',
  501: 'not-supported',
  503: 'not-ready',
  504: 'deadline-exceeded',
}

function problemOf(code: Problem['code'], status: number, detail: string): Problem {
  return { type: `https://fairlead.dev/errors/${code}`, title: detail, status, code, detail }
}

/** A problem document for an answer that carries none, such as one of a proxy in between or of the Open Inference Protocol. */
export function madeUp(status: number, detail: string, requestId?: string | null): Problem {
  const problem = problemOf(CODES[status] ?? (status >= 500 ? 'internal' : 'request-invalid'), status, detail)
  return requestId ? { ...problem, requestId } : problem
}

/** The problem document of a connection that failed before an answer came. */
export function unreachable(url: string, reason: string): Problem {
  const code = 'unreachable'
  return problemOf(code, 0, `No answer from ${url}: ${reason}`)
}

/** The problem document of an answer that came and cannot be understood; asking again would bring the same. */
export function answerInvalid(url: string, reason: string): Problem {
  const code = 'answer-invalid'
  return problemOf(code, 200, `The answer of ${url} cannot be understood: ${reason}`)
}

/** Reads `Retry-After`: seconds, or a date. Answers milliseconds from `now`. */
export function retryAfterMs(header: string | null, now: number): number | undefined {
  if (header === null || header.trim() === '') return undefined
  const seconds = Number(header)
  if (Number.isFinite(seconds)) return Math.max(0, seconds * 1000)
  const date = Date.parse(header)
  return Number.isNaN(date) ? undefined : Math.max(0, date - now)
}

/** Reads the error that an answer carries: problem+json, `{"error": "…"}`, or any text. */
export async function errorOf(response: Response, kind: ErrorClass): Promise<RequestError> {
  const text = await bytesOf(response, MOST_ERROR_BYTES).then(
    (bytes) => new TextDecoder().decode(bytes),
    () => '',
  )
  // a date is meant by the clock of who wrote it
  const now = Date.parse(response.headers.get('date') ?? '')
  const options = { retryAfterMs: retryAfterMs(response.headers.get('retry-after'), Number.isNaN(now) ? Date.now() : now) }
  const requestId = response.headers.get('x-request-id')
  try {
    const body: unknown = JSON.parse(text)
    if (typeof body === 'object' && body !== null) {
      if ('code' in body && 'detail' in body) return new kind({ ...(requestId ? { requestId } : {}), ...(body as Problem), status: response.status }, options)
      if ('error' in body && typeof body.error === 'string') return new kind(madeUp(response.status, body.error, requestId), options)
    }
  } catch {
    // not JSON: the text itself is all there is
  }
  const words = text.slice(0, 200).trim()
  return new kind(madeUp(response.status, `The answer was ${response.status} ${response.statusText}${words ? `: ${words}` : ''}`.trim(), requestId), options)
}
