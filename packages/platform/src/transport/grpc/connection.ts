import { constants, type ServerHttp2Session } from 'node:http2'
import type { CallWorld } from './call.ts'
import type { GrpcLimits } from './options.ts'

const WINDOW_MS = 10_000
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
