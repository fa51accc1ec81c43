import { type ErrorCode, FairleadError, type ProblemItem, toProblem } from '@fairlead/contract'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { z } from 'zod'

const FASTIFY_CODES: Record<string, ErrorCode> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'body-too-large',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'media-type-unsupported',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'json-invalid',
  FST_ERR_CTP_INVALID_JSON_BODY: 'json-invalid',
}

/** Classifies whatever was thrown: the platform's errors stay, the framework's get their code, anything else is `internal`. */
export function asFairleadError(error: unknown, requestId: string): FairleadError {
  if (error instanceof FairleadError) return error
  const { code, statusCode, message } =
    typeof error === 'object' && error !== null ? (error as { code?: unknown; statusCode?: unknown; message?: unknown }) : {}
  const known = typeof code === 'string' ? FASTIFY_CODES[code] : undefined
  if (known === 'media-type-unsupported')
    return new FairleadError(known, 'Send application/json, or application/octet-stream for a file of an upload.', { cause: error })
  if (known) return new FairleadError(known, String(message), { cause: error })
  if (typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500) return new FairleadError('request-invalid', String(message), { cause: error })
  return new FairleadError('internal', `Something went wrong inside. The log of the platform has the details under request id ${requestId}.`, { cause: error })
}

/** Answers an error as problem+json. Only `internal` ones are logged as errors, with all they carry. */
export function sendProblem(request: FastifyRequest, reply: FastifyReply, thrown: unknown): FastifyReply {
  const error = asFairleadError(thrown, request.id)
  if (error.code === 'internal') request.log.error({ error: error.cause ?? error, requestId: request.id }, 'a request failed')
  if (error.code === 'not-authenticated') reply.header('www-authenticate', 'Bearer realm="fairlead"')
  const wait = error.retryAfter ?? (error.status === 429 || error.status === 503 ? 1 : undefined)
  if (wait !== undefined) reply.header('retry-after', String(Math.ceil(wait)))
  for (const name of ['content-disposition', 'content-length', 'etag']) reply.removeHeader(name)
  reply.code(error.status).header('cache-control', 'no-store').type('application/problem+json')
  return reply.send(JSON.stringify(toProblem(error, request.id)))
}

/** A path inside a body or query as people write it: `rows[3].age`. */
function pathText(parts: PropertyKey[]): string {
  return parts.map((part, i) => (typeof part === 'number' ? `[${part}]` : i === 0 ? String(part) : `.${String(part)}`)).join('')
}

function itemsOf(issues: z.core.$ZodIssue[], prefix: string): ProblemItem[] {
  return issues.slice(0, 100).map((issue) => {
    const path = pathText(issue.path)
    return { path: path || prefix, code: 'request-invalid', detail: issue.message }
  })
}

/** Reads a part of a request by its schema. Throws `request-invalid` naming each wrong place. */
export function parsed<T>(schema: z.ZodType<T>, value: unknown, part: 'path' | 'query' | 'body'): T {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const items = itemsOf(result.error.issues, part)
  const first = items[0]
  const detail = `The ${part} has the wrong form: ${first ? `${first.path}: ${first.detail}` : 'it cannot be read'}${items.length > 1 ? `, and ${items.length - 1} more` : ''}.`
  throw new FairleadError('request-invalid', detail, { items })
}
