import { FairleadError } from '@fairlead/contract'
import type { Route } from '@fairlead/contract/control'
import type { FastifyRequest } from 'fastify'
import { type Access, allows, type Principal, SESSION_COOKIE } from '../../domain/governance/index.ts'

const SAFE = new Set(['GET', 'HEAD', 'OPTIONS'])

/** The session cookie of a request. */
export function cookieOf(request: FastifyRequest): string | undefined {
  for (const part of (request.headers.cookie ?? '').split(';')) {
    const [name, value] = part.trim().split('=', 2)
    if (name === SESSION_COOKIE && value) return value
  }
  return undefined
}

/** The secret that came with a request: its bearer token, else its session cookie. Empty where there is none. */
export function credentialOf(request: FastifyRequest): string {
  return request.headers.authorization ?? cookieOf(request) ?? ''
}

/** Refuses a request that a foreign page made with the reader's cookie. Browsers send Origin with every unsafe method. */
export function checkOrigin(request: FastifyRequest): void {
  const { origin, host } = request.headers
  const site = request.headers['sec-fetch-site']
  if (origin === undefined ? site === 'same-origin' : hostOf(origin) === host?.toLowerCase()) return
  throw new FairleadError('origin-refused', `The request comes from ${origin ?? 'an unnamed origin'} and not from this console.`)
}

function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host.toLowerCase() : undefined
}

/** Who calls: by bearer token, else by session cookie. Throws `not-authenticated`, `origin-refused`. */
export async function identify(access: Access, request: FastifyRequest): Promise<Principal | undefined> {
  const header = request.headers.authorization
  if (header !== undefined) {
    const token = /^Bearer +(\S{1,1000})$/i.exec(header)?.[1]
    const principal = token === undefined ? undefined : await access.authenticate(token)
    if (!principal) throw new FairleadError('not-authenticated', 'The bearer token is unknown, revoked or expired.')
    return principal
  }
  const cookie = cookieOf(request)
  const principal = cookie === undefined ? undefined : await access.authenticateSession(cookie)
  if (principal && !SAFE.has(request.method)) checkOrigin(request)
  return principal
}

/** Refuses those who may not use an operation. Throws `not-authenticated`, `not-allowed`. */
export function authorize(principal: Principal | undefined, access: Exclude<Route['access'], 'open'>, deployment: string | undefined): void {
  if (!principal) throw new FairleadError('not-authenticated', 'This needs the admin token, an API key, or a session.')
  if (!allows(principal, access)) throw new FairleadError('not-allowed', `${principal.id} may not do this: it needs the scope ${access}.`)
  if (principal.deployments.length > 0 && (deployment === undefined || !principal.deployments.includes(deployment))) {
    throw new FairleadError('not-allowed', `${principal.id} is bound to ${principal.deployments.join(', ')} and may do nothing else.`)
  }
}

const LOCAL = new Set(['localhost', '127.0.0.1', '[::1]'])

/** Refuses names that a foreign page could have pointed at this machine (DNS rebinding). Throws `origin-refused`. */
export function checkHost(request: FastifyRequest, bound: string): void {
  const header = request.headers.host ?? ''
  const name = header.replace(/:\d+$/, '').toLowerCase()
  if (LOCAL.has(name) || name === bound.toLowerCase()) return
  throw new FairleadError('origin-refused', `This platform answers on this machine only, and not under the name "${name.slice(0, 100)}".`)
}
