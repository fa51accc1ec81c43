import { type IncomingHttpHeaders, type IncomingMessage, request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import { brotliDecompressSync, gunzipSync, inflateSync } from 'node:zlib'
import { isObject, parseObject } from './json.ts'
import { bodyText, headText } from './show.ts'
import type { Exchange, Transport } from './types.ts'

/** A request of a case. Headers are sent as given; `Content-Length` is added unless the body is sent in chunks. */
export interface HttpRequest {
  method: 'GET' | 'POST'
  path: string
  headers?: Record<string, string>
  body?: string | Uint8Array
  chunked?: true
}

/** An answer, its whole body read. */
export interface HttpAnswer {
  status: number
  headers: IncomingHttpHeaders
  /** The body after its content encoding was undone; as sent where that failed. */
  body: Buffer
  /** Whether `Content-Encoding` could be undone. */
  decoded: boolean
}

/** Where and under which limits to ask. */
export interface HttpOptions {
  url: URL
  /** Added to each request; their values are not shown in reports. */
  headers: Record<string, string>
  timeoutMs: number
  /** Bytes of a body, and of what it inflates to. */
  maxAnswerBytes: number
}

interface Taken {
  message: IncomingMessage
  wire: Buffer
}

/** Sends requests over HTTP, a connection each: nothing that a server leaves behind on one spoils the next. */
export function httpTransport(options: HttpOptions): Transport<HttpRequest, HttpAnswer> {
  return {
    refused: ({ status }) => status >= 400,
    send: async (request) => {
      const body = Buffer.from(request.body ?? '')
      const headers: Record<string, string> = { host: options.url.host, accept: '*/*', ...request.headers }
      if (request.chunked) headers['transfer-encoding'] = 'chunked'
      else if (request.method === 'POST') headers['content-length'] = String(body.length)
      const path = options.url.pathname.replace(/\/$/, '') + request.path
      const shown = { head: headText(`${request.method} ${path} HTTP/1.1`, [...Object.entries(headers), ...hidden(options)]), ...bodyText(body) }
      const started = performance.now()
      const exchange = (rest: Pick<Exchange, 'answer' | 'failure'>): Exchange => ({ request: shown, ...rest, ms: performance.now() - started })
      try {
        const taken = await take(options, { request: { ...request, path }, headers: { ...headers, ...options.headers }, body })
        const answer = read(taken, options.maxAnswerBytes)
        return { answer, exchange: exchange({ answer: { head: headOf(taken.message), ...bodyText(taken.wire) } }) }
      } catch (error) {
        return { exchange: exchange({ failure: reasonOf(error) }) }
      }
    },
  }
}

function hidden({ headers }: HttpOptions): [string, string][] {
  return Object.keys(headers).map((name) => [name, '(not shown)'])
}

function reasonOf(error: unknown): string {
  const { message, code } = error as NodeJS.ErrnoException
  if (error instanceof AggregateError && !message) return reasonOf(error.errors[0])
  return code?.startsWith('HPE_') ? `what the server sent is not HTTP (${message})` : message || code || 'the connection failed'
}

/** Sends one request and reads its whole answer. Rejects on anything that is no whole answer within the limits. */
function take(options: HttpOptions, { request, headers, body }: { request: HttpRequest; headers: Record<string, string>; body: Buffer }): Promise<Taken> {
  const { url, timeoutMs, maxAnswerBytes } = options
  return new Promise((resolve, reject) => {
    const send = url.protocol === 'https:' ? requestHttps : requestHttp
    const hostname = url.hostname.replace(/^\[|\]$/g, '')
    const outgoing = send({ hostname, port: url.port, method: request.method, path: request.path, headers, agent: false, setHost: false })
    const fail = (error: Error) => {
      clearTimeout(timer)
      reject(error)
      outgoing.destroy()
    }
    const timer = setTimeout(() => fail(new Error(`no whole answer within ${timeoutMs / 1000} s`)), timeoutMs)
    outgoing.on('error', fail)
    outgoing.on('upgrade', () => fail(new Error('the server switched to another protocol')))
    outgoing.on('response', (message) => {
      const chunks: Buffer[] = []
      let length = 0
      message.on('data', (chunk: Buffer) => {
        length += chunk.length
        if (length > maxAnswerBytes) fail(new Error(`the answer is larger than ${maxAnswerBytes} bytes`))
        else chunks.push(chunk)
      })
      message.on('error', fail)
      message.on('end', () => {
        clearTimeout(timer)
        resolve({ message, wire: Buffer.concat(chunks, length) })
      })
    })
    if (request.chunked) {
      const half = Math.ceil(body.length / 2)
      if (half > 0) outgoing.write(body.subarray(0, half))
      outgoing.end(body.subarray(half))
    } else outgoing.end(request.method === 'POST' ? body : undefined)
  })
}

function headOf({ httpVersion, statusCode, statusMessage, rawHeaders }: IncomingMessage): string {
  const pairs = rawHeaders.flatMap((name, i): [string, string][] => (i % 2 === 0 ? [[name, rawHeaders[i + 1] ?? '']] : []))
  return headText(`HTTP/${httpVersion} ${statusCode} ${statusMessage}`, pairs)
}

const DECODERS: Record<string, (bytes: Uint8Array, limit: { maxOutputLength: number }) => Buffer> = {
  gzip: gunzipSync,
  'x-gzip': gunzipSync,
  deflate: inflateSync,
  br: brotliDecompressSync,
}

function read({ message, wire }: Taken, maxOutputLength: number): HttpAnswer {
  const status = message.statusCode ?? 0
  const { headers } = message
  const encoding = headers['content-encoding']?.toLowerCase()
  if (encoding === undefined || encoding === 'identity' || wire.length === 0) return { status, headers, body: wire, decoded: true }
  try {
    return { status, headers, body: DECODERS[encoding]!(wire, { maxOutputLength }), decoded: true }
  } catch {
    return { status, headers, body: wire, decoded: false }
  }
}

/** The text of an error object, where the answer is one. */
export function errorOf({ body }: HttpAnswer): string | undefined {
  try {
    const value = parseObject(body)
    return isObject(value) && typeof value.error === 'string' ? value.error : undefined
  } catch {
    return undefined
  }
}
