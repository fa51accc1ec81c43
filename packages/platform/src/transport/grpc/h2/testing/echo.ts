import { type AddressInfo, createServer } from 'node:net'
import type { ConnectionLimits } from '../connection.ts'
import { encodeHeaders, Http2Connection, type Http2Stream, type StreamHandler } from '../index.ts'

const HEAD = encodeHeaders([[':status', '200']])
const TRAILERS = encodeHeaders([['x-said', 'all']])

/** Answers with what comes, as it comes. */
class Echo implements StreamHandler {
  readonly stream: Http2Stream
  #over: () => void

  constructor(stream: Http2Stream, over: () => void) {
    this.stream = stream
    this.#over = over
    stream.handler = this
    stream.respond(HEAD)
  }

  received(bytes: Buffer): void {
    this.stream.write(bytes)
    if (!this.stream.full) return
    this.stream.pause()
    this.stream.onceTaken(() => this.stream.resume())
  }

  ended(): void {
    this.stream.end(TRAILERS)
  }

  closed(): void {
    this.#over()
  }
}

export interface EchoOptions {
  limits?: Partial<ConnectionLimits>
  /** Takes calls up instead of the echo. */
  begin?: (stream: Http2Stream, headers: Record<string, string>, ended: boolean) => void
}

/** A port that speaks HTTP/2 and echoes. */
export async function echoPort({ limits = {}, begin }: EchoOptions = {}) {
  const connections = new Set<Http2Connection>()
  const errors: unknown[] = []
  const state = { open: 0, begun: 0 }
  const bounds: ConnectionLimits = {
    streams: 1000,
    headerBytes: 16_384,
    greetingMs: 10_000,
    answerMs: 10_000,
    pingMs: 60_000,
    pingAnswerMs: 10_000,
    controlFrames: 1000,
    ...limits,
  }
  const server = createServer({ noDelay: true }, (socket) => {
    const connection = new Http2Connection(socket, {
      limits: bounds,
      begin: (stream, headers, ended) => {
        state.begun++
        if (begin) {
          begin(stream, headers, ended)
          return
        }
        state.open++
        const echo = new Echo(stream, () => state.open--)
        if (ended) echo.ended()
      },
      failed: (error) => errors.push(error),
      closed: () => void connections.delete(connection),
    })
    connections.add(connection)
  })
  const sweeper = setInterval(() => {
    for (const connection of connections) connection.sweep(performance.now())
  }, 20).unref()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    connections,
    /** Faults of our own. */
    errors,
    /** Calls that are open, and that were taken up. */
    state,
    [Symbol.asyncDispose]: async () => {
      clearInterval(sweeper)
      const closed = new Promise((resolve) => server.close(resolve))
      for (const connection of connections) connection.destroy()
      await closed
    },
  }
}
