import { STATUS_CODES } from 'node:http'
import type { Answer } from '../exchange.ts'
import type { HttpLimits } from '../options.ts'

/** The headers that `node:http` adds by itself, in its order. The date is that of the last `tick`. */
export class AnswerTail {
  readonly #keepAlive: string
  #going = ''
  #closing = ''
  #ending = ''

  constructor({ keepAliveMs, connectionRequests }: Pick<HttpLimits, 'keepAliveMs' | 'connectionRequests'>) {
    this.#keepAlive = `Connection: keep-alive\r\nKeep-Alive: timeout=${Math.floor(keepAliveMs / 1000)}, max=${connectionRequests}\r\n\r\n`
    this.tick()
  }

  /** Takes the time of day anew. */
  tick(): void {
    const date = `Date: ${new Date().toUTCString()}\r\n`
    this.#going = date + this.#keepAlive
    this.#closing = `${date}Connection: close\r\n\r\n`
    this.#ending = `${date}\r\n`
  }

  /** The head of an answer, with the empty line at its end. `close`: the connection ends with it. */
  headOf({ status, headers, close: said }: Answer, close: boolean): string {
    let head = `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n`
    for (let i = 0; i < headers.length; i += 2) head += `${headers[i]}: ${headers[i + 1]}\r\n`
    return head + (said ? this.#ending : close ? this.#closing : this.#going)
  }
}
