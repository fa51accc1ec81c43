import { type ClientHttp2Session, connect, constants, type IncomingHttpHeaders } from 'node:http2'
import { bodyText, headText, plain } from '../show.ts'
import type { Exchange, Message, Transport } from '../types.ts'
import { rawText } from './wire.ts'

/** A unary call. */
export interface GrpcRequest {
  /** `package.Service/Method`. */
  method: string
  message: Uint8Array
}

/** What came of a call: its status, and the message where there is one. */
export interface GrpcAnswer {
  status: number
  detail: string
  message: Buffer | undefined
}

/** Where and under which limits to call. */
export interface GrpcOptions {
  /** `http://host:port`, or `https://` for TLS. */
  url: URL
  headers: Record<string, string>
  timeoutMs: number
  maxAnswerBytes: number
}

const CODES = [
  'OK CANCELLED UNKNOWN INVALID_ARGUMENT DEADLINE_EXCEEDED NOT_FOUND ALREADY_EXISTS PERMISSION_DENIED RESOURCE_EXHAUSTED',
  'FAILED_PRECONDITION ABORTED OUT_OF_RANGE UNIMPLEMENTED INTERNAL UNAVAILABLE DATA_LOSS UNAUTHENTICATED',
].flatMap((line) => line.split(' '))

/** The name of a status code. */
export function codeName(status: number): string {
  return CODES[status] ?? `code ${status}`
}

/** Calls over HTTP/2, a connection each. */
export function grpcTransport(options: GrpcOptions): Transport<GrpcRequest, GrpcAnswer> {
  return {
    refused: ({ status }) => status !== 0,
    send: async (request) => {
      const hidden = Object.keys(options.headers).map((name): [string, string] => [name, '(not shown)'])
      const shown = message(headText(`POST /${request.method} (gRPC)`, hidden), request.message)
      const started = performance.now()
      const exchange = (rest: Pick<Exchange, 'answer' | 'failure'>): Exchange => ({ request: shown, ...rest, ms: performance.now() - started })
      try {
        const answer = await call(options, request)
        const head = headText(`grpc-status: ${answer.status} ${codeName(answer.status)}`, answer.detail ? [['grpc-message', answer.detail]] : [])
        return { answer, exchange: exchange({ answer: message(head, answer.message ?? Buffer.alloc(0)) }) }
      } catch (error) {
        const { message: text, code } = error as NodeJS.ErrnoException
        return { exchange: exchange({ failure: text || code || 'the connection failed' }) }
      }
    },
  }
}

const MAX_SHOWN = 65_536

function message(head: string, content: Uint8Array): Message {
  if (content.length > MAX_SHOWN) return { head, ...bodyText(content) }
  try {
    return { head, body: bodyText(Buffer.from(plain(rawText(content)))).body, bytes: content.length }
  } catch {
    return { head, ...bodyText(content) }
  }
}

function frame(content: Uint8Array): Buffer {
  const prefix = Buffer.alloc(5)
  prefix.writeUInt32BE(content.length, 1)
  return Buffer.concat([prefix, content])
}

async function call(options: GrpcOptions, request: GrpcRequest): Promise<GrpcAnswer> {
  const session = connect(options.url)
  try {
    return await new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`no whole answer within ${options.timeoutMs / 1000} s`)), options.timeoutMs)
      session.on('error', reject)
      session.on('close', () => {
        clearTimeout(timer)
        reject(new Error('the connection ended before the answer did'))
      })
      exchangeOn(session, { options, request }, { resolve, reject })
    })
  } finally {
    session.destroy()
  }
}

interface Ends {
  resolve: (answer: GrpcAnswer) => void
  reject: (error: Error) => void
}

function exchangeOn(session: ClientHttp2Session, { options, request }: { options: GrpcOptions; request: GrpcRequest }, { resolve, reject }: Ends): void {
  const stream = session.request({
    ...options.headers,
    [constants.HTTP2_HEADER_METHOD]: 'POST',
    [constants.HTTP2_HEADER_PATH]: `/${request.method}`,
    'content-type': 'application/grpc',
    te: 'trailers',
  })
  let ends: IncomingHttpHeaders = {}
  const chunks: Buffer[] = []
  let length = 0
  stream.on('response', (headers) => {
    ends = { ...headers }
  })
  stream.on('trailers', (trailers) => {
    ends = { ...ends, ...trailers }
  })
  stream.on('data', (chunk: Buffer) => {
    length += chunk.length
    if (length > options.maxAnswerBytes) reject(new Error(`the answer is larger than ${options.maxAnswerBytes} bytes`))
    else chunks.push(chunk)
  })
  stream.on('error', reject)
  stream.on('end', () => {
    try {
      resolve(answerOf(ends, Buffer.concat(chunks, length)))
    } catch (error) {
      reject(error as Error)
    }
  })
  stream.end(frame(request.message))
}

function answerOf(headers: IncomingHttpHeaders, body: Buffer): GrpcAnswer {
  const status = headers['grpc-status']
  if (typeof status !== 'string' || !/^\d+$/.test(status))
    throw new Error(`what the server sent is not gRPC (HTTP status ${headers[':status']}, no grpc-status)`)
  if (body.length === 0) return { status: Number(status), detail: detailOf(headers['grpc-message']), message: undefined }
  if (body.length < 5 || body[0] !== 0 || body.readUInt32BE(1) !== body.length - 5) throw new Error('what the server sent is not one uncompressed gRPC message')
  return { status: Number(status), detail: detailOf(headers['grpc-message']), message: body.subarray(5) }
}

/** The text of `grpc-message`, which is percent-encoded; as it came where it is not. */
export function detailOf(text: string | string[] | undefined): string {
  const detail = String(text ?? '')
  try {
    return decodeURIComponent(detail)
  } catch {
    return detail
  }
}
