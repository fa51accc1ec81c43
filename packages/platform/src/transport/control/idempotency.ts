import { hash } from 'node:crypto'
import { FairleadError } from '@fairlead/contract'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { IdempotencyStore, IdempotentRequest } from '../../domain/deployment/index.ts'
import { ANSWERED } from './call.ts'

interface Attempt {
  request: FastifyRequest
  reply: FastifyReply
  /** The caller: two callers may choose the same key. */
  who: string
}

function askedOf({ request, who }: Attempt): IdempotentRequest | undefined {
  const key = request.headers['idempotency-key']
  if (key === undefined) return undefined
  if (typeof key !== 'string' || !/^[\x21-\x7e]{1,200}$/.test(key)) {
    throw new FairleadError('request-invalid', 'An Idempotency-Key has 1 to 200 visible ASCII characters.')
  }
  return { key, scope: `${who} ${request.method} ${request.url}`, bodyHash: hash('sha256', JSON.stringify(request.body ?? null), 'hex') }
}

/** Makes a repeated request with the same `Idempotency-Key` answer as the first one did. Failures are not kept. */
export class Idempotency {
  readonly #store: IdempotencyStore
  readonly #running = new Map<string, Promise<unknown>>()

  constructor(store: IdempotencyStore) {
    this.#store = store
  }

  /** Runs `work`, unless the same request was answered before. Throws `idempotency-mismatch`, `request-invalid`. */
  async run(attempt: Attempt, work: () => Promise<unknown>): Promise<unknown> {
    const asked = askedOf(attempt)
    if (!asked) return work()
    const id = `${asked.key} ${asked.scope}`
    // the same request, still at work: its answer is waited for
    while (this.#running.has(id)) await this.#running.get(id)?.catch(() => {})
    const mine = this.#once(asked, attempt.reply, work)
    this.#running.set(id, mine)
    try {
      return await mine
    } finally {
      this.#running.delete(id)
    }
  }

  async #once(asked: IdempotentRequest, reply: FastifyReply, work: () => Promise<unknown>): Promise<unknown> {
    const known = await this.#store.find(asked)
    if (known) {
      reply.code(known.status).header('idempotency-replayed', 'true')
      return known.body === '' ? undefined : JSON.parse(known.body)
    }
    const answer = await work()
    if (answer !== ANSWERED) await this.#store.save(asked, { status: reply.statusCode, body: answer === undefined ? '' : JSON.stringify(answer) })
    return answer
  }
}
