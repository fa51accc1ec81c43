import type { Outbox } from './outbox.ts'
import { PieceQueue } from './piece-queue.ts'
import { CODE, DEFAULT_FRAME_BYTES, FRAME, OFFER } from './protocol.ts'

/** Who takes up a call. */
export interface StreamHandler {
  /** A part of what the client sends. */
  received(bytes: Buffer): void
  /** The client sends no more. */
  ended(): void
  /** Nothing can come or go any more: all was said, or the call or its connection was broken off. */
  closed(): void
}

/** What all calls of a connection share. */
export interface StreamLink {
  readonly out: Outbox
  readonly peer: string
  /** Bytes that may still be sent. */
  sendWindow: number
  /** The largest frame the client takes. */
  frameBytes: number
  /** Bytes of answers that wait for a window. */
  queuedBytes: number
  /** Whether the client does not take what was sent. */
  readonly stuck: boolean
  /** Calls that wait for the window of the connection, and those that want to know when everything was taken. */
  readonly blocked: Set<Http2Stream>
  readonly undrained: Set<Http2Stream>
  /** The first words of a block of header fields, if any. */
  startOfBlock(): Buffer | undefined
  /** Bytes that came in need to be held no more. */
  consumed(bytes: number): void
  forget(stream: Http2Stream): void
}

const NOBODY: StreamHandler = { received: () => {}, ended: () => {}, closed: () => {} }

/** One call as HTTP/2 sees it: RFC 9113, section 5. */
export class Http2Stream {
  readonly id: number
  handler: StreamHandler = NOBODY
  /** Bytes that may still be sent and received. */
  sendWindow: number
  receiveWindow: number = OFFER.window
  /** Bytes of a body that were announced and have not come. */
  missing: number | undefined
  remoteEnded = false
  readonly #link: StreamLink
  #closed = false
  #headersSent = false
  #localEnded = false
  #paused = false
  #delivering = false
  /** Received while nothing is taken. */
  #incoming: PieceQueue | undefined
  #endDue = false
  #uncredited = 0
  #outgoing: Buffer[] | undefined
  #queued = 0
  #trailers: Buffer | undefined
  #onceTaken: (() => void) | undefined

  constructor(id: number, link: StreamLink, sendWindow: number) {
    this.id = id
    this.#link = link
    this.sendWindow = sendWindow
  }

  /** Address of the other end. */
  get peer(): string {
    return this.#link.peer
  }

  /** Whether nothing can be answered any more. */
  get gone(): boolean {
    return this.#closed
  }

  get headersSent(): boolean {
    return this.#headersSent
  }

  /** Whether answers wait to be taken. */
  get full(): boolean {
    return this.#queued > 0 || this.#link.stuck
  }

  /** Calls back when no answers wait any more. */
  onceTaken(told: () => void): void {
    this.#onceTaken = told
    this.#link.undrained.add(this)
  }

  /** Sends the header fields; with them everything is said if this is the `end`. */
  respond(block: Buffer, end = false): void {
    if (this.#closed || this.#headersSent) return
    this.#headersSent = true
    const start = this.#link.startOfBlock()
    this.#link.out.headers(this.id, start ? Buffer.concat([start, block]) : block, end)
    if (end) this.#saidAll()
  }

  /** Sends bytes as soon as the client takes them. They must not change any more. */
  write(bytes: Buffer): void {
    if (this.#closed || this.#localEnded || bytes.length === 0) return
    const sent = this.#queued > 0 ? 0 : this.#send(bytes)
    if (sent === bytes.length) return
    this.#outgoing ??= []
    this.#outgoing.push(sent > 0 ? bytes.subarray(sent) : bytes)
    this.#queued += bytes.length - sent
    this.#link.queuedBytes += bytes.length - sent
    this.#wait()
  }

  /** Says the last: `trailers`, behind all bytes. What the client still wants to send is not waited for. */
  end(trailers: Buffer): void {
    if (this.#closed || this.#localEnded) return
    this.#localEnded = true
    if (this.#queued > 0) this.#trailers = trailers
    else this.#sendTrailers(trailers)
  }

  /** Breaks the call off. */
  reset(code: number): void {
    if (this.#closed) return
    this.#link.out.number(FRAME.reset, this.id, code)
    this.close()
  }

  /** Takes nothing for a while; the client may send what fits into its window. */
  pause(): void {
    this.#paused = true
  }

  resume(): void {
    this.#paused = false
    if (!this.#delivering) this.#deliver()
  }

  /** Takes bytes that came in and fitted into the windows. */
  receive(bytes: Buffer, end: boolean): void {
    if (end) this.remoteEnded = this.#endDue = true
    if (this.#paused || this.#delivering || this.#incoming) {
      this.#incoming ??= new PieceQueue()
      this.#incoming.push(bytes)
    } else if (bytes.length > 0) this.#hand(bytes)
    if (this.#endDue) this.#deliver()
  }

  /** Lets the client send as many bytes more. */
  credit(bytes: number): void {
    this.#link.consumed(bytes)
    if (this.remoteEnded || this.#closed) return
    this.#uncredited += bytes
    if (this.#uncredited < OFFER.window / 2) return
    this.#link.out.number(FRAME.windowUpdate, this.id, this.#uncredited)
    this.receiveWindow += this.#uncredited
    this.#uncredited = 0
  }

  /** Sends what waits, as far as the windows allow. */
  pump(): void {
    const queue = this.#outgoing
    while (this.#queued > 0 && queue) {
      const first = queue[0]!
      const sent = this.#send(first)
      this.#queued -= sent
      this.#link.queuedBytes -= sent
      if (sent < first.length) {
        queue[0] = first.subarray(sent)
        this.#wait()
        return
      }
      queue.shift()
    }
    if (this.#trailers) this.#sendTrailers(this.#trailers)
  }

  /** Tells who waits that everything was taken. */
  drained(): void {
    if (this.#queued > 0) return
    const told = this.#onceTaken
    this.#onceTaken = undefined
    this.#link.undrained.delete(this)
    told?.()
  }

  /** It is over: nothing more is sent for it. */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    const link = this.#link
    link.queuedBytes -= this.#queued
    this.#queued = 0
    this.#outgoing = undefined
    if (this.#incoming) link.consumed(this.#incoming.bytes)
    this.#incoming = undefined
    link.forget(this)
    this.handler.closed()
  }

  #sendTrailers(trailers: Buffer): void {
    this.#link.out.headers(this.id, trailers, true)
    this.#saidAll()
  }

  #saidAll(): void {
    if (this.remoteEnded) this.close()
    else this.reset(CODE.noError)
  }

  #wait(): void {
    if (this.sendWindow > 0) this.#link.blocked.add(this)
  }

  /** How many of the bytes could be sent. */
  #send(bytes: Buffer): number {
    const link = this.#link
    const most = Math.min(this.sendWindow, link.sendWindow)
    if (bytes.length <= most && bytes.length <= DEFAULT_FRAME_BYTES) {
      link.out.data(this.id, bytes)
      this.sendWindow -= bytes.length
      link.sendWindow -= bytes.length
      return bytes.length
    }
    const end = Math.max(0, Math.min(bytes.length, most))
    for (let at = 0; at < end; at += link.frameBytes) link.out.data(this.id, bytes.subarray(at, Math.min(end, at + link.frameBytes)))
    this.sendWindow -= end
    link.sendWindow -= end
    return end
  }

  #hand(bytes: Buffer): void {
    this.#delivering = true
    this.handler.received(bytes)
    this.#delivering = false
    this.credit(bytes.length)
  }

  #deliver(): void {
    while (!this.#paused && !this.#closed && this.#incoming) {
      const bytes = this.#incoming.shift()
      if (!bytes) this.#incoming = undefined
      else this.#hand(bytes)
    }
    if (!this.#endDue || this.#paused || this.#closed || this.#incoming) return
    this.#endDue = false
    this.handler.ended()
  }
}
