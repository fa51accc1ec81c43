import type { Socket } from 'node:net'
import type { Budget } from '../../budget.ts'
import type { Cors } from '../cors.ts'
import type { HttpLimits } from '../options.ts'
import type { Route } from '../routes.ts'
import type { UnreadAnswers } from '../unread-answers.ts'
import { AnswerTail } from './answer-text.ts'
import { LaneConnection } from './connection.ts'
import type { LaneExchange } from './exchange.ts'

/** What the lane needs of the port it stands in front of. */
export interface LaneOptions {
  limits: HttpLimits
  /** How often connections are looked at for what has taken too long, in milliseconds. */
  checkMs: number
  /** Largest body of a route; larger ones are not of the lane's form. */
  bodyLimit(route: Route): number
  /** Whether answers are the last ones of their connections. */
  draining(): boolean
  /** Room for bodies in hand. */
  bodies: Budget
  cors?: Cors | undefined
  unread: UnreadAnswers
  /** Answers a request, now or later. */
  handle(exchange: LaneExchange, route: Route, loopback: boolean): void
  /** Takes a connection whose next bytes are not of the lane's form; they are in its stream again. */
  handOver(socket: Socket): void
}

/**
 * The fast lane: predictions of one strict form, read straight from the socket. Whatever is not of that form goes with its
 * connection to `handOver` as it came, so that the lane never has to judge it.
 */
export class Lane {
  readonly #options: LaneOptions
  readonly #tail: AnswerTail
  readonly #connections = new Set<LaneConnection>()
  readonly #clock: NodeJS.Timeout

  constructor(options: LaneOptions) {
    this.#options = options
    this.#tail = new AnswerTail(options.limits)
    this.#clock = setInterval(() => this.#tick(), options.checkMs).unref()
  }

  /** Takes a new connection. */
  take(socket: Socket, loopback: boolean): void {
    const { bodies, cors, unread, limits, bodyLimit, draining, handle, handOver } = this.#options
    this.#connections.add(
      new LaneConnection(socket, {
        limits,
        bodyLimit,
        draining,
        bodies,
        cors,
        unread,
        tail: this.#tail,
        handle: (exchange, route) => handle(exchange, route, loopback),
        handOver,
        left: (connection) => void this.#connections.delete(connection),
      }),
    )
  }

  /** Lets go of idle connections. Those with a request in hand end with its answer, because `draining` says so. */
  close(): void {
    for (const connection of this.#connections) connection.endIfIdle()
  }

  /** Stops watching the time. */
  [Symbol.dispose](): void {
    clearInterval(this.#clock)
  }

  /** One timer for all connections: a timer a request would cost more than what it watches over. */
  #tick(): void {
    this.#tail.tick()
    const now = performance.now()
    for (const connection of this.#connections) if (connection.deadline <= now) connection.expire()
  }
}
