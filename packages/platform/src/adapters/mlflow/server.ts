import type { SenderOptions, TlsOptions } from '../../kernel/http-sender.ts'

/** A tracking server and how to reach it. */
export interface MlflowServer {
  /** `http:` or `https:`, with a path prefix where the server has one; no credentials in it. */
  trackingUri: string
  /** Where registered models are, when that is another server. */
  registryUri?: string | undefined
  credentials?: Credentials | undefined
  tls?: TlsOptions | undefined
  proxy?: SenderOptions['proxy']
  /** Milliseconds without a byte after which a request has failed. */
  timeoutMs: number
  /** Attempts after the first, of what may succeed later. */
  retries: number
}

export type Credentials = { username: string; password: string } | { token: string }

/** What is fetched at most. */
export interface FetchLimits {
  files: number
  bytes: number
  /** Folders one below the other. */
  depth: number
}

export const FETCH_LIMITS: FetchLimits = { files: 4096, bytes: 256 * 2 ** 30, depth: 30 }
