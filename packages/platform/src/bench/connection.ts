import { connect as connectPlain, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { Line, Taker } from './types.ts'

const HEAD_END = Buffer.from('\r\n\r\n')
const LARGEST_HEAD = 64 * 1024
const LARGEST_ANSWER = 256 * 1024 ** 2
const EMPTY = Buffer.alloc(0)

/** One kept-alive connection that carries a request at a time. It opens itself when it has to send. */
export class Connection implements Line {
  readonly #url: URL
  readonly #taker: Taker
  #socket: Socket | undefined
  #held: Buffer = EMPTY
  /** Bytes until the answer in hand is whole, once its head says so. */
  #needed = 0
  #busy = false

  constructor(url: URL, taker: Taker) {
    this.#url = url
    this.#taker = taker
  }

  open(): Promise<void> {
    const socket = this.#connected()
    if (!socket.connecting) return Promise.resolve()
    return new Promise((resolve, reject) => {
      const settle = (error?: Error) => {
        socket.off('close', closed)
        socket.off('error', settle)
        socket.off('ready', settle)
        if (error) reject(error)
        else resolve()
      }
      const closed = () => settle(new Error('the connection was closed'))
      socket.on('ready', settle).on('error', settle).on('close', closed)
    })
  }

  send(bytes: Buffer): void {
    this.#busy = true
    this.#connected().write(bytes)
  }

  drop(reason: string): void {
    const socket = this.#socket
    this.#socket = undefined
    this.#held = EMPTY
    this.#needed = 0
    socket?.destroy()
    if (!this.#busy) return
    this.#busy = false
    this.#taker.broken(this, reason)
  }

  #connected(): Socket {
    if (this.#socket) return this.#socket
    const secure = this.#url.protocol === 'https:'
    const host = this.#url.hostname.replace(/^\[|\]$/g, '')
    const port = Number(this.#url.port || (secure ? 443 : 80))
    const socket = secure ? connectTls({ host, port, servername: host }) : connectPlain({ host, port })
    socket.setNoDelay(true)
    // one that was dropped has nothing more to say
    const current = (then: () => void) => this.#socket === socket && then()
    socket.on('data', (chunk) => current(() => this.#take(chunk)))
    socket.on('error', (error: NodeJS.ErrnoException) => current(() => this.drop(error.code ?? error.message)))
    socket.on('close', () => current(() => this.drop('connection closed')))
    this.#socket = socket
    return socket
  }

  #take(chunk: Buffer) {
    if (!this.#busy) return this.drop('an answer that nobody asked for')
    const bytes = this.#held.length > 0 ? Buffer.concat([this.#held, chunk]) : chunk
    if (bytes.length < this.#needed) {
      this.#held = bytes
      return
    }
    const read = readAnswer(bytes)
    if (typeof read === 'string') return this.drop(read)
    if ('needed' in read) {
      this.#held = bytes
      this.#needed = read.needed
      return
    }
    this.#held = EMPTY
    this.#needed = 0
    this.#busy = false
    if (read.last) this.drop('closed by the server')
    this.#taker.answered(this, read.status, read.body)
  }
}

interface Answer {
  status: number
  body: Buffer
  /** The server closes the connection after it. */
  last: boolean
}

/** A whole answer; how many bytes it takes at least; or in words why it is none that this client reads. */
function readAnswer(bytes: Buffer): Answer | { needed: number } | string {
  const headEnd = bytes.indexOf(HEAD_END)
  if (headEnd < 0) return bytes.length > LARGEST_HEAD ? 'an answer whose head does not end' : { needed: bytes.length + 1 }
  const head = bytes.toString('latin1', 0, headEnd)
  const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(head)?.[1])
  if (!status) return 'an answer that is not HTTP/1.1'
  const last = /\r\nconnection: *close/i.test(head)
  const from = headEnd + HEAD_END.length
  if (/\r\ntransfer-encoding: *chunked/i.test(head)) {
    const body = unchunk(bytes, from)
    return Buffer.isBuffer(body) ? { status, body, last } : body
  }
  const length = Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? Number.NaN)
  if (!(length <= LARGEST_ANSWER)) return 'an answer whose length is not told or too large'
  const end = from + length
  if (bytes.length > end) return 'more than one answer'
  return bytes.length < end ? { needed: end } : { status, body: bytes.subarray(from, end), last }
}

function unchunk(bytes: Buffer, from: number): Buffer | { needed: number } | string {
  const parts: Buffer[] = []
  let at = from
  for (;;) {
    const lineEnd = bytes.indexOf('\r\n', at)
    if (lineEnd < 0) return { needed: bytes.length + 1 }
    const size = Number.parseInt(bytes.toString('latin1', at, lineEnd), 16)
    if (!(size >= 0 && size <= LARGEST_ANSWER)) return 'an answer with a broken chunk'
    const end = lineEnd + 2 + size + 2
    if (bytes.length < end) return { needed: end }
    if (size === 0) return Buffer.concat(parts)
    parts.push(bytes.subarray(lineEnd + 2, end - 2))
    at = end
  }
}
