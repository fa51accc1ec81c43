import type { Socket } from 'node:net'
import { freeMemory } from '../../../kernel/memory.ts'
import type { Budget } from '../../budget.ts'
import type { Cors } from '../cors.ts'
import type { Answer } from '../exchange.ts'
import type { HttpLimits } from '../options.ts'
import { refuseSocket } from '../refuse-socket.ts'
import type { Route } from '../routes.ts'
import type { UnreadAnswers } from '../unread-answers.ts'
import type { AnswerTail } from './answer-text.ts'
import { BodyBuffer } from './body-buffer.ts'
import { LaneExchange, type LaneWorld, type Wire } from './exchange.ts'
import { LANE_HEAD_BYTES, LANE_START, type LaneHead, readHead } from './head.ts'
import { LastHead } from './last-head.ts'

/** What a connection of the lane needs of the lane. */
export interface ConnectionOptions {
  limits: Pick<HttpLimits, 'headersMs' | 'requestMs' | 'answerMs' | 'keepAliveMs' | 'connectionRequests'>
  bodyLimit(route: Route): number
  draining(): boolean
  bodies: Budget
  cors?: Cors | undefined
  unread: UnreadAnswers
  tail: AnswerTail
  handle(exchange: LaneExchange, route: Route): void
  /** Gives the socket away; every byte that was not answered is in its stream again. */
  handOver(socket: Socket): void
  /** The connection is no longer the lane's. */
  left(connection: LaneConnection): void
}

/** Answers in parts up to this size are joined before they are written. */
const COPIED_BYTES = 16 * 1024
/** Smaller pieces are left to the garbage collector. */
const PIECE_BYTES = 32 * 1024
const HEAD_END = Buffer.from('\r\n\r\n')
const START = Buffer.from(LANE_START, 'latin1')

/**
 * One connection in the lane. It has one request in hand at a time; what a client sends meanwhile goes back into the socket's
 * stream and waits there, so answers keep the order, and a client that does not read its answers is not read either.
 */
export class LaneConnection implements Wire {
  readonly #socket: Socket
  readonly #options: ConnectionOptions
  readonly #world: LaneWorld
  /** When to give up, in `performance.now()` milliseconds. */
  deadline: number
  /** The beginning of a head whose end has not come. */
  #held: Buffer | undefined
  #last: LastHead | undefined
  /** When the first byte of the request was seen. */
  #since = 0
  #requests = 0
  #inHand = false
  #answered = false
  /** Bytes of the body that have not come. */
  #missing = 0
  #body: Buffer | undefined
  #gathered: BodyBuffer | undefined
  #listener: Parameters<Wire['gatherBody']>[0] | undefined
  #exchange: LaneExchange | undefined
  /** To be called when the answer needs its memory no more. */
  #written: Answer['written']
  /** The last answer is on its way. */
  #closing = false
  /** The client sends no more. */
  #ended = false
  #paused = false

  constructor(socket: Socket, options: ConnectionOptions) {
    this.#socket = socket
    this.#options = options
    this.#world = { wire: this, draining: options.draining, bodies: options.bodies, cors: options.cors }
    this.deadline = performance.now() + options.limits.headersMs
    socket.on('data', this.#onData)
    socket.on('end', this.#onEnd)
    socket.on('drain', this.#onDrain)
    socket.on('timeout', this.#onTimeout)
    socket.on('error', this.#onError)
    socket.on('close', this.#onClose)
  }

  get gone(): boolean {
    return this.#socket.destroyed
  }

  get peer(): string {
    return this.#socket.remoteAddress ?? ''
  }

  wholeBody(): Buffer | undefined {
    if (this.#missing > 0) return undefined
    const body = this.#body
    this.#body = undefined
    return body
  }

  gatherBody(listener: Parameters<Wire['gatherBody']>[0]): void {
    const body = this.#body!
    this.#body = undefined
    if (!listener.hold(body.length)) listener.full()
    else {
      this.#gathered = new BodyBuffer(body.length + this.#missing, binaryFrom(this.#last!.head, body.length + this.#missing))
      this.#gathered.push(body)
      this.#listener = listener
    }
  }

  answer(answer: Answer): void {
    const { limits, tail, unread } = this.#options
    const close = answer.close || this.#requests >= limits.connectionRequests
    const head = tail.headOf(answer, close)
    this.#answered = true
    this.#body = undefined
    const { body, length } = answer
    // text as long as its UTF-8 has no other characters than those of ASCII, and goes out without being transcoded
    const flushed = typeof body === 'string' ? this.#socket.write(head + body, length === body.length ? 'latin1' : 'utf8') : this.#writeParts(head, answer)
    if (close) {
      this.#closing = true
      this.#socket.destroySoon()
    }
    if (!flushed) {
      this.deadline = performance.now() + limits.answerMs
      unread.add(this.#socket, length)
    }
    // the time of a client that reads is anew with every part that it takes
    if (!flushed || close) this.#socket.setTimeout(limits.keepAliveMs)
    else if (this.#missing === 0) this.#next()
  }

  /** Small parts are worth a copy, because they leave in one piece; large ones go out from where they lie. */
  #writeParts(head: string, { body, length, written }: Answer): boolean {
    const parts = [Buffer.from(head, 'latin1'), ...(body as readonly Uint8Array[])]
    if (length <= COPIED_BYTES) return this.#socket.write(Buffer.concat(parts))
    this.#socket.cork()
    const last = parts.pop()!
    for (const part of parts) this.#socket.write(part)
    this.#written = written
    const flushed = this.#socket.write(last, (error) => {
      if (error) return
      written?.()
      // the next answer may be on its way
      if (this.#written === written) this.#written = undefined
    })
    this.#socket.uncork()
    return flushed
  }

  /** Ends a connection that waits for its next request, or for its first. */
  endIfIdle(): void {
    if (!this.#inHand && this.#held === undefined) this.#socket.destroy()
  }

  /** Called when the deadline has passed. */
  expire(): void {
    const waits = this.#inHand ? !this.#answered : this.#held !== undefined || this.#requests === 0
    if (waits) this.#refuse('ERR_HTTP_REQUEST_TIMEOUT')
    else this.#socket.destroy()
  }

  readonly #onData = (chunk: Buffer): void => {
    if (this.#closing) return
    if (this.#missing > 0) this.#takeBody(chunk)
    else if (this.#inHand) this.#putBack(chunk)
    else this.#takeHead(chunk)
  }

  #takeHead(chunk: Buffer): void {
    const { bodyLimit, limits } = this.#options
    if (this.#held === undefined) {
      this.#since = performance.now()
      const last = this.#last
      if (last?.matches(chunk) && last.length <= bodyLimit(last.head.route)) {
        this.#begin(last.head, last.length, chunk.subarray(last.end))
        return
      }
    }
    const bytes = this.#held === undefined ? chunk : Buffer.concat([this.#held, chunk])
    const end = bytes.indexOf(HEAD_END)
    if (end < 0 && mayBecomeHead(bytes)) {
      this.#held = bytes
      this.deadline = this.#since + Math.min(limits.headersMs, limits.requestMs)
      return
    }
    const head = end < 0 || end > LANE_HEAD_BYTES ? undefined : readHead(bytes.toString('latin1', 0, end))
    if (head === undefined || head.length > bodyLimit(head.route)) {
      this.#handOver(bytes)
      return
    }
    this.#held = undefined
    const begin = end + HEAD_END.length
    this.#last = new LastHead(head, bytes.subarray(0, begin))
    this.#begin(head, head.length, bytes.subarray(begin))
  }

  #begin(head: LaneHead, length: number, rest: Buffer): void {
    const { handle, limits } = this.#options
    this.#inHand = true
    this.#answered = false
    this.#requests++
    this.#body = rest.length > length ? rest.subarray(0, length) : rest
    this.#missing = length - this.#body.length
    if (rest.length > length) this.#putBack(rest.subarray(length))
    // how long an answer may take is the request's own deadline
    this.deadline = this.#missing > 0 ? this.#since + limits.requestMs : Number.POSITIVE_INFINITY
    this.#exchange = new LaneExchange(head, this.#since, this.#world)
    handle(this.#exchange, head.route)
  }

  #takeBody(chunk: Buffer): void {
    const part = chunk.length > this.#missing ? chunk.subarray(0, this.#missing) : chunk
    this.#missing -= part.length
    if (part.length < chunk.length) this.#putBack(chunk.subarray(part.length))
    const listener = this.#listener
    if (listener && !listener.hold(part.length)) {
      this.#listener = this.#gathered = undefined
      listener.full()
      return
    }
    this.#gathered?.push(part)
    if (part === chunk) discard(chunk)
    if (this.#missing > 0) return
    const gathered = this.#gathered
    this.#listener = this.#gathered = undefined
    if (!this.#answered) this.deadline = Number.POSITIVE_INFINITY
    if (!this.#answered) listener?.done(gathered!.bytes)
    else if (!this.#socket.writableNeedDrain) this.#next()
  }

  /** After an answer that is on its way: the next request, if the client wants one. */
  #next(): void {
    this.#inHand = false
    if (this.#ended) {
      this.#socket.destroySoon()
      return
    }
    this.deadline = performance.now() + this.#options.limits.keepAliveMs
    if (!this.#paused) return
    this.#paused = false
    this.#socket.resume()
  }

  /** Lets bytes wait in the socket's stream, which reads no more than it has room for. */
  #putBack(bytes: Buffer): void {
    this.#paused = true
    this.#socket.pause()
    this.#socket.unshift(bytes)
  }

  #handOver(bytes: Buffer): void {
    const socket = this.#socket
    this.#leave()
    socket.pause()
    socket.unshift(bytes)
    this.#options.handOver(socket)
    socket.resume()
  }

  /** Says why what came is no request; whatever else comes is thrown away. */
  #refuse(code: string): void {
    this.#leave()
    this.#socket.on('error', () => {})
    this.#socket.resume()
    refuseSocket({ code }, this.#socket)
  }

  #leave(): void {
    const socket = this.#socket
    this.#exchange?.release()
    socket.off('data', this.#onData)
    socket.off('end', this.#onEnd)
    socket.off('drain', this.#onDrain)
    socket.off('timeout', this.#onTimeout)
    socket.off('error', this.#onError)
    socket.off('close', this.#onClose)
    this.#options.left(this)
  }

  readonly #onEnd = (): void => {
    this.#ended = true
    if (this.#missing > 0 && this.#answered) this.#socket.destroy()
    else if (this.#missing > 0 || this.#held !== undefined) this.#refuse('HPE_INVALID_EOF_STATE')
    else if (!this.#inHand) this.#socket.destroySoon()
  }

  readonly #onDrain = (): void => {
    this.#options.unread.delete(this.#socket)
    if (this.#closing) return
    this.#socket.setTimeout(0)
    if (this.#inHand && this.#answered && this.#missing === 0) this.#next()
  }

  readonly #onTimeout = (): void => void this.#socket.destroy()

  // the close that follows is all there is to know of a client that went away
  readonly #onError = (): void => {}

  readonly #onClose = (): void => {
    this.#exchange?.release()
    this.#options.unread.delete(this.#socket)
    // nobody will read it: memory that waits for the garbage collector waits as long as nothing else is asked for
    this.#written?.()
    this.#options.left(this)
  }
}

/** Gives back what the socket read into, once it was copied: large bodies come in many pieces. */
function discard({ buffer, length }: Buffer): void {
  if (length >= PIECE_BYTES && length === buffer.byteLength) freeMemory(buffer)
}

/** Where a body's binary part begins, if it has one. */
function binaryFrom({ headers }: LaneHead, length: number): number {
  const from = Number(headers['inference-header-content-length'] ?? 0)
  return Number.isInteger(from) && from >= 0 && from <= length ? from : 0
}

function mayBecomeHead(bytes: Buffer): boolean {
  const common = Math.min(bytes.length, START.length)
  return bytes.length < LANE_HEAD_BYTES + HEAD_END.length && bytes.compare(START, 0, common, 0, common) === 0
}
