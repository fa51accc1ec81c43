import { readFileSync } from 'node:fs'
import { Agent as HttpAgent, type IncomingMessage, request as requestHttp } from 'node:http'
import { Agent as HttpsAgent, request as requestHttps } from 'node:https'
import { FairleadError } from '@fairlead/contract'

/** Whom to trust, and as whom to be known. */
export interface TlsOptions {
  /** Take any certificate. */
  insecure?: boolean | undefined
  /** PEM file of the authorities that are trusted, instead of the system's. */
  caFile?: string | undefined
  /** PEM file of the client's certificate and its key. */
  clientCertFile?: string | undefined
}

/** How requests go out. */
export interface SenderOptions {
  tls?: TlsOptions | undefined
  /** Variables of the environment that name proxies (`HTTP_PROXY`, `HTTPS_PROXY`, `NO_PROXY`, also in small letters); without them none is asked. */
  proxy?: Readonly<Record<string, string>> | undefined
  timeoutMs: number
}

/** One request as it goes out. */
export interface Outgoing {
  method: 'GET' | 'POST'
  url: URL
  headers: Record<string, string>
  body?: string | undefined
  /** Ends the request, also while its answer is read. */
  signal?: AbortSignal | undefined
}

/** Sends a request and answers the head of its answer, whose body is yet to be read. Rejects with the system's error. */
export type Send = (outgoing: Outgoing) => Promise<IncomingMessage>

const CONNECTIONS = 8

/**
 * A sender that keeps its connections. A request without a byte for `timeoutMs` ends with the error code `ETIMEDOUT`, also while its body
 * is read. Throws `file-unreadable` for certificates that cannot be read.
 */
export function sender({ tls = {}, proxy, timeoutMs }: SenderOptions): { send: Send; close(): void } {
  const keeping = { keepAlive: true, maxSockets: CONNECTIONS, ...(proxy === undefined ? {} : { proxyEnv: proxy }) }
  const plain = new HttpAgent(keeping)
  const client = tls.clientCertFile === undefined ? undefined : readPem(tls.clientCertFile)
  const secure = new HttpsAgent({
    ...keeping,
    rejectUnauthorized: tls.insecure !== true,
    ...(tls.caFile === undefined ? {} : { ca: readPem(tls.caFile) }),
    ...(client === undefined ? {} : { cert: client, key: client }),
  })
  const send: Send = ({ method, url, headers, body, signal }) =>
    new Promise((resolve, reject) => {
      const https = url.protocol === 'https:'
      const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }
      const options = { method, headers: { ...headers, ...length }, agent: https ? secure : plain, ...(signal ? { signal } : {}) }
      const outgoing = https ? requestHttps(url, options, resolve) : requestHttp(url, options, resolve)
      outgoing.setTimeout(timeoutMs, () => outgoing.destroy(timedOut(timeoutMs)))
      outgoing.once('error', reject)
      outgoing.end(body)
    })
  return {
    send,
    close() {
      plain.destroy()
      secure.destroy()
    },
  }
}

function timedOut(timeoutMs: number): Error {
  return Object.assign(new Error(`nothing came for ${timeoutMs / 1000} s`), { code: 'ETIMEDOUT' })
}

function readPem(path: string): Buffer {
  try {
    return readFileSync(path)
  } catch (cause) {
    throw new FairleadError('file-unreadable', `The certificate file ${path} cannot be read: ${(cause as NodeJS.ErrnoException).code}.`, { cause })
  }
}
