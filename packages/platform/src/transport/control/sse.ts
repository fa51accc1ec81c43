import type { FastifyReply, FastifyRequest } from 'fastify'

const HEARTBEAT_MS = 15_000

/** An open stream of server-sent events. */
export interface Stream {
  /** Sends an event; one that the caller is too slow to take is left out. Answers whether it was sent. */
  send(event: string, data: unknown): boolean
  close(): void
  /** Aborts when the stream ends, from whichever side. */
  readonly signal: AbortSignal
}

/** All open streams, so that a shutdown can end them. */
export class Streams {
  readonly #open = new Set<Stream>()

  /** Takes over a reply as a stream of server-sent events. */
  open(request: FastifyRequest, reply: FastifyReply): Stream {
    const headers = reply.getHeaders()
    reply.hijack()
    const { raw } = reply
    for (const [name, value] of Object.entries(headers)) if (value !== undefined) raw.setHeader(name, value)
    raw.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-store', 'x-accel-buffering': 'no' })
    raw.write('retry: 2000\n\n')
    const ended = new AbortController()
    const heartbeat = setInterval(() => raw.write(': here\n\n'), HEARTBEAT_MS)
    const stream: Stream = {
      signal: ended.signal,
      send: (event, data) => {
        if (raw.writableNeedDrain || raw.writableEnded) return false
        raw.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`)
        return true
      },
      close: () => {
        clearInterval(heartbeat)
        this.#open.delete(stream)
        if (!raw.writableEnded) raw.end()
        ended.abort()
      },
    }
    this.#open.add(stream)
    raw.on('close', stream.close)
    raw.on('error', stream.close)
    request.raw.on('error', stream.close)
    return stream
  }

  /** Ends every stream. */
  closeAll(): void {
    for (const stream of [...this.#open]) stream.close()
  }
}

/** Sends to every watcher what `read` answers, at once and then every `everyMs`, and does nothing while nobody watches. */
export class Broadcast {
  readonly #read: () => Promise<unknown>
  readonly #everyMs: number
  readonly #event: string
  readonly #watchers = new Set<Stream>()
  #timer: NodeJS.Timeout | undefined

  constructor(event: string, read: () => Promise<unknown>, everyMs: number) {
    this.#event = event
    this.#read = read
    this.#everyMs = everyMs
  }

  /** Adds a watcher until its stream ends. */
  async add(stream: Stream): Promise<void> {
    this.#watchers.add(stream)
    stream.signal.addEventListener('abort', () => {
      this.#watchers.delete(stream)
      if (this.#watchers.size === 0) this.#stop()
    })
    this.#timer ??= setInterval(() => void this.#round(), this.#everyMs)
    await this.#send([stream])
  }

  #stop(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  #round(): Promise<void> {
    return this.#send([...this.#watchers])
  }

  async #send(to: Stream[]): Promise<void> {
    try {
      const data = await this.#read()
      for (const stream of to) stream.send(this.#event, data)
    } catch {
      // without a state the watchers keep what they have; the next round tries again
    }
  }
}
