import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { FairleadError, toProblem } from '@fairlead/contract'
import { uuidv7 } from '../../kernel/ids.ts'
import { Exchange } from './exchange.ts'
import { failExchange, handlePrediction, handleView } from './handlers.ts'
import { DEFAULT_HTTP_LIMITS, type HttpLimits, type ServeHttpOptions } from './options.ts'
import { findRoute } from './routes.ts'

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
}

const LOOPBACK = /^(::ffff:)?127\.|^::1$/
const HEAD_BYTES = 16 * 1024

/** Builds the serve port: predictions by rows, the Open Inference Protocol, health, metrics and documentation. */
export function serveHttp(options: ServeHttpOptions): HttpServing {
  return new HttpPort(options)
}

class HttpPort implements HttpServing {
  readonly #options: ServeHttpOptions
  readonly #limits: HttpLimits
  readonly #server: Server
  /** Open sockets, and whether each comes from this machine. */
  readonly #sockets = new Map<Socket, boolean>()
  #closing = false

  constructor(options: ServeHttpOptions) {
    this.#options = options
    this.#limits = { ...DEFAULT_HTTP_LIMITS, ...options.limits }
    const { headersMs, requestMs, keepAliveMs, connections } = this.#limits
    this.#server = createServer({
      headersTimeout: Math.min(headersMs, requestMs),
      requestTimeout: requestMs,
      keepAliveTimeout: keepAliveMs,
      connectionsCheckingInterval: Math.max(50, Math.min(1000, headersMs / 4, requestMs / 4)),
      maxHeaderSize: HEAD_BYTES,
      noDelay: true,
    })
    this.#server.maxConnections = connections
    this.#server.on('connection', (socket) => this.#connected(socket))
    this.#server.on('request', (request, response) => this.#handle(request, response))
    this.#server.on('clientError', (error: NodeJS.ErrnoException, socket) => refuseSocket(error, socket as Socket))
  }

  listen({ host, port, reusePort = false }: ListenOptions): Promise<{ port: number }> {
    return new Promise((resolve, reject) => {
      const failed = (cause: NodeJS.ErrnoException) => {
        const why = cause.code === 'EADDRINUSE' ? 'is in use' : `cannot be opened (${cause.code ?? cause.message})`
        reject(new FairleadError('port-in-use', `port ${port} on ${host} ${why}; choose another with --http-port, or 0 for any free one`, { cause }))
      }
      this.#server.once('error', failed)
      this.#server.listen({ host, port, reusePort }, () => {
        this.#server.off('error', failed)
        resolve({ port: (this.#server.address() as AddressInfo).port })
      })
    })
  }

  async close(graceMs: number): Promise<void> {
    this.#closing = true
    if (!this.#server.listening) return
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()))
    const timer = setTimeout(() => this.#server.closeAllConnections(), graceMs)
    await closed
    clearTimeout(timer)
  }

  connections(): number {
    return this.#sockets.size
  }

  #connected(socket: Socket): void {
    this.#sockets.set(socket, LOOPBACK.test(socket.remoteAddress ?? ''))
    socket.once('close', () => this.#sockets.delete(socket))
  }

  #handle(request: IncomingMessage, response: ServerResponse): void {
    const exchange = new Exchange(request, response, this.#isClosing)
    const target = request.url ?? '/'
    if (target.startsWith('/v2')) exchange.errorForm = 'oip'
    const handling = { options: this.#options, limits: this.#limits, loopback: this.#sockets.get(request.socket) ?? false, closing: this.#closing }
    const route = findRoute(target)
    const method = request.method === 'HEAD' ? 'GET' : request.method
    try {
      if (!route) throw new FairleadError('path-unknown', `there is nothing at ${target.split('?')[0]!.slice(0, 200)}`)
      if (method !== route.method) {
        exchange.fail(new FairleadError('method-not-allowed', `${request.method} is not allowed here; use ${route.method}`), [
          'Allow',
          route.method === 'GET' ? 'GET, HEAD' : 'POST',
        ])
      } else if (method === 'POST') handlePrediction(exchange, route, handling)
      else handleView(exchange, route, handling).catch((error: unknown) => failExchange(exchange, error, this.#options))
    } catch (error) {
      failExchange(exchange, error, this.#options)
    }
  }

  readonly #isClosing = (): boolean => this.#closing || this.#options.isDraining()
}

function refusal(error: NodeJS.ErrnoException): { status: string; problem: FairleadError } {
  if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT')
    return { status: '408 Request Timeout', problem: new FairleadError('request-timeout', 'the request did not arrive in time; the connection is closed') }
  if (error.code === 'HPE_HEADER_OVERFLOW')
    return {
      status: '431 Request Header Fields Too Large',
      problem: new FairleadError('request-invalid', `the head of the request is larger than ${HEAD_BYTES} bytes`),
    }
  return { status: '400 Bad Request', problem: new FairleadError('request-invalid', 'the request is not valid HTTP') }
}

/** Answers what never became a request, and closes the connection. */
function refuseSocket(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  const { status, problem } = refusal(error)
  const id = uuidv7()
  // the path may be unknown here, so the body has the members of both forms of errors
  const text = JSON.stringify({ ...toProblem(problem, id), error: problem.message })
  const head = ['Content-Type: application/problem+json', `Content-Length: ${Buffer.byteLength(text)}`, `X-Request-Id: ${id}`, 'Connection: close']
  socket.end(`HTTP/1.1 ${status}\r\n${head.join('\r\n')}\r\n\r\n${text}`, () => socket.destroySoon())
}
