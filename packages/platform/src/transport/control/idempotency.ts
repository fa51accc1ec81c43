import { hash } from 'node:crypto'
import { FairleadError, writeJson } from '@fairlead/contract'
import type { RouteName } from '@fairlead/contract/control'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { IdempotencyStore, IdempotentRequest } from '../../kernel/idempotency.ts'
import { ANSWERED, JsonText } from './call.ts'
import { credentialOf } from './identity.ts'
import { seal, unseal } from './seal.ts'

/** Answers with a secret in them: they are kept under seal. */
const SECRET: ReadonlySet<RouteName> = new Set<RouteName>(['createKey', 'createSignInLink'])
/** A sign-in sets a cookie and uses a link up; a file sent again takes the place of itself. Neither has an answer to keep. */
const UNREPEATABLE: ReadonlySet<RouteName> = new Set<RouteName>(['createSession', 'putUploadFile'])

/** Whether an operation takes `Idempotency-Key`. */
export function isRepeatable(name: RouteName): boolean {
  return !UNREPEATABLE.has(name)
}

interface Attempt {
  name: RouteName
  request: FastifyRequest
  reply: FastifyReply
  /** The caller: two callers may choose the same key. */
  who: string
}

function askedOf({ name, request, who }: Attempt): IdempotentRequest | undefined {
  const key = request.headers['idempotency-key']
  if (key === undefined) return undefined
  if (!isRepeatable(name)) throw new FairleadError('request-invalid', 'This operation takes no Idempotency-Key; repeat it as it is.')
  if (typeof key !== 'string' || !/^[\x21-\x7e]{1,200}$/.test(key)) {
    throw new FairleadError('request-invalid', 'An Idempotency-Key has 1 to 200 visible ASCII characters.')
  }
  // what is under seal can be opened with the same credential only, so another one of the same caller is another caller
  const caller = SECRET.has(name) ? `${who} ${hash('sha256', credentialOf(request), 'hex')}` : who
  return { key, scope: `${caller} ${request.method} ${request.url}`, bodyHash: hash('sha256', writeJson(request.body ?? null), 'hex') }
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
    const mine = this.#once(asked, attempt, work)
    this.#running.set(id, mine)
    try {
      return await mine
    } finally {
      this.#running.delete(id)
    }
  }

  async #once(asked: IdempotentRequest, { name, request, reply }: Attempt, work: () => Promise<unknown>): Promise<unknown> {
    const lock = { credential: credentialOf(request), purpose: `${asked.key} ${asked.scope}` }
    const known = await this.#store.find(asked)
    if (known) {
      reply.code(known.status).header('idempotency-replayed', 'true')
      return known.body === '' ? undefined : new JsonText(SECRET.has(name) ? unseal(known.body, lock) : known.body)
    }
    const answer = await work()
    if (answer === ANSWERED) return answer
    const body = answer === undefined ? '' : answer instanceof JsonText ? answer.text : writeJson(answer)
    await this.#store.save(asked, { status: reply.statusCode, body: SECRET.has(name) ? seal(body, lock) : body })
    return answer
  }
}
