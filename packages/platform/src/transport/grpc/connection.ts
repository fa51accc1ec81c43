import { constants, type ServerHttp2Session } from 'node:http2'
import type { CallWorld } from './call.ts'
import type { GrpcLimits } from './options.ts'

const WINDOW_MS = 10_000
/** The highest number a call can have: all that were begun are still taken. */
const ANY_STREAM = 2 ** 31 - 1
/** How long a client may take to see that the connection will end. */
const NOTICE_MS = 1000

/** One connection: cut when it never speaks, floods, or is gone without a word. */
export class Connection {
  readonly world: CallWorld
  readonly #session: ServerHttp2Session
  readonly #limits: GrpcLimits
  readonly #openedAt = performance.now()
  #greeted = false
  #frames = 0
  #windowAt = this.#openedAt
  #pingedAt = this.#openedAt
  #waiting = false

  constructor(session: ServerHttp2Session, limits: GrpcLimits, world: CallWorld) {
    this.#session = session
    this.#limits = limits
    this.world = world
    // an error of a connection closes it, and that is all there is to do
    session.on('error', () => {})
    session.on('remoteSettings', () => {
      this.#greeted = true
      this.#count()
    })
    session.on('ping', () => this.#count())
  }

  /** Lets the calls in hand end, tells the client to go elsewhere, and closes. */
  drain(): void {
    const session = this.#session
    if (session.closed || session.destroyed) return
    // calls that are on their way while the client does not know yet are answered too
    session.goaway(constants.NGHTTP2_NO_ERROR, ANY_STREAM)
    const timer = setTimeout(() => session.close(), NOTICE_MS)
    const closing = () => {
      clearTimeout(timer)
      session.close()
    }
    if (!session.ping(closing)) closing()
  }

  /** Looks whether the connection is still worth its place. */
  sweep(now: number): void {
    const { greetingMs, pingMs, pingAnswerMs } = this.#limits
    const mute = !this.#greeted && now - this.#openedAt > greetingMs
    const gone = this.#waiting && now - this.#pingedAt > pingAnswerMs
    if (mute || gone) this.#session.destroy()
    if (this.#session.closed || this.#session.destroyed) return
    if (now - this.#windowAt > WINDOW_MS) {
      this.#windowAt = now
      this.#frames = 0
    }
    if (!this.#waiting && now - this.#pingedAt > pingMs) {
      this.#pingedAt = now
      this.#waiting = this.#session.ping(() => {
        this.#waiting = false
      })
    }
  }

  #count(): void {
    if (++this.#frames > this.#limits.controlFrames) this.#session.destroy(undefined, constants.NGHTTP2_ENHANCE_YOUR_CALM)
  }
}
