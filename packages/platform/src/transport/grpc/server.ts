import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { FairleadError } from '@fairlead/contract'
import { Budget } from '../budget.ts'
import { ConnectionCount, isThisMachine } from '../connection-count.ts'
import type { ListenOptions } from '../http/index.ts'
import { Call, type CallWorld } from './call.ts'
import { Http2Connection, refuseConnection } from './h2/index.ts'
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

class GrpcPort implements GrpcServing {
  readonly #options: ServeGrpcOptions
  readonly #limits: GrpcLimits
  readonly #server: Server
  readonly #connections = new Set<Http2Connection>()
  readonly #calls = new Set<Call>()
  readonly #inflater: Inflater
  readonly #pending: Budget
  readonly #count: ConnectionCount
  #sweeper: NodeJS.Timeout | undefined
  #onceEmpty: (() => void) | undefined

  constructor(options: ServeGrpcOptions) {
    this.#options = options
    this.#limits = grpcLimits(options.limits)
    const { messageBytes, pendingBytes, connections } = this.#limits
    this.#count = new ConnectionCount(this.#limits)
    this.#inflater = new Inflater(messageBytes)
    this.#pending = new Budget(pendingBytes)
    // frames leave together as they are, and waiting for more would only delay them
    this.#server = createServer({ noDelay: true }, (socket) => this.#connected(socket))
    this.#server.maxConnections = connections + REFUSED_AT_ONCE
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
    for (const call of this.#calls) call.ending()
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()))
    for (const connection of this.#connections) connection.leave()
    const timer = setTimeout(() => {
      for (const connection of this.#connections) connection.destroy()
    }, graceMs)
    await closed
    // the server may be done before all its connections have said so
    if (this.#connections.size > 0) await new Promise<void>((resolve) => (this.#onceEmpty = resolve))
    clearTimeout(timer)
    clearInterval(this.#sweeper)
  }

  connections(): number {
    return this.#connections.size
  }

  refused(): number {
    return this.#count.refused
  }

  #connected(socket: Socket): void {
    const address = socket.remoteAddress ?? ''
    if (!this.#count.take(address)) {
      refuseConnection(socket)
      return
    }
    const world: CallWorld = {
      options: this.#options,
      limits: this.#limits,
      inflater: this.#inflater,
      loopback: isThisMachine(address),
      frames: { messageBytes: this.#limits.messageBytes, budgets: [this.#pending, new Budget(this.#limits.connectionBytes)] },
      methodOf: findMethod,
      over: (call) => void this.#calls.delete(call),
    }
    const connection = new Http2Connection(socket, {
      limits: this.#limits,
      begin: (stream, headers, ended) => {
        const call = new Call(stream, headers, world)
        this.#calls.add(call)
        call.begin(ended)
      },
      // it belongs to no request
      failed: (error) => this.#options.onError?.(error, ''),
      closed: () => {
        this.#connections.delete(connection)
        this.#count.give(address)
        if (this.#connections.size === 0) this.#onceEmpty?.()
      },
    })
    this.#connections.add(connection)
  }

  #sweep(): void {
    const now = performance.now()
    for (const call of this.#calls) call.sweep(now)
    for (const connection of this.#connections) connection.sweep(now)
  }
}
