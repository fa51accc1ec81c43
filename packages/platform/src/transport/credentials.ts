import type { IncomingHttpHeaders } from 'node:http'

const BEARER = /^bearer(?: +(.*))?$/i

/**
 * The secret that came with a request: that of `Authorization: Bearer …` (RFC 6750; the scheme in any case, RFC 9110, 11.1), else
 * `X-Api-Key`. A bearer without a secret is an empty one, which nobody has.
 */
export function presentedSecret({ authorization, 'x-api-key': own }: Partial<Pick<IncomingHttpHeaders, 'authorization' | 'x-api-key'>>): string | undefined {
  const bearer = authorization === undefined ? null : BEARER.exec(authorization)
  if (bearer) return (bearer[1] ?? '').trim()
  return typeof own === 'string' ? own : undefined
}
