import type { FrameHead } from './frame-cutter.ts'
import type { HeaderBlock } from './header-block.ts'
import { HeaderListError, type Headers, HpackDecoder, HpackError } from './hpack/index.ts'
import type { Outbox } from './outbox.ts'
import { CODE, ConnectionError, DEFAULT_FRAME_BYTES, DEFAULT_WINDOW, FLAG, FRAME, MOST_WINDOW, OFFER } from './protocol.ts'
import { Http2Stream, type StreamLink } from './stream.ts'
import type { Tally } from './tally.ts'

/** Bytes of answers that may wait for a client who does not take them, before new calls are refused. */
const MOST_QUEUED = 128 * 1024 * 1024
const DIGITS = /^\d{1,15}$/
const NOTHING = Buffer.alloc(0)
/** RFC 7541, 6.3: the table of our encoder has no entries. */
const NO_TABLE = Buffer.from([0x20])

export interface StreamsOptions {
  out: Outbox
  peer: string
  /** Calls at a time. */
  streams: number
  /** All header fields of one call together. */
  headerBytes: number
  /** Counts what a client breaks off or gets wrong. */
  broken: Tally
  /** Counts frames that carry nothing. */
  empty: Tally
  /** Whether the socket holds more than it should. */
  isStuck(): boolean
  /** Takes a call up. `ended`: nothing follows its header fields. */
  begin(stream: Http2Stream, headers: Headers, ended: boolean): void
  /** The last call that was open is over. */
  idle(): void
}

/** The calls of one connection, and the windows that they share. What a frame breaks for all throws ConnectionError. */
export class Streams implements StreamLink {
  readonly out: Outbox
  readonly peer: string
  readonly blocked = new Set<Http2Stream>()
  readonly undrained = new Set<Http2Stream>()
  sendWindow = DEFAULT_WINDOW
  frameBytes = DEFAULT_FRAME_BYTES
  queuedBytes = 0
  /** The highest number of a call so far. */
  lastId = 0
  /** Calls beyond are refused as never begun. */
  finalId = MOST_WINDOW
  /** Whether the client knows how many calls it may have. */
  acknowledged = false
  readonly #options: StreamsOptions
  readonly #open = new Map<number, Http2Stream>()
  readonly #hpack: HpackDecoder
  #initialWindow = DEFAULT_WINDOW
  #receiveWindow: number = OFFER.connectionWindow
  #unconsumed = 0
  #startDue = false

  constructor(options: StreamsOptions) {
    this.#options = options
    this.out = options.out
    this.peer = options.peer
    this.#hpack = new HpackDecoder({ tableBytes: OFFER.tableBytes, listBytes: options.headerBytes })
  }

  get size(): number {
    return this.#open.size
  }

  get stuck(): boolean {
    return this.#options.isStuck()
  }

  /** The client's table is smaller than usual, and wants to be told that ours is empty. */
  emptyTable(): void {
    this.#startDue = true
  }

  startOfBlock(): Buffer | undefined {
    if (!this.#startDue) return undefined
    this.#startDue = false
    return NO_TABLE
  }

  consumed(bytes: number): void {
    this.#unconsumed += bytes
    if (this.#unconsumed < OFFER.connectionWindow / 2) return
    this.out.number(FRAME.windowUpdate, 0, this.#unconsumed)
    this.#receiveWindow += this.#unconsumed
    this.#unconsumed = 0
  }

  forget(stream: Http2Stream): void {
    this.#open.delete(stream.id)
    this.blocked.delete(stream)
    this.undrained.delete(stream)
    if (this.#open.size === 0) this.#options.idle()
  }

  /** Header fields: those of a new call, or the last of one that is open. */
  headers({ stream: id, end, bytes }: HeaderBlock): void {
    const fields = this.#decode(bytes)
    const open = this.#open.get(id)
    if (open) this.#takeTrailers(open, fields, end)
    else if (id > this.lastId) {
      if (id % 2 === 0) throw new ConnectionError(CODE.protocol, 'a call with an even number')
      this.lastId = id
      this.#takeCall(id, fields, end)
    } else if (!end || typeof fields !== 'object' || ':path' in fields) {
      // only the last fields of a call that was broken off here may still be on their way
      throw new ConnectionError(CODE.protocol, `the number ${id} was used before`)
    }
  }

  /** A piece of a data frame; `padding` counts as received, too. */
  data(head: FrameHead, piece: Buffer, { last, padding }: { last: boolean; padding: number }): void {
    const size = piece.length + padding
    const end = last && (head.flags & FLAG.endStream) !== 0
    if (piece.length === 0 && !end) this.#options.empty.count()
    this.#receiveWindow -= size
    if (this.#receiveWindow < 0) throw new ConnectionError(CODE.flowControl, 'more data than the window of the connection')
    const stream = this.#open.get(head.stream)
    if (!stream) {
      this.#checkNotIdle(head.stream)
      this.consumed(size)
      return
    }
    stream.receiveWindow -= size
    const fault = this.#faultOf(stream, piece.length, end)
    if (fault !== undefined) {
      this.consumed(size)
      this.#break(stream, fault)
      return
    }
    if (padding > 0) stream.credit(padding)
    stream.receive(piece, end)
  }

  /** The client breaks a call off. */
  reset(id: number): void {
    this.#checkNotIdle(id)
    this.#options.broken.count()
    this.#open.get(id)?.close()
  }

  /** More may be sent, on a call or, with the number 0, on the connection. */
  windowUpdate(id: number, more: number): void {
    if (id === 0) {
      if (more === 0) throw new ConnectionError(CODE.protocol, 'a window grows by nothing')
      this.sendWindow += more
      if (this.sendWindow > MOST_WINDOW) throw new ConnectionError(CODE.flowControl, 'a window is too large')
      this.#pumpBlocked()
      return
    }
    this.#checkNotIdle(id)
    const stream = this.#open.get(id)
    if (!stream) return
    if (more === 0) this.#break(stream, CODE.protocol)
    else if (stream.sendWindow + more > MOST_WINDOW) this.#break(stream, CODE.flowControl)
    else {
      stream.sendWindow += more
      this.#pump(stream)
    }
  }

  /** The window of every call is another: RFC 9113, 6.9.2. */
  setInitialWindow(bytes: number): void {
    const more = bytes - this.#initialWindow
    this.#initialWindow = bytes
    for (const stream of this.#open.values()) {
      stream.sendWindow += more
      if (stream.sendWindow > MOST_WINDOW) throw new ConnectionError(CODE.flowControl, 'a window is too large')
    }
    if (more > 0) for (const stream of [...this.#open.values()]) this.#pump(stream)
  }

  /** The socket holds little again. */
  drained(): void {
    for (const stream of [...this.undrained]) stream.drained()
  }

  /** Ends all calls without a word. */
  close(): void {
    for (const stream of [...this.#open.values()]) stream.close()
  }

  /** The fields, or the code with which their call is refused. */
  #decode(block: Buffer): Headers | number {
    try {
      return this.#hpack.decode(block).headers
    } catch (error) {
      if (error instanceof HpackError) throw new ConnectionError(CODE.compression, error.message)
      if (error instanceof HeaderListError) return error.kind === 'too-large' ? CODE.calm : CODE.protocol
      throw error
    }
  }

  #takeCall(id: number, fields: Headers | number, end: boolean): void {
    const { streams, broken, begin } = this.#options
    const refusal = id > this.finalId || this.#open.size >= streams ? CODE.refused : this.queuedBytes > MOST_QUEUED ? CODE.calm : undefined
    if (refusal !== undefined || typeof fields === 'number') {
      if (this.acknowledged || typeof fields === 'number') broken.count()
      this.out.number(FRAME.reset, id, refusal ?? (fields as number))
      return
    }
    const missing = missingOf(fields, end)
    if (missing === false) {
      broken.count()
      this.out.number(FRAME.reset, id, CODE.protocol)
      return
    }
    const stream = new Http2Stream(id, this, this.#initialWindow)
    stream.missing = missing
    stream.remoteEnded = end
    this.#open.set(id, stream)
    begin(stream, fields, end)
  }

  #takeTrailers(stream: Http2Stream, fields: Headers | number, end: boolean): void {
    if (stream.remoteEnded) this.#break(stream, CODE.streamClosed)
    else if (typeof fields === 'number') this.#break(stream, fields)
    else if (!end || ':path' in fields || ':method' in fields || ':scheme' in fields || ':authority' in fields || stream.missing) {
      this.#break(stream, CODE.protocol)
    } else stream.receive(NOTHING, true)
  }

  /** What is wrong with data of a call. */
  #faultOf(stream: Http2Stream, bytes: number, end: boolean): number | undefined {
    if (stream.remoteEnded) return CODE.streamClosed
    if (stream.receiveWindow < 0) return CODE.flowControl
    if (stream.missing === undefined) return undefined
    stream.missing -= bytes
    return stream.missing < 0 || (end && stream.missing > 0) ? CODE.protocol : undefined
  }

  /** A client that gets calls wrong is broken off, and not for ever. */
  #break(stream: Http2Stream, code: number): void {
    this.#options.broken.count()
    stream.reset(code)
  }

  #checkNotIdle(id: number): void {
    if (id > this.lastId || id % 2 === 0) throw new ConnectionError(CODE.protocol, `there is no call ${id}`)
  }

  #pump(stream: Http2Stream): void {
    stream.pump()
    if (!stream.full && this.undrained.has(stream)) stream.drained()
  }

  /** Each takes what it can; one that could take more goes to the end of the line. */
  #pumpBlocked(): void {
    for (const stream of this.blocked) {
      if (this.sendWindow <= 0) return
      this.blocked.delete(stream)
      this.#pump(stream)
    }
  }
}

/** Bytes of the body that were announced, if they were; false where the fields are no request: RFC 9113, 8.1.1 and 8.3.1. */
function missingOf(fields: Headers, end: boolean): number | undefined | false {
  if (!fields[':method'] || !fields[':scheme'] || !fields[':path']) return false
  const length = fields['content-length']
  if (length === undefined) return undefined
  if (!DIGITS.test(length) || (end && Number(length) > 0)) return false
  return Number(length)
}
