import type { IncomingMessage } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { FairleadError } from '@fairlead/contract'
import type { z } from 'zod'
import { backoffMs } from '../../kernel/backoff.ts'
import { type Send, sender } from '../../kernel/http-sender.ts'
import { refusalOf, systemFailure } from './failure.ts'
import type { Credentials, MlflowServer } from './server.ts'

/** Longest JSON answer that is read, in bytes. */
const JSON_LIMIT = 32 * 2 ** 20
const REDIRECTS = 5
const LONGEST_WAIT_MS = 30_000
const BACKOFF = { baseMs: 400, maxMs: 10_000 }
const RETRIED = new Set([408, 429, 502, 503, 504])
const REDIRECTED = new Set([301, 302, 303, 307, 308])

/** A failure that may not happen again. */
export class Again extends Error {
  readonly failure: FairleadError
  readonly afterMs: number | undefined
  /** Attempts after which it is given up, where that is sooner than usual. */
  readonly most: number

  constructor(failure: FairleadError, { afterMs, most = Number.POSITIVE_INFINITY }: { afterMs?: number | undefined; most?: number } = {}) {
    super(failure.message)
    this.failure = failure
    this.afterMs = afterMs
    this.most = most
  }
}

type Query = Readonly<Record<string, string>>

/**
 * Requests to one server, with credentials that never go to another: redirects are followed within the server only. All members throw
 * `tracking-unreachable`, `tracking-not-allowed`, `tracking-unknown` and `tracking-failed`, after as many attempts as the server's options
 * say where another may help (408, 429, 502 to 504, and connections that break).
 */
export class Connection {
  readonly base: URL
  readonly #server: Omit<MlflowServer, 'trackingUri'>
  readonly #send: Send
  readonly #close: () => void
  #answered = false

  constructor(base: string, server: Omit<MlflowServer, 'trackingUri'>) {
    this.base = new URL(base.endsWith('/') ? base : `${base}/`)
    this.#server = server
    const { send, close } = sender(server)
    this.#send = send
    this.#close = close
  }

  /** The same way to another server, which does not get the credentials unless it has the same origin. */
  to(base: string): Connection {
    const { credentials, ...others } = this.#server
    const same = new URL(base).origin === this.base.origin
    return new Connection(base, same ? { ...others, credentials } : others)
  }

  /** Whether requests carry credentials. */
  get hasCredentials(): boolean {
    return this.#server.credentials !== undefined
  }

  /** Closes connections that are kept. */
  close(): void {
    this.#close()
  }

  /** GET of a JSON answer. `path` is relative to the server's address and already encoded. */
  get<T extends z.ZodType>(path: string, query: Query, schema: T): Promise<z.infer<T>> {
    return this.#json({ method: 'GET', url: this.#url(path, query) }, schema)
  }

  /** POST of a JSON body. */
  post<T extends z.ZodType>(path: string, body: unknown, schema: T): Promise<z.infer<T>> {
    return this.#json({ method: 'POST', url: this.#url(path, {}), body: JSON.stringify(body) }, schema)
  }

  /** The head of an answer whose body the caller reads; one attempt, to be made within `retrying`. */
  open(path: string): Promise<IncomingMessage> {
    return this.#exchange({ method: 'GET', url: this.#url(path, {}) })
  }

  /** Does work until it succeeds, fails for good, or was tried often enough. */
  async retrying<T>(work: () => Promise<T>): Promise<T> {
    for (let attempt = 0; ; attempt++) {
      try {
        return await work()
      } catch (error) {
        if (!(error instanceof Again)) throw error
        if (attempt >= Math.min(this.#server.retries, error.most)) throw error.failure
        await sleep(Math.min(LONGEST_WAIT_MS, error.afterMs ?? backoffMs(attempt, BACKOFF)))
      }
    }
  }

  /** What becomes of an error of the system: another attempt, where the server was there before or the connection broke. */
  failed(error: unknown): never {
    if (error instanceof Again || error instanceof FairleadError) throw error
    const { failure, transient } = systemFailure(error, this.base)
    if (transient || this.#answered) throw new Again(failure)
    throw failure
  }

  #url(path: string, query: Query): URL {
    const url = new URL(path, this.base)
    for (const [key, value] of Object.entries(query)) url.searchParams.set(key, value)
    return url
  }

  #json<T extends z.ZodType>(request: Omit<Parameters<Send>[0], 'headers'>, schema: T): Promise<z.infer<T>> {
    return this.retrying(async () => {
      const answer = await this.#exchange(request)
      const text = await textOf(answer, JSON_LIMIT).catch((error: unknown) => this.failed(error))
      return parsed(text, { schema, url: request.url })
    })
  }

  async #exchange(request: Omit<Parameters<Send>[0], 'headers'>): Promise<IncomingMessage> {
    const headers = {
      accept: 'application/json, */*',
      'user-agent': 'fairlead',
      ...(request.body === undefined ? {} : { 'content-type': 'application/json' }),
      ...authorization(this.#server.credentials),
    }
    let { url } = request
    for (let redirects = 0; ; redirects++) {
      const answer = await this.#send({ ...request, url, headers }).catch((error: unknown) => this.failed(error))
      this.#answered = true
      const status = answer.statusCode ?? 0
      if (status === 200) return answer
      if (!REDIRECTED.has(status)) return this.#refused(answer, url)
      answer.resume()
      url = this.#redirected(url, answer)
      if (redirects >= REDIRECTS) throw new FairleadError('tracking-failed', `${this.base.origin} redirects ${REDIRECTS} times and more.`)
      if (request.method === 'POST' && status < 307)
        throw new FairleadError('tracking-failed', `${this.base.origin} answers a POST with a redirect (${status}) to ${url.origin}${url.pathname}.`)
    }
  }

  /** Where a redirect leads: within the server, or to the same host by TLS. */
  #redirected(from: URL, { headers }: IncomingMessage): URL {
    const to = URL.parse(headers.location ?? '', from.href)
    if (!to) throw new FairleadError('tracking-failed', `${this.base.origin} redirects to nowhere.`)
    to.username = ''
    to.password = ''
    const upgraded = from.protocol === 'http:' && to.protocol === 'https:' && from.hostname === to.hostname
    if (to.origin === from.origin || upgraded) return to
    const detail = `${from.origin} redirects to ${to.origin}, where neither credentials nor requests are sent unasked. If that is the tracking server, name it.`
    throw new FairleadError('tracking-failed', detail)
  }

  async #refused(answer: IncomingMessage, url: URL): Promise<never> {
    const text = await textOf(answer, 64 * 1024).catch(() => '')
    const failure = refusalOf(
      { status: answer.statusCode ?? 0, type: answer.headers['content-type'] ?? '', text },
      { url, hasCredentials: this.hasCredentials },
    )
    const status = answer.statusCode ?? 0
    if (RETRIED.has(status)) throw new Again(failure, { afterMs: retryAfter(answer) })
    // MLflow answers 500 where an artifact does not exist: once more, and then that is what it means
    if (status === 500) throw new Again(failure, { most: 1 })
    throw failure
  }
}

function authorization(credentials: Credentials | undefined): Record<string, string> {
  if (credentials === undefined) return {}
  if ('token' in credentials) return { authorization: `Bearer ${credentials.token}` }
  return { authorization: `Basic ${Buffer.from(`${credentials.username}:${credentials.password}`).toString('base64')}` }
}

function retryAfter({ headers }: IncomingMessage): number | undefined {
  const seconds = Number(headers['retry-after'])
  return headers['retry-after'] !== undefined && Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : undefined
}

async function textOf(answer: IncomingMessage, limit: number): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > limit) {
      answer.destroy()
      throw new FairleadError('tracking-failed', `The tracking server's answer has more than ${limit} bytes.`)
    }
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function parsed<T extends z.ZodType>(text: string, { schema, url }: { schema: T; url: URL }): z.infer<T> {
  const where = `${url.origin}${url.pathname}`
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw new FairleadError('tracking-failed', `${where} answers something other than JSON; is it an MLflow tracking server?`, { cause })
  }
  const found = schema.safeParse(value)
  if (found.success) return found.data
  const [issue] = found.error.issues
  throw new FairleadError('tracking-failed', `${where}: ${issue?.path.join('.') || 'the answer'}: ${issue?.message ?? 'has the wrong form'}`)
}
