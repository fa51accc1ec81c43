import type { IncomingMessage, ServerResponse } from 'node:http'
import type { FairleadError } from '@fairlead/contract'
import { readBody } from './body.ts'
import { type Answer, type BodyListener, Exchange, type ExchangeWorld, headersOf } from './exchange.ts'
import type { Handling } from './handlers.ts'
import type { UnreadAnswers } from './unread-answers.ts'

/** How long what a refused client still sends is thrown away, so that it gets to read the refusal. */
const LINGER_MS = 2000

/** A request that came through `node:http`. */
export class HttpExchange extends Exchange {
  readonly #request: IncomingMessage
  readonly #response: ServerResponse

  readonly #unread: UnreadAnswers

  /** How long a client may take to read any part of the answer. */
  readonly #idleMs: number
  /** How long it may take to read all of it. */
  readonly #answerMs: number

  constructor(request: IncomingMessage, response: ServerResponse, { limits, unread, ...world }: Pick<Handling, 'limits' | 'unread'> & ExchangeWorld) {
    super({ target: request.url ?? '/', headers: request.headers }, performance.now(), world)
    this.#request = request
    this.#response = response
    this.#idleMs = limits.keepAliveMs
    this.#answerMs = limits.answerMs
    this.#unread = unread
  }

  get answered(): boolean {
    return this.#response.headersSent || this.#response.destroyed
  }

  get peer(): string {
    return this.#request.socket.remoteAddress ?? ''
  }

  protected takeBody(limit: number, { done, refused }: BodyListener): void {
    this.#response.once('close', () => this.release())
    const hold = (bytes: number) => this.hold(bytes)
    readBody(this.#request, { limit, hold }, (result) => {
      if ('bytes' in result) done(result.bytes)
      else if (result.error.code === 'overloaded') {
        refused(result.error)
        this.fail(result.error)
      } else {
        refused(result.error)
        this.#refuse(result.error)
      }
    })
  }

  protected write(answer: Answer): void {
    const { status, body, length } = answer
    this.#response.writeHead(status, headersOf(answer))
    if (typeof body === 'string') this.#response.end(body)
    else {
      for (const part of body) this.#response.write(part)
      this.#response.end()
    }
    // node:http watches the time of requests only; when the answer is out it sets this to what it wants
    const { socket } = this.#request
    if (socket.writableLength === 0) return
    this.#unread.add(socket, length)
    socket.setTimeout(this.#idleMs)
    const timer = setTimeout(() => socket.destroy(), this.#answerMs).unref()
    this.#response.once('close', () => {
      clearTimeout(timer)
      this.#unread.delete(socket)
    })
  }

  /**
   * Answers an error while the client is still sending: the rest is thrown away for a moment, so that the client reads the
   * answer instead of a broken connection, and then the connection is closed.
   */
  #refuse(error: FairleadError): void {
    if (this.answered) return
    const answer = this.lastWords(error)
    this.#response.writeHead(answer.status, headersOf(answer))
    this.#response.write(answer.body)
    const end = () => {
      clearTimeout(timer)
      this.#response.end()
      this.#request.destroy()
    }
    const timer = setTimeout(end, LINGER_MS).unref()
    this.#request.once('end', end)
    this.#request.once('error', end)
    this.#request.resume()
  }
}
