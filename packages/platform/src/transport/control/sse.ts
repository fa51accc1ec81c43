import type { FastifyReply, FastifyRequest } from 'fastify'

const HEARTBEAT_MS = 15_000

/** An open stream of server-sent events. */
export interface Stream {
  /** Sends an event. Of those that a slow caller has not taken yet the newest is kept, and takes the place of the ones before. */
  send(event: string, data: unknown): void
  /** Ends the stream, after what was sent last. */
  close(): void
  /** Aborts when the stream ends, from whichever side. */
  readonly signal: AbortSignal
}

/** Who wants to follow something, and whether they still may. */
export interface Watcher {
  request: FastifyRequest
  reply: FastifyReply
  allowed(): Promise<boolean>
}

/** All open streams, so that a shutdown can end them. */
export class Streams {
  readonly #open = new Map<Stream, () => Promise<void>>()

  /** Takes over a reply as a stream of server-sent events. It ends when its caller may not follow it any more. */
  open({ request, reply, allowed }: Watcher): Stream {
    const headers = reply.getHeaders()
    reply.hijack()
    const { raw } = reply
    for (const [name, value] of Object.entries(headers)) if (value !== undefined) raw.setHeader(name, value)
    raw.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-store', 'x-accel-buffering': 'no' })
    raw.write('retry: 2000\n\n')
    const ended = new AbortController()
    let waiting = ''
    const flush = () => {
      if (waiting !== '' && !raw.writableEnded) raw.write(waiting)
      waiting = ''
    }
    const check = async () => {
      if (!(await allowed())) stream.close()
    }
    const heartbeat = setInterval(() => {
      raw.write(': here\n\n')
      void check()
    }, HEARTBEAT_MS)
    const stream: Stream = {
      signal: ended.signal,
      send: (event, data) => {
        if (raw.writableEnded) return
        waiting = `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`
        if (!raw.writableNeedDrain) flush()
      },
      close: () => {
        clearInterval(heartbeat)
        this.#open.delete(stream)
        flush()
        if (!raw.writableEnded) raw.end()
        ended.abort()
      },
    }
    this.#open.set(stream, check)
    raw.on('drain', flush)
    raw.on('close', stream.close)
    raw.on('error', stream.close)
    request.raw.on('error', stream.close)
    return stream
  }

  /** Ends the streams of those who may not follow them any more. */
  async recheck(): Promise<void> {
    await Promise.all([...this.#open.values()].map((check) => check()))
  }

  /** Ends every stream. */
  closeAll(): void {
    for (const stream of [...this.#open.keys()]) stream.close()
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
