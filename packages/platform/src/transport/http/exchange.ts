import type { IncomingHttpHeaders } from 'node:http'
import { FairleadError, toProblem } from '@fairlead/contract'
import { uuidv7 } from '../../kernel/ids.ts'
import { isRequestId } from '../../kernel/request-id.ts'
import type { Budget } from '../budget.ts'
import { traceIdOf } from '../trace-context.ts'
import { acceptedCoding, CODINGS, contentCoding } from './codings.ts'
import { type AnswerBody, COMPRESSED_FROM, compress, inflate } from './compression.ts'
import type { Cors } from './cors.ts'
import { isScoring } from './routes.ts'
import { scoringFailure } from './scoring/failure.ts'

const JSON_TYPE = 'application/json'
const NOTHING: readonly string[] = []

/** How errors look: problem+json on Fairlead's own paths, `{"error"}` on those of the Open Inference Protocol, and as MLflow's scoring server has them. */
type ErrorForm = 'problem' | 'oip' | 'mlflow'

/** What a request says before its body. Names of headers are in lower case. */
export interface RequestHead {
  /** Path and query as they were sent. */
  readonly target: string
  readonly headers: IncomingHttpHeaders
  /** What was understood of it: clients send the same head again and again, and a lane may know it as the same. */
  understood?: Understood
}

/** What every answer depends on of a head; a part of an exchange is what a handler has understood. */
interface Understood {
  readonly form: ErrorForm
  /** Trace id of a valid `traceparent`. */
  readonly traceId: string | undefined
  /** `X-Request-Id`, where one was sent that has the form of one. */
  readonly sentId: string | undefined
  /** What the handler of predictions keeps of it; nobody else reads that. */
  prediction?: unknown
}

function understand({ target, headers }: RequestHead): Understood {
  const given = headers['x-request-id']
  return {
    form: target.startsWith('/v2') ? 'oip' : !target.startsWith('/v1') && isScoring(target) ? 'mlflow' : 'problem',
    traceId: traceIdOf(headers.traceparent),
    sentId: isRequestId(given) ? given : undefined,
  }
}

/** An answer as it goes to the wire. */
export interface Answer {
  status: number
  body: AnswerBody
  /** Bytes of the body; text is sent as UTF-8. */
  length: number
  /** What the body is; `undefined` for an answer without one. */
  type: string | undefined
  /** Names the request. */
  id: string
  /** Names and values of further headers, one after the other. */
  more: readonly string[]
  /** Whether the connection ends with it. */
  close: boolean
  /** Called when the body was written and its memory is no longer needed, by a lane that knows when that is. */
  written?: (() => void) | undefined
}

/** Who is told of a body: exactly one of the two, once; neither when the client goes away. */
export interface BodyListener {
  done(bytes: Buffer): void
  /** The body cannot be taken. The exchange answers that by itself, because the client may still be sending. */
  refused(error: FairleadError): void
}

/** What is answered, before it is known how it travels. */
interface Said {
  type: string
  body: AnswerBody
  /** Bytes of the body. */
  length: number
  /** Further header names and values, one after the other. */
  more: readonly string[]
  written?: (() => void) | undefined
}

/** Tells in headers what is left to a caller that is limited. */
export interface LimitFields {
  /** Names and values, one after the other. */
  fields(): readonly string[]
}

/** Bytes to answer. */
export interface BytesAnswer {
  type: string
  parts: readonly Uint8Array[]
  more?: readonly string[]
  written?: () => void
}

/** What exchanges share. */
export interface ExchangeWorld {
  /** Whether answers are the last ones of their connections. */
  draining(): boolean
  /** Room for bodies in hand. */
  bodies: Budget
  /** Which pages of other addresses may read answers; none without it. */
  cors?: Cors | undefined
}

/** One request and its answer, the same for both lanes. A lane says how bodies come and how answers go. */
export abstract class Exchange {
  /** Path and query as they were sent. */
  readonly target: string
  readonly headers: IncomingHttpHeaders
  /** When the request was seen, in `performance.now()` milliseconds. */
  readonly receivedAt: number
  /** `X-Request-Id` as sent, else made here. */
  readonly id: string
  /** What was understood of its head. */
  readonly head: Understood
  #predictionId: string | undefined
  readonly #world: ExchangeWorld
  /** Bytes of its body that count against `bodies`. */
  #held = 0
  /** It is decided what is answered; a compressed answer goes out a little later. */
  #settled = false
  #limits: LimitFields | undefined

  constructor(head: RequestHead, receivedAt: number, world: ExchangeWorld) {
    this.#world = world
    this.target = head.target
    this.headers = head.headers
    this.head = head.understood ??= understand(head)
    this.receivedAt = receivedAt
    this.id = this.head.sentId ?? uuidv7()
  }

  /** Whether it is too late to answer. */
  abstract get answered(): boolean

  /** Reads the body as it was sent, of at most `limit` bytes. To be called at most once. */
  protected abstract takeBody(limit: number, listener: BodyListener): void

  /**
   * Reads the body, of at most `limit` bytes also when it is inflated. To be called at most once. Throws `encoding-unsupported`, before any of it
   * is read, when it is compressed in a way that is not known.
   */
  readBody(limit: number, listener: BodyListener): void {
    const coding = contentCoding(this.headers['content-encoding'])
    if (coding === undefined) this.takeBody(limit, listener)
    else this.takeBody(limit, { ...listener, done: (bytes) => this.#inflate(bytes, limit, listener) })
  }

  #inflate(bytes: Buffer, limit: number, { done, refused }: BodyListener): void {
    inflate(bytes, { limit, hold: (more) => this.hold(more) }, (result) => {
      if (this.answered) this.release()
      else if (!(result instanceof FairleadError)) done(result)
      else {
        refused(result)
        this.fail(result)
      }
    })
  }

  /** Address of the client. */
  abstract get peer(): string

  /** Tells with every answer what is left to the caller. */
  limitedBy(limits: LimitFields): void {
    this.#limits = limits
  }

  /** Takes room for a part of the body; false when there is none. It is given back with the answer, or by `release`. */
  protected hold(bytes: number): boolean {
    if (!this.#world.bodies.take(bytes)) return false
    this.#held += bytes
    return true
  }

  /** Gives back the room of the body: it is answered, or nobody is there any more. */
  release(): void {
    if (this.#held === 0) return
    this.#world.bodies.give(this.#held)
    this.#held = 0
  }

  protected abstract write(answer: Answer): void

  /** Name of the prediction that is asked for: never the same twice, whatever callers send. */
  get predictionId(): string {
    this.#predictionId ??= this.head.sentId === undefined ? this.id : uuidv7()
    return this.#predictionId
  }

  /** Answers JSON text. `more` are header names and values, one after the other. */
  json(status: number, text: string, more: readonly string[] = NOTHING): void {
    this.#say(status, { type: JSON_TYPE, body: text, length: Buffer.byteLength(text), more })
  }

  /** Answers JSON text that has no characters other than those of ASCII. */
  asciiJson(status: number, text: string, more: readonly string[] = NOTHING): void {
    this.#say(status, { type: JSON_TYPE, body: text, length: text.length, more })
  }

  /** Answers text of a type. */
  send(status: number, { type, text, more = [] }: { type: string; text: string; more?: readonly string[] }): void {
    this.#say(status, { type, body: text, length: Buffer.byteLength(text), more })
  }

  /**
   * Answers bytes of a type, in parts that are sent one behind the other. Nobody may change them any more. `written` may be called when they are out;
   * it is not when the client goes away before, nor always otherwise.
   */
  bytes(status: number, { type, parts, more = [], written }: BytesAnswer): void {
    let length = 0
    for (const part of parts) length += part.length
    this.#say(status, { type, body: parts, length, more, written })
  }

  /** Answers without a body. */
  empty(more: readonly string[]): void {
    if (this.#settled || this.answered) return
    this.#settled = true
    const told = this.#world.cors ? [...more, ...this.#world.cors.fields(this)] : more
    this.write({ status: 204, type: undefined, body: '', length: 0, id: this.id, more: told, close: this.#world.draining() })
  }

  /** Answers an error in the form of the path. */
  fail(error: FairleadError, more: readonly string[] = []): void {
    this.release()
    if (this.#settled || this.answered) return
    this.#settled = true
    this.write(this.#failure(error, more, this.#world.draining()))
  }

  /** An error as an answer after which the connection ends. */
  protected lastWords(error: FairleadError): Answer {
    return this.#failure(error, [], true)
  }

  #say(status: number, said: Said): void {
    this.release()
    if (this.#settled || this.answered) return
    this.#settled = true
    if (said.length < COMPRESSED_FROM) this.write(this.#answer(status, said, this.#world.draining()))
    else this.#sayLarge(status, { ...said, more: [...said.more, 'Vary', 'Accept-Encoding'] })
  }

  /**
   * Large answers are compressed for those who ask for it. Numbers as bytes become little smaller and take long: a list of codings, which libraries
   * send with every request, does not ask for that, and a single one does.
   */
  #sayLarge(status: number, said: Said): void {
    const accepted = this.headers['accept-encoding']
    const coding = Array.isArray(said.body) && accepted?.includes(',') ? undefined : acceptedCoding(accepted)
    if (coding === undefined) {
      this.write(this.#answer(status, said, this.#world.draining()))
      return
    }
    compress(said.body, coding, (packed) => {
      if (this.answered) return
      const told =
        packed === undefined ? said : { ...said, body: [packed], length: packed.length, written: undefined, more: [...said.more, 'Content-Encoding', coding] }
      this.write(this.#answer(status, told, this.#world.draining()))
    })
  }

  #failure(error: FairleadError, more: readonly string[], close: boolean): Answer {
    const said = error.retryAfter === undefined ? [] : ['Retry-After', String(error.retryAfter)]
    if (error.status === 401) said.push('WWW-Authenticate', 'Bearer')
    if (error.code === 'encoding-unsupported') said.push('Accept-Encoding', CODINGS)
    said.push(...more)
    if (this.head.form === 'mlflow') {
      const { status, type, body } = scoringFailure(error)
      return this.#answer(status, { type, body, length: Buffer.byteLength(body), more: said }, close)
    }
    // the protocol has one status for every request that cannot be served as it is
    const status = this.head.form === 'oip' && error.status === 422 ? 400 : error.status
    const body = JSON.stringify(this.head.form === 'oip' ? { error: error.message } : toProblem(error, this.id))
    const type = this.head.form === 'oip' ? JSON_TYPE : 'application/problem+json'
    return this.#answer(status, { type, body, length: Buffer.byteLength(body), more: said }, close)
  }

  #answer(status: number, { type, body, length, more, written }: Said, close: boolean): Answer {
    const { cors } = this.#world
    let told = more
    if (this.head.traceId !== undefined || this.#limits || cors) {
      told = [
        ...more,
        ...(this.head.traceId === undefined ? NOTHING : ['traceparent', this.headers.traceparent as string]),
        ...(this.#limits?.fields() ?? NOTHING),
        ...(cors?.fields(this) ?? NOTHING),
      ]
    }
    return { status, type, body, length, id: this.id, more: told, close, written }
  }
}

/** The headers of an answer, names and values one after the other. */
export function headersOf({ type, length, id, more, close }: Answer): string[] {
  const headers = type === undefined ? [] : ['Content-Type', type, 'Content-Length', String(length)]
  headers.push('X-Request-Id', id, ...more)
  if (close) headers.push('Connection', 'close')
  return headers
}
