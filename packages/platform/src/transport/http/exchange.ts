import type { IncomingMessage, ServerResponse } from 'node:http'
import { type FairleadError, toProblem } from '@fairlead/contract'
import { uuidv7 } from '../../kernel/ids.ts'

const JSON_TYPE = 'application/json'
const REQUEST_ID = /^[!#-[\]-~]{1,128}$/
const TRACEPARENT = /^00-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}$/
/** How long what a refused client still sends is thrown away, so that it gets to read the refusal. */
const LINGER_MS = 2000

/** How errors look: problem+json on Fairlead's own paths, `{"error"}` on those of the Open Inference Protocol. */
export type ErrorForm = 'problem' | 'oip'

/** One request and its answer. */
export class Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  /** When the request was seen, in `performance.now()` milliseconds. */
  readonly receivedAt = performance.now()
  /** `X-Request-Id` as sent, else made here. */
  readonly id: string
  readonly #closing: () => boolean
  #form: ErrorForm = 'problem'

  constructor(request: IncomingMessage, response: ServerResponse, closing: () => boolean) {
    this.request = request
    this.response = response
    this.#closing = closing
    const given = request.headers['x-request-id']
    this.id = typeof given === 'string' && REQUEST_ID.test(given) ? given : uuidv7()
  }

  set errorForm(form: ErrorForm) {
    this.#form = form
  }

  /** Trace id of a valid `traceparent`. */
  get traceId(): string | undefined {
    const header = this.request.headers.traceparent
    if (typeof header !== 'string') return undefined
    const id = TRACEPARENT.exec(header)?.[1]
    return id === undefined || /^0+$/.test(id) ? undefined : id
  }

  get answered(): boolean {
    return this.response.headersSent || this.response.destroyed
  }

  #headers(type: string, length: number, more: readonly string[]): string[] {
    const headers = ['Content-Type', type, 'Content-Length', String(length), 'X-Request-Id', this.id, ...more]
    const trace = this.request.headers.traceparent
    if (typeof trace === 'string' && this.traceId !== undefined) headers.push('traceparent', trace)
    if (this.#closing()) headers.push('Connection', 'close')
    return headers
  }

  /** Answers JSON text. `more` are header names and values, one after the other. */
  json(status: number, text: string, more: readonly string[] = []): void {
    this.send(status, { type: JSON_TYPE, text, more })
  }

  send(status: number, { type, text, more = [] }: { type: string; text: string; more?: readonly string[] }): void {
    if (this.answered) return
    this.response.writeHead(status, this.#headers(type, Buffer.byteLength(text), more))
    this.response.end(text)
  }

  /** Answers an error in the form of the path. */
  fail(error: FairleadError, more: readonly string[] = []): void {
    const { status, type, text } = renderError(error, this.#form, this.id)
    const retry = error.retryAfter === undefined ? [] : ['Retry-After', String(error.retryAfter)]
    this.send(status, { type, text, more: [...retry, ...more] })
  }

  /**
   * Answers an error while the client is still sending: the rest is thrown away for a moment, so that the client reads the
   * answer instead of a broken connection, and then the connection is closed.
   */
  refuseBody(error: FairleadError): void {
    if (this.answered) return
    const { status, type, text } = renderError(error, this.#form, this.id)
    const headers = this.#headers(type, Buffer.byteLength(text), [])
    if (!this.#closing()) headers.push('Connection', 'close')
    this.response.writeHead(status, headers)
    this.response.write(text)
    const end = () => {
      clearTimeout(timer)
      this.response.end()
      this.request.destroy()
    }
    const timer = setTimeout(end, LINGER_MS).unref()
    this.request.once('end', end)
    this.request.once('error', end)
    this.request.resume()
  }
}

function renderError(error: FairleadError, form: ErrorForm, id: string): { status: number; type: string; text: string } {
  if (form === 'problem') return { status: error.status, type: 'application/problem+json', text: JSON.stringify(toProblem(error, id)) }
  // the protocol has one status for every request that cannot be served as it is
  const status = error.status === 422 ? 400 : error.status
  return { status, type: JSON_TYPE, text: JSON.stringify({ error: error.message }) }
}
