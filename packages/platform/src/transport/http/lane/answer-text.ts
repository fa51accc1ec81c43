import { STATUS_CODES } from 'node:http'
import type { Answer } from '../exchange.ts'
import type { HttpLimits } from '../options.ts'

const OK = 'HTTP/1.1 200 OK\r\n'
const JSON_TYPE = 'application/json'
const JSON_LINES = `Content-Type: ${JSON_TYPE}\r\nContent-Length: `

/** The headers that `node:http` adds by itself, in its order. The date is that of the last `tick`. */
export class AnswerTail {
  readonly #keepAlive: string
  #going = ''
  #closing = ''

  constructor({ keepAliveMs, connectionRequests }: Pick<HttpLimits, 'keepAliveMs' | 'connectionRequests'>) {
    this.#keepAlive = `Connection: keep-alive\r\nKeep-Alive: timeout=${Math.floor(keepAliveMs / 1000)}, max=${connectionRequests}\r\n\r\n`
    this.tick()
  }

  /** Takes the time of day anew. */
  tick(): void {
    const date = `Date: ${new Date().toUTCString()}\r\n`
    this.#going = date + this.#keepAlive
    this.#closing = `${date}Connection: close\r\n\r\n`
  }

  /** The head of an answer, with the empty line at its end. `close`: the connection ends with it. */
  headOf({ status, type, length, id, more }: Answer, close: boolean): string {
    // text is put together of few pieces: each costs as much as a handful of its letters
    let head = status === 200 ? OK : `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n`
    if (type === JSON_TYPE) head += `${JSON_LINES}${length}\r\nX-Request-Id: ${id}\r\n`
    else if (type !== undefined) head += `Content-Type: ${type}\r\nContent-Length: ${length}\r\nX-Request-Id: ${id}\r\n`
    else head += `X-Request-Id: ${id}\r\n`
    for (let i = 0; i < more.length; i += 2) head += `${more[i]}: ${more[i + 1]}\r\n`
    return head + (close ? this.#closing : this.#going)
  }
}
