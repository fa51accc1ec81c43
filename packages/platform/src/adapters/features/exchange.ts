import { FairleadError, parseExactJson } from '@fairlead/contract'
import { lookupFailed } from '../../domain/pipeline/index.ts'
import { type Send, sender, type TlsOptions } from '../../kernel/http-sender.ts'

/** Longest answer that is read, in bytes. */
const ANSWER_BYTES = 16 * 2 ** 20
const IDLE_MS = 30_000
const BROKEN = new Set(['ECONNRESET', 'EPIPE'])

/** A feature service and how to reach it. */
export interface FeatureServer {
  /** Name of the service, for messages. */
  name: string
  url: string
  /** Sent with every request; secrets stand here. */
  headers?: Readonly<Record<string, string>> | undefined
  tls?: TlsOptions | undefined
}

/** POST of a JSON body, answered by JSON. */
export class FeatureExchange {
  readonly name: string
  readonly #url: URL
  readonly #headers: Readonly<Record<string, string>>
  readonly #send: Send
  readonly #close: () => void

  constructor({ name, url, headers = {}, tls }: FeatureServer, path = '') {
    this.name = name
    this.#url = new URL(path === '' ? url : `${url.replace(/\/+$/, '')}${path}`)
    this.#headers = headers
    const { send, close } = sender({ tls, timeoutMs: IDLE_MS })
    this.#send = send
    this.#close = close
  }

  /** Rejects with `lookup-failed`, or with the reason of `signal`. */
  async post(body: string, signal: AbortSignal): Promise<unknown> {
    try {
      return this.#parsed(await this.#exchanged(body, signal))
    } catch (error) {
      signal.throwIfAborted()
      if (error instanceof FairleadError) throw error
      const { code, message } = error as NodeJS.ErrnoException
      throw this.failed(`${this.#url.origin} cannot be asked (${code ?? message})`, error)
    }
  }

  /** A connection that was kept may be closed by the other side as it is used; to ask twice does no harm. */
  async #exchanged(body: string, signal: AbortSignal): Promise<string> {
    try {
      return await this.#text(body, signal)
    } catch (error) {
      if (!BROKEN.has((error as NodeJS.ErrnoException).code ?? '')) throw error
      return this.#text(body, signal)
    }
  }

  async #text(body: string, signal: AbortSignal): Promise<string> {
    const headers = { accept: 'application/json', 'content-type': 'application/json', 'user-agent': 'fairlead', ...this.#headers }
    const answer = await this.#send({ method: 'POST', url: this.#url, headers, body, signal })
    const parts: Buffer[] = []
    let bytes = 0
    for await (const part of answer as AsyncIterable<Buffer>) {
      bytes += part.length
      if (bytes > ANSWER_BYTES) throw this.failed(`its answer has more than ${ANSWER_BYTES} bytes`)
      parts.push(part)
    }
    const text = Buffer.concat(parts).toString('utf8')
    if (answer.statusCode !== 200) throw this.failed(`it answers ${answer.statusCode}: ${text.slice(0, 200).trim()}`)
    return text
  }

  failed(why: string, cause?: unknown): FairleadError {
    return lookupFailed(this.name, why, cause)
  }

  close(): void {
    this.#close()
  }

  #parsed(text: string): unknown {
    try {
      return parseExactJson(text)
    } catch (cause) {
      throw this.failed('its answer is no JSON', cause)
    }
  }
}
