import { hash } from 'node:crypto'
import { FairleadError, writeJson } from '@fairlead/contract'
import type { RouteName } from '@fairlead/contract/control'
import type { FastifyReply, FastifyRequest } from 'fastify'

/** The entity tag of what is answered: it changes with every change of the content. */
export function etagOf(value: unknown): string {
  return `"${hash('sha256', writeJson(value), 'base64url').slice(0, 27)}"`
}

/** Changes where two people may meet: they take `If-Match`. */
export const GUARDED: ReadonlySet<RouteName> = new Set<RouteName>([
  ...(['patchModel', 'deleteModel', 'patchVersion', 'deleteVersion', 'setAlias', 'deleteAlias'] as const),
  ...(['createRelease', 'rollback', 'deleteDeployment'] as const),
])

/** Refuses `If-Match` where it would have no effect. Throws `request-invalid`. */
export function refuseUnguarded(name: RouteName, request: FastifyRequest): void {
  if (request.headers['if-match'] === undefined || GUARDED.has(name)) return
  throw new FairleadError('request-invalid', 'This operation takes no If-Match: it changes nothing that somebody else may have changed meanwhile.')
}

/** Whether a header names the entity tag; `weak` lets `W/"…"` count, which `If-Match` does not (RFC 9110, section 13.1). */
function names(header: string, etag: string, weak: boolean): boolean {
  if (header.trim() === '*') return true
  return header.split(',').some((one) => (weak ? one.trim().replace(/^W\//, '') : one.trim()) === etag)
}

/** Answers a resource with its entity tag, or 304 when the caller has it already. Answers whether it was 304. */
export function notModified(request: FastifyRequest, reply: FastifyReply, value: unknown): boolean {
  const etag = etagOf(value)
  reply.header('etag', etag)
  const header = request.headers['if-none-match']
  if (header === undefined || !names(header, etag, true)) return false
  reply.code(304)
  return true
}

/** Runs changes of one resource one after another, each against `If-Match` where the caller sent it. */
export class Preconditions {
  readonly #last = new Map<string, Promise<unknown>>()

  /** Throws `changed-meanwhile` when `If-Match` names another state than the one `read` answers now; `undefined` is named by nothing. */
  async change<T>(request: FastifyRequest, resource: { key: string; read: () => Promise<unknown> }, work: () => Promise<T>): Promise<T> {
    const before = this.#last.get(resource.key)
    const mine = (before ?? Promise.resolve()).then(() => this.#checked(request, resource.read, work))
    const settled = mine.then(
      () => {},
      () => {},
    )
    this.#last.set(resource.key, settled)
    try {
      return await mine
    } finally {
      if (this.#last.get(resource.key) === settled) this.#last.delete(resource.key)
    }
  }

  async #checked<T>(request: FastifyRequest, read: () => Promise<unknown>, work: () => Promise<T>): Promise<T> {
    const header = request.headers['if-match']
    const now = header === undefined ? undefined : await read()
    if (header !== undefined && (now === undefined || !names(header, etagOf(now), false))) {
      throw new FairleadError('changed-meanwhile', 'Somebody changed it since it was read (its ETag is another one than If-Match names).')
    }
    return work()
  }
}
