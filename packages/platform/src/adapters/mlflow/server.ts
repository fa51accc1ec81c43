/** A tracking server and how to reach it. */
export interface MlflowServer {
  /** `http:` or `https:`, with a path prefix where the server has one; no credentials in it. */
  trackingUri: string
  /** Where registered models are, when that is another server. */
  registryUri?: string | undefined
  credentials?: Credentials | undefined
  tls?: TlsOptions | undefined
  /** Milliseconds without a byte after which a request has failed. */
  timeoutMs: number
  /** Attempts after the first, of what may succeed later. */
  retries: number
}

export type Credentials = { username: string; password: string } | { token: string }

export interface TlsOptions {
  /** Take any certificate. */
  insecure?: boolean | undefined
  /** PEM file of the authorities that are trusted, instead of the system's. */
  caFile?: string | undefined
  /** PEM file of the client's certificate and its key. */
  clientCertFile?: string | undefined
}

/** What is fetched at most. */
export interface FetchLimits {
  files: number
  bytes: number
  /** Folders one below the other. */
  depth: number
}

export const FETCH_LIMITS: FetchLimits = { files: 4096, bytes: 256 * 2 ** 30, depth: 30 }
