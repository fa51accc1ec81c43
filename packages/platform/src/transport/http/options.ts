import type { Limiter } from '../../domain/governance/index.ts'
import type { Caller, Inference, ModelRepository, TableFormat } from '../../domain/inference/index.ts'
import type { SeriesSnapshot } from '../../domain/monitoring/index.ts'

/** Bounds of the serve port. Bytes and milliseconds. */
export interface HttpLimits {
  /** Body of a row request. */
  rowBodyBytes: number
  /** Body of an Open Inference Protocol request. */
  oipBodyBytes: number
  /** Bodies in hand that came in more than one piece, all together, until they are answered; at least one of the largest fits. */
  bodiesBytes: number
  /** Answers that wait for their clients, all together; at least one of any size fits. */
  unreadBytes: number
  /** Time for a whole head, and for head and body together. */
  headersMs: number
  requestMs: number
  /** How long an idle connection is kept. */
  keepAliveMs: number
  /** Requests after which a connection is closed; each lane counts its own. */
  connectionRequests: number
  /** Time for taking a whole answer, however slowly the client reads. */
  answerMs: number
  /** Connections at a time, of all clients and of one address. */
  connections: number
  connectionsPerAddress: number
}

export const DEFAULT_HTTP_LIMITS: HttpLimits = {
  rowBodyBytes: 16 * 1024 * 1024,
  oipBodyBytes: 64 * 1024 * 1024,
  bodiesBytes: 512 * 1024 * 1024,
  unreadBytes: 512 * 1024 * 1024,
  headersMs: 10_000,
  requestMs: 60_000,
  keepAliveMs: 75_000,
  connectionRequests: 1_000_000,
  answerMs: 300_000,
  connections: 10_000,
  connectionsPerAddress: Number.POSITIVE_INFINITY,
}

/** What is known of a caller before its body is read. */
export interface AccessRequest {
  /** The secret that came with the request, from `Authorization: Bearer` or `X-Api-Key`; absent where none did. */
  presented: string | undefined
  /** `read` for what tells of all deployments, `control` for loading and unloading models, `predict` for all else. */
  action: 'predict' | 'read' | 'control'
  /** Whether the connection comes from this machine. */
  loopback: boolean
  /** `undefined` for what concerns no deployment. */
  deployment: string | undefined
  /** Whether the deployment demands a key even on the loopback. */
  requireKey: boolean
}

export interface ServeHttpOptions {
  inference: Inference
  /** The models as the repository extension shows and changes them. */
  repository: ModelRepository
  /** Answers who calls; throws `not-authenticated` or `not-allowed`. */
  authorize(request: AccessRequest): Caller
  /** Whether callers without a key are let in because only this machine can reach the port: then foreign pages are kept out. */
  localOnly?: boolean
  /** Origins whose pages may ask from the browser, as it sends them, or `*` for all pages, which then need a key; none when not given. */
  allowedOrigins?: readonly string[]
  /** Limits how often and for how many rows callers may ask; none are limited without it. */
  limiter?: Pick<Limiter, 'allowance'>
  /** Metrics in the Prometheus text format. */
  metricsText(): string | Promise<string>
  /** What was counted of every release by all processes together. */
  counted(): Promise<readonly SeriesSnapshot[]>
  version: string
  isDraining(): boolean
  /** Told of errors that are the platform's own fault. */
  onError?(error: unknown, requestId: string): void
  /** Forms of tables that rows may have beside JSON, NDJSON and CSV. */
  tables?: readonly TableFormat[]
  limits?: Partial<HttpLimits>
  /** Answer plainly formed predictions without `node:http`. Default true. */
  fastLane?: boolean
}
