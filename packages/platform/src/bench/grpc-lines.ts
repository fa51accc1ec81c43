import { type ClientHttp2Session, type ClientHttp2Stream, connect, constants, type IncomingHttpHeaders } from 'node:http2'
import { detailOf } from '../conformance/index.ts'
import type { Line, Taker, Target } from './types.ts'

/** Calls at a time that share a connection. */
const CALLS_OF_CONNECTION = 16
const WINDOW = 16 * 1024 ** 2
const LARGEST_ANSWER = 256 * 1024 ** 2
const PREFIX = 5
const OK = 0

/** Statuses of gRPC as those of HTTP that say the same. */
const STATUSES: Record<number, number> = { 3: 400, 4: 504, 5: 404, 7: 403, 8: 429, 12: 501, 14: 503, 16: 401 }

/** Lines that carry calls of one gRPC method over as few connections as there is need for. */
export class GrpcLines {
  readonly #url: URL
  readonly #headers: Record<string, string>
  readonly #sessions: Shared[] = []
  #lines = 0

  /** `path` is `/package.Service/Method`. */
  constructor(target: Target, path: string) {
    this.#url = new URL(target.url)
    const metadata = Object.fromEntries(Object.entries(target.headers).map(([name, value]) => [name.toLowerCase(), value]))
    this.#headers = {
      ...metadata,
      [constants.HTTP2_HEADER_METHOD]: 'POST',
      [constants.HTTP2_HEADER_PATH]: path,
      'content-type': 'application/grpc',
      te: 'trailers',
    }
  }

  line(taker: Taker): Line {
    const at = Math.floor(this.#lines++ / CALLS_OF_CONNECTION)
    return new GrpcLine(taker, { session: () => this.#session(at), headers: this.#headers })
  }

  close(): void {
    for (const { session } of this.#sessions) session.destroy()
  }

  #session(at: number): Shared {
    const before = this.#sessions[at]
    if (before && !before.session.closed && !before.session.destroyed) return before
    const session = connect(this.#url, { settings: { enablePush: false, initialWindowSize: WINDOW } })
    const { promise: ready, resolve, reject } = Promise.withResolvers<void>()
    ready.catch(() => {})
    session.on('connect', () => {
      session.setLocalWindowSize(WINDOW)
      resolve()
    })
    // each call under way hears of it by itself
    session.on('error', reject)
    session.on('close', () => reject(new Error('the connection was closed')))
    const shared = { session, ready }
    this.#sessions[at] = shared
    return shared
  }
}

/** A connection, and whether it is there. */
interface Shared {
  session: ClientHttp2Session
  ready: Promise<void>
}

interface Wiring {
  session(): Shared
  headers: Record<string, string>
}

class GrpcLine implements Line {
  readonly #taker: Taker
  readonly #wiring: Wiring
  #stream: ClientHttp2Stream | undefined

  constructor(taker: Taker, wiring: Wiring) {
    this.#taker = taker
    this.#wiring = wiring
  }

  open(): Promise<void> {
    return this.#wiring.session().ready
  }

  send(bytes: Buffer): void {
    const stream = this.#wiring.session().session.request(this.#wiring.headers)
    this.#stream = stream
    // one that was dropped has nothing more to say
    const current = (then: () => void) => this.#stream === stream && then()
    let head: IncomingHttpHeaders = {}
    const chunks: Buffer[] = []
    let length = 0
    stream.on('response', (headers) => {
      head = headers
    })
    stream.on('trailers', (trailers) => {
      head = { ...head, ...trailers }
    })
    stream.on('data', (chunk: Buffer) => {
      length += chunk.length
      if (length > LARGEST_ANSWER) current(() => this.drop('an answer that is too large'))
      else chunks.push(chunk)
    })
    stream.on('end', () => current(() => this.#ended(head, chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, length))))
    stream.on('error', (error) => current(() => this.drop(reasonOf(error))))
    stream.on('close', () => current(() => this.drop('connection closed')))
    stream.end(bytes)
  }

  drop(reason: string): void {
    const stream = this.#stream
    this.#stream = undefined
    if (!stream) return
    stream.close(constants.NGHTTP2_CANCEL)
    this.#taker.broken(this, reason)
  }

  #ended(head: IncomingHttpHeaders, body: Buffer): void {
    const read = readAnswer(head, body)
    if (typeof read === 'string') this.drop(read)
    else {
      this.#stream = undefined
      this.#taker.answered(this, read.status, read.body)
    }
  }
}

/** An answer with a status of HTTP, or in words why it is none. */
function readAnswer(head: IncomingHttpHeaders, body: Buffer): { status: number; body: Buffer } | string {
  const text = head['grpc-status']
  if (typeof text !== 'string' || !/^\d+$/.test(text)) return 'an answer that is not gRPC'
  if (Number(text) !== OK) return { status: STATUSES[Number(text)] ?? 500, body: Buffer.from(detailOf(head['grpc-message'])) }
  const isWhole = body.length >= PREFIX && body[0] === 0 && body.readUInt32BE(1) === body.length - PREFIX
  return isWhole ? { status: 200, body: body.subarray(PREFIX) } : 'an answer that is not one uncompressed message'
}

/** What the network said, where a call only says that its connection is gone. */
function reasonOf(error: NodeJS.ErrnoException): string {
  const cause = error.cause instanceof Error ? (error.cause as NodeJS.ErrnoException) : error
  return cause.code ?? error.code ?? error.message
}
