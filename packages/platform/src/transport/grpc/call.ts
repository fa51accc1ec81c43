import { FairleadError } from '@fairlead/contract'
import type { Allowance } from '../../domain/governance/index.ts'
import type { Caller, ServableRelease } from '../../domain/inference/index.ts'
import { uuidv7 } from '../../kernel/ids.ts'
import { requestId } from '../../kernel/request-id.ts'
import { presentedSecret } from '../credentials.ts'
import { traceIdOf } from '../trace-context.ts'
import { answerHead } from './answer-head.ts'
import { type Framed, type FrameLimits, FrameReader } from './framing.ts'
import { CODE, encodeHeaders, type Headers, type Http2Stream, type StreamHandler } from './h2/index.ts'
import { InHand } from './in-hand.ts'
import type { Inflater } from './inflate.ts'
import { contentKind, ENCODINGS, isGzip, timeoutOf } from './metadata.ts'
import type { GrpcLimits, ServeGrpcOptions } from './options.ts'
import { errorTrailers, known } from './status.ts'

/** How a method is answered. */
export interface Method {
  /**
   * `unary`: one message, one answer. `watch`: one message, answers until somebody ends it. `dialogue`: an answer to each
   * message, in their order. `stream`: an answer to each message, as they come; several are in hand at once.
   */
  kind: 'unary' | 'watch' | 'dialogue' | 'stream'
  /** Whether callers need access, so that a long message of one who has none is not even gathered. */
  guarded: boolean
  /** Longest message, also after it is unpacked, where it may not be as long as any. */
  messageBytes?: number
  /** The answer to a message, behind its prefix; for `watch` nothing. Rejects with the error to answer. */
  reply(call: Call, message: Buffer): Promise<Buffer | undefined>
}

/** What calls share. */
export interface CallWorld {
  options: ServeGrpcOptions
  limits: GrpcLimits
  inflater: Inflater
  /** Whether the connection comes from this machine. */
  loopback: boolean
  /** Bounds of the messages of this connection. */
  frames: FrameLimits
  methodOf(path: string): Method | undefined
  /** Told when the call is over, however it ended. */
  over(call: Call): void
}

type Field = readonly [name: string, value: string]

const OK = encodeHeaders([['grpc-status', '0']])

/** One call: reads its messages, has them answered, and writes answers and status. */
export class Call implements StreamHandler {
  readonly headers: Headers
  /** When the call was seen, in `performance.now()` milliseconds. */
  readonly receivedAt = performance.now()
  /** When the caller gives up, in milliseconds since 1970. */
  deadline: number | undefined
  readonly world: CallWorld
  readonly #stream: Http2Stream
  #method: Method | undefined
  #reader: FrameReader | undefined
  #gzip = false
  #id: string | undefined
  #predictionId: string | undefined
  #vetted = false
  #message: Framed | undefined
  #arrived = false
  #answeredAt = 0
  #turns: Promise<unknown> | undefined
  #onClose: (() => void)[] | undefined
  #onEnding: (() => void) | undefined
  #limits: Allowance | undefined
  /** Messages of a stream. */
  #inHand: InHand | undefined
  #isEnding = false
  /** Since when a message is incomplete. */
  #partialAt = 0

  constructor(stream: Http2Stream, headers: Headers, world: CallWorld) {
    this.#stream = stream
    this.headers = headers
    this.world = world
    stream.handler = this
  }

  /** `x-request-id` as sent, else made here. */
  get id(): string {
    this.#id ??= requestId(this.headers['x-request-id'])
    return this.#id
  }

  /** `x-request-id`, where one was sent that has the form of one. */
  get sentId(): string | undefined {
    return this.headers['x-request-id'] === this.id ? this.id : undefined
  }

  /** Name of the prediction that is asked for: never the same twice, whatever callers send. */
  get predictionId(): string {
    this.#predictionId ??= this.sentId === undefined ? this.id : uuidv7()
    return this.#predictionId
  }

  get traceId(): string | undefined {
    return traceIdOf(this.headers.traceparent)
  }

  /** Whether the caller waits no more. */
  get isGone(): boolean {
    return this.#stream.gone
  }

  /** Whether nothing can be answered any more. */
  get #over(): boolean {
    return this.#answeredAt > 0 || this.isGone
  }

  /** Calls back when the call is over, at once if it is. */
  onClose(told: () => void): void {
    this.#onClose ??= []
    if (this.isGone) told()
    else this.#onClose.push(told)
  }

  /** Calls back before the call is ended because the port closes. */
  onEnding(told: () => void): void {
    this.#onEnding = told
  }

  /** The port closes: what would go on for ever ends. */
  ending(): void {
    if (this.#method?.kind === 'unary') return
    this.#onEnding?.()
    this.#isEnding = true
    this.#inHand?.stop()
    if (this.#inHand?.count) return
    this.#endStream()
  }

  #endStream(): void {
    if (this.#isEnding) this.fail(new FairleadError('not-ready', 'this process is draining', { retryAfter: 1 }))
    else if (this.#arrived) this.finish()
  }

  /** Who calls. Throws `not-authenticated` or `not-allowed`. */
  access(deployment: string | undefined, release?: number): Caller {
    try {
      return this.#caller(deployment, release)
    } catch (error) {
      this.#countRefusal(error)
      throw error
    }
  }

  /** Counts a request for predictions against what its caller may ask for. Throws `rate-limited` and `quota-exhausted`. */
  limit(caller: Caller, { deployment, settings }: Pick<ServableRelease, 'deployment' | 'settings'>): Caller {
    const address = () => this.#stream.peer
    const allowance = this.world.options.limiter?.allowance({ caller, deployment, settings, address })
    if (!allowance) return caller
    this.#limits = allowance
    allowance.takeRequest()
    return { ...caller, allowance }
  }

  /** Who loads or unloads a deployment's model. Throws `not-authenticated` or `not-allowed`. */
  mayControl(deployment: string): Caller {
    const { options, loopback } = this.world
    try {
      return options.authorize({ presented: presentedSecret(this.headers), action: 'control', loopback, deployment, requireKey: true })
    } catch (error) {
      this.#countRefusal(error)
      throw error
    }
  }

  /** Those who are refused are counted for no deployment, because they are none of its callers. */
  #countRefusal(error: unknown): void {
    this.world.options.inference.failed('', error, { rows: 0, receivedAt: this.receivedAt })
  }

  #caller(deployment: string | undefined, release?: number): Caller {
    const { options, loopback } = this.world
    const requireKey = deployment !== undefined && options.inference.find(deployment, release)?.release.settings.requireKey === true
    return options.authorize({ presented: presentedSecret(this.headers), action: 'predict', loopback, deployment, requireKey })
  }

  /** Takes the call up; when it has `ended`, nothing follows its headers. */
  begin(ended: boolean): void {
    const kind = contentKind(this.headers)
    this.#arrived = ended
    if (this.headers[':method'] !== 'POST') this.#refuseHttp([':status', '405'], ['allow', 'POST'])
    else if (kind === 'foreign') this.#refuseHttp([':status', '415'])
    else if (this.#isKnown(kind)) {
      this.#listen()
      if (ended) this.ended()
    }
  }

  #isKnown(kind: 'protobuf' | 'other'): boolean {
    try {
      const path = this.headers[':path']!
      this.#method = this.world.methodOf(path)
      if (!this.#method) throw new FairleadError('not-supported', `there is no method ${path.slice(0, 200)}`)
      if (kind === 'other') throw new FairleadError('not-supported', 'messages are read as protobuf only; send application/grpc')
      const timeout = timeoutOf(this.headers)
      if (timeout !== undefined) this.deadline = Date.now() + timeout
      this.#gzip = isGzip(this.headers)
      return true
    } catch (error) {
      this.#countRefusal(error)
      this.fail(error)
      return false
    }
  }

  #listen(): void {
    const { frames } = this.world
    const { messageBytes } = this.#method!
    this.#reader = new FrameReader(messageBytes === undefined ? frames : { ...frames, messageBytes }, (message) => this.#take(message))
  }

  /** Sends a message that has its prefix. */
  send(framed: Buffer): void {
    if (this.#over) return
    this.#respond()
    this.#stream.write(framed)
  }

  /** Ends the call well. */
  finish(framed?: Buffer): void {
    if (this.#over) return
    this.#answeredAt = performance.now()
    this.#respond()
    if (framed) this.#stream.write(framed)
    this.#stream.end(OK)
  }

  /** Ends the call with an error. */
  fail(cause: unknown): void {
    if (this.#over) return
    this.#answeredAt = performance.now()
    const error = known(cause)
    if (error.code === 'internal') this.world.options.onError?.(cause, this.id)
    const trailers = encodeHeaders([...Object.entries(errorTrailers(error)), ['grpc-accept-encoding', ENCODINGS]])
    if (this.#stream.headersSent) this.#stream.end(trailers)
    else this.#stream.respond(Buffer.concat([this.#headers(), trailers]), true)
    this.#reader?.end()
  }

  /** Looks whether the call takes longer than it may. */
  sweep(now: number): void {
    const { requestMs, answerMs } = this.world.limits
    if (this.#answeredAt > 0) {
      if (now - this.#answeredAt > answerMs) this.#stream.reset(CODE.cancel)
    } else if (this.#inHand?.fullAt && now - this.#inHand.fullAt > answerMs) this.#stream.reset(CODE.cancel)
    else if (this.#isLate(now, requestMs)) {
      this.fail(new FairleadError('request-timeout', `the message did not arrive within ${requestMs} ms`))
    } else if (this.deadline !== undefined && this.deadline <= Date.now() && this.#method?.kind !== 'unary') {
      this.fail(new FairleadError('deadline-exceeded', 'the deadline of the call passed'))
    }
  }

  /** Whether a message takes longer to arrive than it may; between those of a dialogue or a stream may be any time. */
  #isLate(now: number, requestMs: number): boolean {
    if (this.#partialAt > 0) return now - this.#partialAt > requestMs
    const single = this.#method?.kind !== 'dialogue' && this.#method?.kind !== 'stream'
    return single && !this.#arrived && now - this.receivedAt > requestMs
  }

  /** A part of what the client sends. */
  received(chunk: Buffer): void {
    if (this.#over) return
    try {
      this.#reader!.push(chunk)
      if (!this.#reader!.partial) this.#partialAt = 0
      else if (this.#partialAt === 0) this.#partialAt = performance.now()
      // memory is not given to callers who may not ask for anything
      if (!this.#vetted && this.#reader!.partial && this.#method!.guarded) this.#vet()
    } catch (error) {
      this.fail(error)
    }
  }

  #vet(): void {
    this.#vetted = true
    try {
      this.#caller(undefined)
    } catch (error) {
      // a key for one deployment may well be refused here; that is decided when the deployment is known
      if (!(error instanceof FairleadError && error.code === 'not-authenticated')) return
      this.#countRefusal(error)
      throw error
    }
  }

  #take(message: Framed): void {
    if (message.compressed && !this.#gzip) throw new FairleadError('request-invalid', 'a message is marked as compressed, and grpc-encoding does not say how')
    if (this.#method!.kind === 'dialogue') this.#turn(message)
    else if (this.#method!.kind === 'stream') {
      this.#inHand ??= this.#streamed()
      this.#inHand.add(message)
    } else if (this.#message) throw new FairleadError('request-invalid', 'this method takes one message, and there are more')
    else this.#message = message
  }

  /** The client sends no more. */
  ended(): void {
    this.#arrived = true
    if (this.#over) return
    const message = this.#message
    this.#message = undefined
    if (this.#reader!.partial) this.fail(new FairleadError('request-invalid', 'the last message is cut off'))
    else if (this.#method!.kind === 'dialogue') this.#turns = (this.#turns ?? Promise.resolve()).then(() => this.finish())
    else if (this.#method!.kind === 'stream') {
      if (!this.#inHand?.count) this.finish()
    } else if (!message) this.fail(new FairleadError('request-invalid', 'there is no message'))
    else if (message.compressed) {
      this.#unpack(message.bytes).then(
        (bytes) => this.#answer(bytes),
        (error: unknown) => this.fail(error),
      )
    } else this.#answer(message.bytes)
  }

  async #unpack(bytes: Buffer): Promise<Buffer> {
    const unpacked = await this.world.inflater.unpack(bytes)
    const { messageBytes = unpacked.length } = this.#method!
    if (unpacked.length <= messageBytes) return unpacked
    throw new FairleadError('body-too-large', `a message has ${unpacked.length} bytes when it is unpacked, at most ${messageBytes} are taken`)
  }

  #answer(bytes: Buffer): void {
    if (this.#over) return
    this.#method!.reply(this, bytes).then(
      (framed) => {
        if (framed) this.finish(framed)
      },
      (error: unknown) => this.fail(error),
    )
  }

  /** One message of many: they are answered in their order. */
  #turn(message: Framed): void {
    const answer = async () => {
      const bytes = message.compressed ? await this.#unpack(message.bytes) : message.bytes
      const framed = await this.#method!.reply(this, bytes)
      this.#reader!.release()
      if (framed) this.send(framed)
      if (this.#stream.full) this.#stream.onceTaken(() => this.#stream.resume())
      else this.#stream.resume()
    }
    // the next is read when this one is answered, so that nobody makes a queue of them
    this.#stream.pause()
    this.#turns = (this.#turns ?? Promise.resolve()).then(() => (this.#over ? undefined : answer())).catch((error: unknown) => this.fail(error))
  }

  /** The messages of a stream. */
  #streamed(): InHand {
    const stream = this.#stream
    return new InHand({
      answer: (message) => this.#answerOne(message).catch((error: unknown) => this.fail(error)),
      isFull: () => stream.full,
      pause: () => stream.pause(),
      resume: () => stream.resume(),
      onceTaken: (told) => stream.onceTaken(told),
      idle: () => {
        this.#reader!.release()
        this.#endStream()
      },
    })
  }

  async #answerOne(message: Framed): Promise<void> {
    const bytes = message.compressed ? await this.#unpack(message.bytes) : message.bytes
    const framed = this.#over ? undefined : await this.#method!.reply(this, bytes)
    if (framed) this.send(framed)
  }

  #headers(): Buffer {
    const fields: Field[] = []
    const limits = this.#limits?.fields() ?? []
    for (let i = 0; i < limits.length; i += 2) fields.push([limits[i]!.toLowerCase(), limits[i + 1]!])
    const { traceparent } = this.headers
    if (traceparent !== undefined && this.traceId !== undefined) fields.push(['traceparent', traceparent])
    const head = answerHead(this.id, this.#predictionId)
    return fields.length === 0 ? head : Buffer.concat([head, encodeHeaders(fields)])
  }

  #respond(): void {
    if (!this.#stream.headersSent) this.#stream.respond(this.#headers())
  }

  /** Answers what is not gRPC in HTTP's own terms. */
  #refuseHttp(...fields: Field[]): void {
    this.#answeredAt = performance.now()
    this.#stream.respond(encodeHeaders(fields), true)
  }

  /** Nothing can come or go any more. */
  closed(): void {
    this.#reader?.end()
    this.world.over(this)
    for (const told of this.#onClose ?? []) told()
  }
}
