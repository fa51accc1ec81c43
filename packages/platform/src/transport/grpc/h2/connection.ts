import type { Socket } from 'node:net'
import { FrameCutter, type FrameHead, type FrameSink } from './frame-cutter.ts'
import { BlockGatherer, type HeaderBlock, unpadded } from './header-block.ts'
import type { Headers } from './hpack/index.ts'
import { Outbox } from './outbox.ts'
import { CODE, ConnectionError, DEFAULT_WINDOW, FLAG, FRAME, MOST_WINDOW, OFFER, PREFACE, SETTING } from './protocol.ts'
import { settingsFrame, settingsIn } from './settings.ts'
import type { Http2Stream } from './stream.ts'
import { Streams } from './streams.ts'
import { Tally } from './tally.ts'

/** Bounds of a connection. Bytes and milliseconds. */
export interface ConnectionLimits {
  /** Calls at a time. */
  streams: number
  /** All header fields of one call together. */
  headerBytes: number
  /** Time for the first words, and for taking what was sent. */
  greetingMs: number
  answerMs: number
  /** A silent connection is asked whether it is still there, and closed when it does not say so in time. */
  pingMs: number
  pingAnswerMs: number
  /** Pings and settings in ten seconds. */
  controlFrames: number
}

export interface ConnectionOptions {
  limits: ConnectionLimits
  /** Takes a call up. `ended`: nothing follows its header fields. */
  begin(stream: Http2Stream, headers: Headers, ended: boolean): void
  /** Told of a fault of our own; it ends the connection, and no other. */
  failed(error: unknown): void
  /** The connection has ended. */
  closed(): void
}

const WINDOW_MS = 10_000
/** Calls that a client may break off or get wrong at once, and in ten seconds thereafter, as nghttp2 has it. */
const BROKEN = { most: 1000, forgiven: 330 }
/** Frames without content in ten seconds. */
const EMPTY = 10_000
/** How long a client may take to hear of the end, and to end what we have ended. */
const LEAVE_MS = 1000
const PING_BYTES = 8
const ALIVE = Buffer.from('alive?!\n')
const LEAVING = Buffer.from('leaving\n')

/** One connection of HTTP/2 without TLS, the server's end: RFC 9113. */
export class Http2Connection implements FrameSink {
  readonly #socket: Socket
  readonly #options: ConnectionOptions
  readonly #out: Outbox
  readonly #streams: Streams
  readonly #cutter = new FrameCutter(this)
  readonly #blocks = new BlockGatherer()
  readonly #control: Tally
  readonly #broken = new Tally('calls broken off', BROKEN.most, BROKEN.forgiven)
  readonly #empty = new Tally('frames that carry nothing', EMPTY)
  readonly #openedAt = performance.now()
  /** Bytes of the preface that have come. */
  #prefaced = 0
  #greeted = false
  #windowAt = this.#openedAt
  /** When the client was last heard of. */
  #heard = true
  #silentSince = this.#openedAt
  #pingedAt = 0
  #stuck = false
  /** Since when the client is asked to leave, and since when nothing is said any more. */
  #leavingAt = 0
  #final = false
  #endedAt = 0

  constructor(socket: Socket, options: ConnectionOptions) {
    this.#socket = socket
    this.#options = options
    const { streams, headerBytes, controlFrames } = options.limits
    this.#control = new Tally('pings and settings', controlFrames)
    this.#out = new Outbox(socket, () => this.#flushed())
    this.#streams = new Streams({
      out: this.#out,
      peer: socket.remoteAddress ?? '',
      streams,
      headerBytes,
      broken: this.#broken,
      empty: this.#empty,
      isStuck: () => this.#stuck,
      begin: options.begin,
      idle: () => this.#idle(),
    })
    socket.on('data', (chunk) => this.#read(chunk))
    socket.on('drain', () => this.#drained())
    // only a client that takes nothing has a time
    socket.on('timeout', () => socket.destroy())
    // an error of a connection closes it, and that is all there is to do
    socket.on('error', () => {})
    socket.on('close', () => this.#closed())
    this.#out.frame(FRAME.settings, 0, {
      payload: settingsFrame([
        [SETTING.tableBytes, OFFER.tableBytes],
        [SETTING.streams, streams],
        [SETTING.window, OFFER.window],
        [SETTING.frameBytes, OFFER.frameBytes],
        [SETTING.listBytes, headerBytes],
      ]),
    })
    this.#out.number(FRAME.windowUpdate, 0, OFFER.connectionWindow - DEFAULT_WINDOW)
  }

  /** Asks the client to begin nothing more, answers what is in hand, and ends. */
  leave(): void {
    if (this.#leavingAt > 0 || this.#endedAt > 0) return
    this.#leavingAt = performance.now()
    // calls that are on their way are still taken; when the answer to the ping is here, there are none
    this.#goaway(MOST_WINDOW, CODE.noError)
    this.#out.frame(FRAME.ping, 0, { payload: LEAVING })
  }

  destroy(): void {
    this.#socket.destroy()
  }

  /** Looks whether the connection is still worth its place. */
  sweep(now: number): void {
    const { greetingMs, pingMs, pingAnswerMs } = this.#options.limits
    const mute = !this.#greeted && now - this.#openedAt > greetingMs
    const lingers = this.#endedAt > 0 && now - this.#endedAt > LEAVE_MS
    if (this.#heard || this.#stuck) {
      this.#heard = false
      this.#silentSince = now
      this.#pingedAt = 0
    }
    const gone = this.#pingedAt > 0 && now - this.#pingedAt > pingAnswerMs
    if (mute || lingers || gone) {
      this.#socket.destroy()
      return
    }
    if (now - this.#windowAt > WINDOW_MS) {
      this.#windowAt = now
      for (const tally of [this.#control, this.#broken, this.#empty]) tally.turn()
    }
    if (this.#endedAt > 0) return
    if (this.#leavingAt > 0 && now - this.#leavingAt > LEAVE_MS) this.#leaveNow()
    if (this.#pingedAt > 0 || now - this.#silentSince <= pingMs) return
    this.#pingedAt = now
    this.#out.frame(FRAME.ping, 0, { payload: ALIVE })
  }

  frame(head: FrameHead, payload: Buffer): void {
    this.#checkPlace(head)
    switch (head.type) {
      case FRAME.data:
        this.#paddedData(head, payload)
        return
      case FRAME.headers:
        this.#headers(this.#blocks.begin(head, payload))
        return
      case FRAME.continuation:
        this.#headers(this.#blocks.goOn(head, payload))
        return
      case FRAME.reset:
        checkLength(payload, 4)
        this.#streams.reset(head.stream)
        return
      case FRAME.windowUpdate:
        checkLength(payload, 4)
        this.#streams.windowUpdate(head.stream, payload.readUInt32BE(0) & MOST_WINDOW)
        return
      case FRAME.settings:
        this.#settings(head, payload)
        return
      case FRAME.ping:
        this.#ping(head, payload)
        return
      case FRAME.pushPromise:
        throw new ConnectionError(CODE.protocol, 'a client cannot push')
      case FRAME.priority:
        checkLength(payload, 5)
        this.#empty.count()
        return
      default:
        // a client that leaves ends its calls and the connection itself; what is not known is passed over
        this.#empty.count()
    }
  }

  data(head: FrameHead, piece: Buffer, last: boolean): void {
    this.#checkPlace(head)
    this.#streams.data(head, piece, { last, padding: 0 })
  }

  #checkPlace({ type, stream }: FrameHead): void {
    if (!this.#greeted && type !== FRAME.settings) throw new ConnectionError(CODE.protocol, 'settings come first')
    const inBlock = this.#blocks.stream
    if (inBlock !== undefined && (type !== FRAME.continuation || stream !== inBlock)) throw new ConnectionError(CODE.protocol, 'header fields are interrupted')
    if (stream === 0 ? OF_CALLS.has(type) : OF_CONNECTIONS.has(type)) throw new ConnectionError(CODE.protocol, `a frame ${type} on ${stream}`)
  }

  #headers(block: HeaderBlock | undefined): void {
    if (block) this.#streams.headers(block)
  }

  #paddedData(head: FrameHead, payload: Buffer): void {
    const piece = unpadded(head, payload)
    this.#streams.data(head, piece, { last: true, padding: payload.length - piece.length })
  }

  #ping({ flags }: FrameHead, payload: Buffer): void {
    checkLength(payload, PING_BYTES)
    if ((flags & FLAG.ack) === 0) {
      this.#control.count()
      this.#out.frame(FRAME.ping, FLAG.ack, { payload })
    } else if (this.#leavingAt > 0 && payload.equals(LEAVING)) this.#leaveNow()
  }

  #settings({ flags }: FrameHead, payload: Buffer): void {
    if (flags & FLAG.ack) {
      checkLength(payload, 0)
      this.#streams.acknowledged = true
      return
    }
    this.#control.count()
    this.#greeted = true
    let window: number | undefined
    for (const [name, value] of settingsIn(payload)) {
      if (name === SETTING.window) window = value
      else if (name === SETTING.frameBytes) this.#streams.frameBytes = Math.min(value, OFFER.frameBytes)
      else if (name === SETTING.tableBytes && value < OFFER.tableBytes) this.#streams.emptyTable()
    }
    // before anything is sent under the new settings: until then the client counts by the old ones
    this.#out.frame(FRAME.settings, FLAG.ack)
    if (window !== undefined) this.#streams.setInitialWindow(window)
  }

  #read(chunk: Buffer): void {
    if (this.#endedAt > 0) return
    this.#heard = true
    try {
      const from = this.#prefaced < PREFACE.length ? this.#takePreface(chunk) : 0
      this.#cutter.push(chunk, from)
    } catch (error) {
      if (!(error instanceof ConnectionError)) this.#options.failed(error)
      this.#fail(error instanceof ConnectionError ? error.code : CODE.internal)
    }
  }

  #takePreface(chunk: Buffer): number {
    const length = Math.min(chunk.length, PREFACE.length - this.#prefaced)
    if (chunk.compare(PREFACE, this.#prefaced, this.#prefaced + length, 0, length) !== 0) throw new ConnectionError(CODE.protocol, 'this is not HTTP/2')
    this.#prefaced += length
    return length
  }

  #leaveNow(): void {
    if (this.#final) return
    this.#final = true
    this.#streams.finalId = this.#streams.lastId
    this.#goaway(this.#streams.lastId, CODE.noError)
    this.#idle()
  }

  #idle(): void {
    if (!this.#final || this.#streams.size > 0 || this.#endedAt > 0) return
    this.#endedAt = performance.now()
    this.#cutter.stop()
    this.#out.flush()
    // what the client still says is read and dropped: bytes that nobody reads would make the system take the last answers back
    this.#socket.end()
  }

  #fail(code: number): void {
    if (this.#endedAt > 0) return
    this.#endedAt = performance.now()
    this.#cutter.stop()
    this.#goaway(this.#streams.lastId, code)
    this.#out.flush()
    this.#out.close()
    this.#streams.close()
    this.#socket.destroySoon()
  }

  #goaway(last: number, code: number): void {
    const payload = Buffer.alloc(8)
    payload.writeUInt32BE(last, 0)
    payload.writeUInt32BE(code, 4)
    this.#out.frame(FRAME.goaway, 0, { payload })
  }

  /** A client that does not take what it asked for is not read either, so that its answers cannot pile up. */
  #flushed(): void {
    if (this.#stuck || !this.#socket.writableNeedDrain) return
    this.#stuck = true
    this.#socket.pause()
    this.#socket.setTimeout(this.#options.limits.answerMs)
  }

  #drained(): void {
    if (!this.#stuck) return
    this.#stuck = false
    this.#socket.setTimeout(0)
    this.#socket.resume()
    this.#streams.drained()
  }

  #closed(): void {
    this.#endedAt ||= performance.now()
    this.#cutter.stop()
    this.#out.close()
    this.#streams.close()
    this.#options.closed()
  }
}

const OF_CALLS: ReadonlySet<number> = new Set([FRAME.data, FRAME.headers, FRAME.priority, FRAME.reset, FRAME.continuation])
const OF_CONNECTIONS: ReadonlySet<number> = new Set([FRAME.settings, FRAME.ping, FRAME.goaway])

function checkLength({ length }: Buffer, right: number): void {
  if (length !== right) throw new ConnectionError(CODE.frameSize, `a frame of ${length} bytes where ${right} are right`)
}

/** Tells a client that there are too many connections, and ends its own. */
export function refuseConnection(socket: Socket): void {
  const out = new Outbox(socket, () => {})
  const payload = Buffer.alloc(8)
  payload.writeUInt32BE(CODE.calm, 4)
  socket.on('error', () => {})
  out.frame(FRAME.settings, 0)
  out.frame(FRAME.goaway, 0, { payload })
  out.flush()
  socket.destroySoon()
}
