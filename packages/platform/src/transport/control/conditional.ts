import { hash } from 'node:crypto'
import { FairleadError } from '@fairlead/contract'
import type { FastifyReply, FastifyRequest } from 'fastify'

/** The entity tag of what is answered: it changes with every change of the content. */
export function etagOf(value: unknown): string {
  return `"${hash('sha256', JSON.stringify(value), 'base64url').slice(0, 27)}"`
}

function names(header: string, etag: string): boolean {
  if (header.trim() === '*') return true
  return header.split(',').some((one) => one.trim().replace(/^W\//, '') === etag)
}

/** Answers a resource with its entity tag, or 304 when the caller has it already. Answers whether it was 304. */
export function notModified(request: FastifyRequest, reply: FastifyReply, value: unknown): boolean {
  const etag = etagOf(value)
  reply.header('etag', etag)
  const header = request.headers['if-none-match']
  if (header === undefined || !names(header, etag)) return false
  reply.code(304)
  return true
}

/** Runs changes of one resource one after another, each against `If-Match` where the caller sent it. */
export class Preconditions {
  readonly #last = new Map<string, Promise<unknown>>()

  /** Throws `changed-meanwhile` when `If-Match` names another state than the one `read` answers now. */
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
    if (header !== undefined && !names(header, etagOf(await read()))) {
      throw new FairleadError('changed-meanwhile', 'Somebody changed it since it was read (its ETag is another one than If-Match names).')
    }
    return work()
  }
}
