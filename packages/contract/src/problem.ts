import { ERRORS, type ErrorCode } from './errors.ts'
import { sentence } from './sentence.ts'

/** One offending place of a request. */
export interface ProblemItem {
  /** Where: `rows[3].age`, `inputs[0].shape`, a file's path, an option's name. */
  path: string
  code: ErrorCode
  detail: string
}

/** An error as Fairlead's own interfaces answer it (RFC 9457, application/problem+json). */
export interface Problem {
  type: string
  title: string
  status: number
  code: ErrorCode
  detail: string
  errors?: ProblemItem[]
  requestId?: string
}

/** The one error class of the platform: a code of the table, what happened in words, and the offending places. */
export class FairleadError extends Error {
  override readonly name = 'FairleadError'
  readonly code: ErrorCode
  readonly items: ProblemItem[]
  /** Seconds after which a retry makes sense, for `Retry-After`. */
  readonly retryAfter: number | undefined

  constructor(code: ErrorCode, detail: string, options: { items?: ProblemItem[]; cause?: unknown; retryAfter?: number } = {}) {
    super(detail, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.items = options.items ?? []
    this.retryAfter = options.retryAfter
  }

  get status(): number {
    return ERRORS[this.code].http
  }

  get retryable(): boolean {
    return ERRORS[this.code].retryable
  }
}

/** Renders an error as problem+json. */
export function toProblem(error: FairleadError, requestId?: string): Problem {
  const row = ERRORS[error.code]
  return {
    type: `https://fairlead.dev/errors/${error.code}`,
    title: row.title,
    status: row.http,
    code: error.code,
    detail: sentence(error.message),
    ...(error.items.length > 0 ? { errors: error.items } : {}),
    ...(requestId === undefined ? {} : { requestId }),
  }
}
