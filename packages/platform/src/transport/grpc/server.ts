import { constants, createServer, type Http2Server, type ServerHttp2Session } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { FairleadError } from '@fairlead/contract'
import { Budget } from '../budget.ts'
import { ConnectionCount, isThisMachine } from '../connection-count.ts'
import type { ListenOptions } from '../http/index.ts'
import { Call } from './call.ts'
import { Connection } from './connection.ts'
import { Inflater } from './inflate.ts'
import { findMethod } from './methods.ts'
import { type GrpcLimits, grpcLimits, type ServeGrpcOptions } from './options.ts'

/** The gRPC port. */
export interface GrpcServing {
  /** Starts listening. Rejects with `port-in-use`. */
  listen(options: ListenOptions): Promise<{ port: number }>
  /** Takes no new connections and calls, answers what is in hand, and cuts what is left after `graceMs`. */
  close(graceMs: number): Promise<void>
  /** Open connections. */
  connections(): number
  /** Connections that were refused so far because there were too many. */
  refused(): number
}

/** Builds the gRPC port: the Open Inference Protocol, health and reflection over HTTP/2 without TLS. */
export function serveGrpc(options: ServeGrpcOptions): GrpcServing {
  return new GrpcPort(options)
}

/** Connections beyond the limit that are told so at a time; more are cut without a word. */
const REFUSED_AT_ONCE = 256
const WINDOW_BYTES = 1024 * 1024
const CONNECTION_WINDOW_BYTES = 16 * 1024 * 1024
const FRAME_BYTES = 64 * 1024
/** Megabytes that may wait for a reader who takes nothing. */
const SESSION_MEMORY = 128

class GrpcPort implements GrpcServing {
  readonly #options: ServeGrpcOptions
  readonly #limits: GrpcLimits
  readonly #server: Http2Server
  readonly #connections = new Map<ServerHttp2Session, Connection>()
  readonly #calls = new Set<Call>()
  readonly #inflater: Inflater
  readonly #pending: Budget
  readonly #count: ConnectionCount
  #sweeper: NodeJS.Timeout | undefined

  constructor(options: ServeGrpcOptions) {
    this.#options = options
    this.#limits = grpcLimits(options.limits)
    const { messageBytes, pendingBytes, connections, streams, headerBytes } = this.#limits
    this.#count = new ConnectionCount(this.#limits)
    this.#inflater = new Inflater(messageBytes)
    this.#pending = new Budget(pendingBytes)
    this.#server = createServer({
      settings: {
        maxConcurrentStreams: streams,
        maxHeaderListSize: headerBytes,
        initialWindowSize: WINDOW_BYTES,
        maxFrameSize: FRAME_BYTES,
        enablePush: false,
      },
      maxSessionMemory: SESSION_MEMORY,
      maxOutstandingPings: 2,
      maxSettings: 32,
      maxSessionInvalidFrames: 100,
    } as object)
    this.#server.maxConnections = connections + REFUSED_AT_ONCE
    this.#server.on('session', (session) => this.#connected(session))
    this.#server.on('sessionError', () => {})
    this.#server.on('stream', (stream, headers, flags, rawHeaders) => {
      const connection = this.#connections.get(stream.session as ServerHttp2Session)
      // what is announced to clients is not enforced by Node below 64 KiB
      if (!connection || sizeOf(rawHeaders) > headerBytes) {
        stream.on('error', () => {})
        stream.close(constants.NGHTTP2_ENHANCE_YOUR_CALM)
        return
      }
      const call = new Call(stream, headers, connection.world)
      this.#calls.add(call)
      call.begin(flags)
    })
  }

  listen({ host, port, reusePort = false }: ListenOptions): Promise<{ port: number }> {
    return new Promise((resolve, reject) => {
      const failed = (cause: NodeJS.ErrnoException) => {
        const why = cause.code === 'EADDRINUSE' ? 'is in use' : `cannot be opened (${cause.code ?? cause.message})`
        reject(new FairleadError('port-in-use', `port ${port} on ${host} ${why}; choose another with --grpc-port, or 0 for any free one`, { cause }))
      }
      this.#server.once('error', failed)
      this.#server.listen({ host, port, reusePort }, () => {
        this.#server.off('error', failed)
        const { greetingMs, requestMs, pingMs } = this.#limits
        this.#sweeper = setInterval(() => this.#sweep(), Math.max(20, Math.min(250, greetingMs / 4, requestMs / 4, pingMs / 4))).unref()
        resolve({ port: (this.#server.address() as AddressInfo).port })
      })
    })
  }

  async close(graceMs: number): Promise<void> {
    if (!this.#server.listening) return
    const sessions = [...this.#connections.keys()].map((session) => new Promise<void>((resolve) => session.once('close', resolve)))
    for (const call of this.#calls) call.ending()
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()))
    // says GOAWAY with the last call that is still answered; clients repeat elsewhere what they sent after it
    for (const session of this.#connections.keys()) session.close()
    const timer = setTimeout(() => {
      for (const session of this.#connections.keys()) session.destroy()
    }, graceMs)
    await Promise.all([closed, ...sessions])
    clearTimeout(timer)
    clearInterval(this.#sweeper)
  }

  connections(): number {
    return this.#connections.size
  }

  refused(): number {
    return this.#count.refused
  }

  #connected(session: ServerHttp2Session): void {
    const address = session.socket.remoteAddress ?? ''
    if (!this.#count.take(address)) {
      session.on('error', () => {})
      session.destroy(undefined, constants.NGHTTP2_ENHANCE_YOUR_CALM)
      return
    }
    session.setLocalWindowSize(CONNECTION_WINDOW_BYTES)
    const connection = new Connection(session, this.#limits, {
      options: this.#options,
      limits: this.#limits,
      inflater: this.#inflater,
      loopback: isThisMachine(address),
      frames: { messageBytes: this.#limits.messageBytes, budgets: [this.#pending, new Budget(this.#limits.connectionBytes)] },
      methodOf: findMethod,
      over: (call) => void this.#calls.delete(call),
    })
    this.#connections.set(session, connection)
    session.once('close', () => {
      this.#connections.delete(session)
      this.#count.give(address)
    })
  }

  #sweep(): void {
    const now = performance.now()
    for (const call of this.#calls) call.sweep(now)
    for (const connection of this.#connections.values()) connection.sweep(now)
  }
}

/** Size of headers as HTTP/2 counts it. */
function sizeOf(rawHeaders: readonly string[]): number {
  let size = 16 * rawHeaders.length
  for (const text of rawHeaders) size += text.length
  return size
}
