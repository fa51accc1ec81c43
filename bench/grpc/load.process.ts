// A load generator for gRPC in a process of its own: one connection, so many calls at a time, raw HTTP/2 frames, so that the client is not what
// is measured. Every answer is compared byte for byte. Reads one GrpcTask per message, answers with a LoadResult.
import { connect, type Socket } from 'node:net'
import type { LoadResult } from '../load.ts'
import { summaryOf } from '../summary.ts'
import {
  ACK,
  DATA,
  END_HEADERS,
  END_STREAM,
  FrameCutter,
  frameOf,
  GOAWAY,
  HEADERS,
  literalHeaders,
  PING,
  RESET,
  SETTINGS,
  WINDOW_UPDATE,
  windowUpdate,
} from './frames.ts'
import type { GrpcTask } from './task.ts'

const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'
const WINDOW = 0x7fffffff
const REFILL = 64 * 1024 * 1024
/** Where the stream id is in the two frames of a request. */
const ID_AT = 5

interface Prepared {
  frames: Buffer
  dataIdAt: number
  bodyBytes: number
  answer: Buffer
}

function prepare({ path, port, requests }: GrpcTask): Prepared[] {
  const headers = literalHeaders({
    ':method': 'POST',
    ':scheme': 'http',
    ':path': path,
    ':authority': `127.0.0.1:${port}`,
    te: 'trailers',
    'content-type': 'application/grpc',
    'user-agent': 'fairlead-bench',
  })
  const head = frameOf(HEADERS, { flags: END_HEADERS, payload: headers })
  return requests.map(({ message, answer }) => {
    const body = frameOf(DATA, { flags: END_STREAM, payload: message })
    return { frames: Buffer.concat([head, body]), dataIdAt: head.length + ID_AT, bodyBytes: message.length, answer: Buffer.from(answer) }
  })
}

interface Open {
  request: Prepared
  sentAt: number
  matched: number
}

/** One connection with calls under way; settles when the time is over and all are answered. */
class Drive {
  readonly #task: GrpcTask
  readonly #requests: Prepared[]
  readonly #socket: Socket
  readonly #open = new Map<number, Open>()
  readonly latencies: number[] = []
  readonly #end: number
  #next = 0
  #stream = 1
  #window = 65_535
  #received = 0
  #idle = 0
  #out: Buffer[] = []
  readonly done: Promise<void>
  #settle!: { resolve(): void; reject(error: Error): void }

  constructor(task: GrpcTask) {
    this.#task = task
    this.#requests = prepare(task)
    this.#end = performance.now() + task.seconds * 1000
    this.done = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject }
    })
    this.#socket = connect({ port: task.port, host: '127.0.0.1', noDelay: true })
    const cutter = new FrameCutter((type, flags, stream, payload) => this.#take(type, flags, stream, payload))
    this.#socket.on('error', (error) => this.#settle.reject(error))
    this.#socket.on('close', () => this.#settle.reject(new Error('The server closed the connection')))
    this.#socket.on('connect', () => this.#begin())
    this.#socket.on('data', (chunk) => {
      try {
        cutter.push(chunk)
        this.#flush()
      } catch (error) {
        this.#settle.reject(error as Error)
      }
    })
  }

  close(): void {
    this.#socket.destroy()
  }

  #begin(): void {
    // no push, windows that never close
    const settings = frameOf(SETTINGS, { payload: Buffer.from([0, 2, 0, 0, 0, 0, 0, 4, 0x7f, 0xff, 0xff, 0xff]) })
    this.#out.push(Buffer.from(PREFACE), settings, windowUpdate(WINDOW - 65_535))
    for (let i = 0; i < this.#task.streams; i++) this.#send()
    this.#flush()
  }

  #flush(): void {
    if (this.#out.length === 0) return
    this.#socket.write(this.#out.length === 1 ? this.#out[0]! : Buffer.concat(this.#out))
    this.#out = []
  }

  #send(): void {
    if (performance.now() >= this.#end) {
      if (this.#open.size === 0) this.#settle.resolve()
      return
    }
    const request = this.#requests[this.#next]!
    if (this.#window < request.bodyBytes) {
      this.#idle++
      return
    }
    this.#next = (this.#next + 1) % this.#requests.length
    this.#window -= request.bodyBytes
    const bytes = Buffer.from(request.frames)
    bytes.writeUInt32BE(this.#stream, ID_AT)
    bytes.writeUInt32BE(this.#stream, request.dataIdAt)
    this.#open.set(this.#stream, { request, sentAt: performance.now(), matched: 0 })
    this.#stream += 2
    this.#out.push(bytes)
  }

  #take(type: number, flags: number, stream: number, payload: Buffer): void {
    if (type === DATA) this.#data(stream, payload)
    if ((type === DATA || type === HEADERS) && (flags & END_STREAM) !== 0) this.#ended(stream)
    else if (type === WINDOW_UPDATE && stream === 0) {
      this.#window += payload.readUInt32BE(0)
      for (; this.#idle > 0 && this.#window > 0; this.#idle--) this.#send()
    } else if (type === SETTINGS && (flags & ACK) === 0) this.#out.push(frameOf(SETTINGS, { flags: ACK }))
    else if (type === PING && (flags & ACK) === 0) this.#out.push(frameOf(PING, { flags: ACK, payload }))
    else if (type === RESET || type === GOAWAY) throw new Error(`The server ended ${type === RESET ? `call ${stream}` : 'the connection'}`)
  }

  #data(stream: number, payload: Buffer): void {
    const call = this.#open.get(stream)
    if (!call) throw new Error(`An answer to no call: ${stream}`)
    const { answer } = call.request
    const end = call.matched + payload.length
    if (end > answer.length || payload.compare(answer, call.matched, end) !== 0) throw new Error(`Other bytes than the ${answer.length} expected`)
    call.matched = end
    this.#received += payload.length
    if (this.#received < REFILL) return
    this.#out.push(windowUpdate(this.#received))
    this.#received = 0
  }

  #ended(stream: number): void {
    const call = this.#open.get(stream)
    if (!call) throw new Error(`The end of no call: ${stream}`)
    if (call.matched !== call.request.answer.length) throw new Error(`${call.matched} bytes where ${call.request.answer.length} are right`)
    this.#open.delete(stream)
    this.latencies.push((performance.now() - call.sentAt) * 1000)
    this.#send()
  }
}

async function run(task: GrpcTask): Promise<LoadResult> {
  const cpu = process.cpuUsage()
  const start = performance.now()
  const drive = new Drive(task)
  const late = setTimeout(() => drive.close(), task.seconds * 1000 + 30_000)
  try {
    await drive.done
  } finally {
    clearTimeout(late)
    drive.close()
  }
  return { ...summaryOf(drive.latencies, { start, cpu }), wrong: 0 }
}

process.on('message', (task: GrpcTask) => {
  run(task).then(
    (result) => process.send?.(result),
    (error: Error) => process.send?.({ error: error.message }),
  )
})
process.on('disconnect', () => process.exit(0))
