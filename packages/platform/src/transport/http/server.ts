import { createServer as createHttp, type Server as HttpServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { FairleadError } from '@fairlead/contract'
import { Budget } from '../budget.ts'
import { ConnectionCount, isThisMachine } from '../connection-count.ts'
import { Cors } from './cors.ts'
import type { Exchange } from './exchange.ts'
import { failExchange } from './fail-exchange.ts'
import { FormChoice } from './formats/forms.ts'
import { bodyLimit, type Handling, handlePrediction, handleRepository, handleView } from './handlers.ts'
import { HttpExchange } from './http-exchange.ts'
import { Lane } from './lane/lane.ts'
import { DEFAULT_HTTP_LIMITS, type HttpLimits, type ServeHttpOptions } from './options.ts'
import { HEAD_BYTES, refuseConnection, refuseSocket } from './refuse-socket.ts'
import { findRoute } from './routes.ts'
import { UnreadAnswers } from './unread-answers.ts'

export interface ListenOptions {
  host: string
  /** 0 for any free port. */
  port: number
  /** Share the port with other processes (SO_REUSEPORT). */
  reusePort?: boolean
}

/** The serve port. */
export interface HttpServing {
  /** Starts listening. Rejects with `port-in-use`. */
  listen(options: ListenOptions): Promise<{ port: number }>
  /** Takes no new connections, answers what is in hand with `Connection: close`, and cuts what is left after `graceMs`. */
  close(graceMs: number): Promise<void>
  /** Open connections. */
  connections(): number
  /** Connections that were refused so far because there were too many. */
  refused(): number
}

/** Connections beyond the limit that are told so at a time; more are cut without a word. */
const REFUSED_AT_ONCE = 256

/** How long connections that wait for a request may still bring one when the port closes. */
const LINGER_MS = 500

/** Builds the serve port: predictions by rows, the Open Inference Protocol, health, metrics and documentation. */
export function serveHttp(options: ServeHttpOptions): HttpServing {
  return new HttpPort(options)
}

/**
 * One port, two lanes: the fast lane takes every connection first and hands those over to `node:http` on which something comes
 * that is not a prediction in its own strict form.
 */
class HttpPort implements HttpServing {
  readonly #options: ServeHttpOptions
  readonly #limits: HttpLimits
  readonly #front: Server
  readonly #http: HttpServer
  readonly #lane: Lane | undefined
  /** What answering needs, for callers of this machine and for others. */
  readonly #handling: { near: Handling; far: Handling }
  /** Open sockets of both lanes, and whether each comes from this machine. */
  readonly #sockets = new Map<Socket, boolean>()
  readonly #count: ConnectionCount
  #closing = false

  constructor(options: ServeHttpOptions) {
    this.#options = options
    this.#limits = { ...DEFAULT_HTTP_LIMITS, ...options.limits }
    const { headersMs, requestMs, connections } = this.#limits
    const checkMs = Math.floor(Math.max(50, Math.min(1000, headersMs / 4, requestMs / 4)))
    const { bodiesBytes, rowBodyBytes, oipBodyBytes } = this.#limits
    const bodies = new Budget(Math.max(bodiesBytes, rowBodyBytes, oipBodyBytes))
    const handling = {
      options,
      limits: this.#limits,
      draining: this.#draining,
      bodies,
      unread: new UnreadAnswers(this.#limits.unreadBytes),
      forms: new FormChoice(options.tables),
      cors: options.allowedOrigins?.length ? new Cors(options.allowedOrigins) : undefined,
    }
    this.#handling = { near: { ...handling, loopback: true }, far: { ...handling, loopback: false } }
    this.#http = this.#makeHttp(checkMs)
    this.#lane = options.fastLane === false ? undefined : this.#makeLane(checkMs)
    this.#front = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => this.#connected(socket))
    this.#front.maxConnections = connections + REFUSED_AT_ONCE
    this.#count = new ConnectionCount(this.#limits)
  }

  listen({ host, port, reusePort = false }: ListenOptions): Promise<{ port: number }> {
    return new Promise((resolve, reject) => {
      const failed = (cause: NodeJS.ErrnoException) => {
        const why = cause.code === 'EADDRINUSE' ? 'is in use' : `cannot be opened (${cause.code ?? cause.message})`
        reject(new FairleadError('port-in-use', `port ${port} on ${host} ${why}; choose another with --http-port, or 0 for any free one`, { cause }))
      }
      this.#front.once('error', failed)
      this.#front.listen({ host, port, reusePort }, () => {
        this.#front.off('error', failed)
        resolve({ port: (this.#front.address() as AddressInfo).port })
      })
    })
  }

  async close(graceMs: number): Promise<void> {
    this.#closing = true
    const closed = new Promise<void>((resolve) => this.#front.close(() => resolve()))
    // who asks steadily has its next request under way already: it is answered, and told that the connection ends with it
    const idle = setTimeout(() => this.#endIdle(), Math.min(LINGER_MS, graceMs / 4))
    const timer = setTimeout(() => {
      for (const socket of this.#sockets.keys()) socket.destroy()
    }, graceMs)
    await closed
    clearTimeout(timer)
    clearTimeout(idle)
    this.#endIdle()
    this.#lane?.[Symbol.dispose]()
  }

  #endIdle(): void {
    this.#http.close()
    this.#lane?.close()
  }

  connections(): number {
    return this.#sockets.size
  }

  refused(): number {
    return this.#count.refused
  }

  #makeHttp(checkMs: number): HttpServer {
    const { headersMs, requestMs, keepAliveMs, connectionRequests } = this.#limits
    const http = createHttp({
      headersTimeout: Math.min(headersMs, requestMs),
      requestTimeout: requestMs,
      keepAliveTimeout: keepAliveMs,
      connectionsCheckingInterval: checkMs,
      maxHeaderSize: HEAD_BYTES,
    })
    http.maxRequestsPerSocket = connectionRequests
    // answer a client that has sent its request and closed its sending side, as the lane does
    Object.assign(http, { httpAllowHalfOpen: true })
    http.on('request', (request, response) => this.#handle(request, response))
    http.on('clientError', (error: NodeJS.ErrnoException, socket) => refuseSocket(error, socket as Socket))
    // it never listens by itself, and begins to watch the time of its connections at this event
    http.emit('listening')
    return http
  }

  #makeLane(checkMs: number): Lane {
    return new Lane({
      limits: this.#limits,
      checkMs,
      bodyLimit: (route) => bodyLimit(route, this.#limits),
      draining: this.#draining,
      bodies: this.#handling.near.bodies,
      unread: this.#handling.near.unread,
      cors: this.#handling.near.cors,
      handle: (exchange, route, loopback) => handlePrediction(exchange, route, loopback ? this.#handling.near : this.#handling.far),
      handOver: (socket) => void this.#http.emit('connection', socket),
    })
  }

  #connected(socket: Socket): void {
    const address = socket.remoteAddress ?? ''
    if (!this.#count.take(address)) {
      refuseConnection(socket)
      return
    }
    const loopback = isThisMachine(address)
    this.#sockets.set(socket, loopback)
    socket.once('close', () => {
      this.#sockets.delete(socket)
      this.#count.give(address)
    })
    if (this.#lane) this.#lane.take(socket, loopback)
    else this.#http.emit('connection', socket)
  }

  #handle(request: IncomingMessage, response: ServerResponse): void {
    const handling = this.#sockets.get(request.socket) ? this.#handling.near : this.#handling.far
    const exchange = new HttpExchange(request, response, handling)
    try {
      answer(exchange, request.method ?? 'GET', handling)
    } catch (error) {
      failExchange(exchange, error, this.#options)
    }
  }

  readonly #draining = (): boolean => this.#closing || this.#options.isDraining()
}

/** Answers any request. Throws the error to answer. */
function answer(exchange: Exchange, method: string, handling: Handling): void {
  const { target } = exchange
  const route = findRoute(target)
  const counted = (refusal: FairleadError) => {
    handling.options.inference.failed('', refusal, { rows: 0, receivedAt: exchange.receivedAt })
    return refusal
  }
  if (!route)
    throw counted(
      new FairleadError('path-unknown', `there is nothing at ${target.split('?')[0]!.slice(0, 200)}; predictions are at /v1/deployments/{name}/predict`),
    )
  const preflight = method === 'OPTIONS' ? handling.cors?.preflight(exchange, route.method) : undefined
  if (preflight) exchange.empty(preflight)
  else if ((method === 'HEAD' ? 'GET' : method) !== route.method) {
    const refusal = counted(new FairleadError('method-not-allowed', `${method} is not allowed here; use ${route.method}`))
    exchange.fail(refusal, ['Allow', route.method === 'GET' ? 'GET, HEAD' : 'POST'])
  } else if (route.name.startsWith('repository-')) handleRepository(exchange, route, handling)
  else if (route.method === 'POST') handlePrediction(exchange, route, handling)
  else handleView(exchange, route, handling).catch((error: unknown) => failExchange(exchange, error, handling.options))
}
