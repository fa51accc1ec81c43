import type { ModelComparison, ModelTree, PredictionPage, Status, Telemetry } from '@fairlead/contract/control'
import type { Jobs } from '../../domain/batch/index.ts'
import type { Deployments } from '../../domain/deployment/index.ts'
import type { Access } from '../../domain/governance/index.ts'
import type { PredictionQuery } from '../../domain/predictionlog/index.ts'
import type { Registry } from '../../domain/registry/index.ts'
import type { Clock } from '../../kernel/clock.ts'
import type { IdempotencyStore } from '../../kernel/idempotency.ts'
import type { Logger } from '../../kernel/logger.ts'

type Uploading = 'createUpload' | 'putFile' | 'dropUpload' | 'importVersion'
type Reading = 'listModels' | 'getModel' | 'listVersions' | 'getVersion' | 'resolve' | 'graph' | 'verify' | 'openFile'
type Changing = 'patchModel' | 'deleteModel' | 'patchVersion' | 'deleteVersion' | 'setAlias' | 'deleteAlias'
/** The registry as the control API uses it. */
export type RegistrySource = Pick<Registry, Uploading | Reading | Changing>

/** Models whose structure is understood, as the control API looks into them. */
export interface InsideSource {
  /** One tree. Throws `tree-unknown`, `version-unknown`, and `model-part-unsupported` for a model that is not understood. */
  tree(model: string, version: number, ask: { tree: number; depth: number; step?: number | undefined }): Promise<ModelTree>
  /** In what two versions differ. Throws as `tree`. */
  compare(model: string, before: number, after: number): Promise<ModelComparison>
}

/** State of the platform at this moment. */
export interface StatusSource {
  status(): Promise<Status>
}

/** Times in milliseconds since 1970, `step` in seconds. */
export interface TelemetryQuery {
  since: number
  until: number
  step: number | undefined
}
export interface TelemetrySource {
  telemetry(deployment: string, query: TelemetryQuery): Promise<Telemetry>
}

/** The prediction log as readers see it. */
export interface PredictionSource {
  /** Whether anything was ever logged under a deployment's name. */
  has(deployment: string): Promise<boolean>
  query(query: PredictionQuery): Promise<PredictionPage>
  export(query: PredictionQuery, format: 'csv' | 'parquet'): Promise<AsyncIterable<Uint8Array | string>>
}

/** Whether the platform takes requests; `reasons` against it, and what is worse than it should be and still works. */
export interface Readiness {
  ready: boolean
  reasons: string[]
  degraded: string[]
}

export interface ControlServerOptions {
  registry: RegistrySource
  inside: InsideSource
  deployments: Deployments
  jobs: Pick<Jobs, 'create' | 'preview' | 'list' | 'get' | 'settled' | 'watch' | 'pause' | 'resume' | 'cancel'>
  access: Access
  idempotency: IdempotencyStore
  status: StatusSource
  telemetry: TelemetrySource
  predictions: PredictionSource
  /** Asks the serve port for predictions on behalf of the console: the body and the answer as they are, so that no digit is lost. */
  tryPredict(deployment: string, body: string, signal: AbortSignal): Promise<string>
  /** All metrics in Prometheus' text format. */
  metricsText(): string | Promise<string>
  readiness(): Readiness | Promise<Readiness>
  /** Address of the console, for sign-in links. */
  consoleUrl(): string
  /** Folder of the built console. */
  consoleDir?: string | undefined
  version: string
  clock: Clock
  logger: Logger
  /** The address the server is bound to, and whether only this machine reaches it. */
  host: string
  loopback: boolean
  /** Most bytes of one uploaded file (default 16 GiB). */
  maxFileBytes?: number | undefined
  /** Milliseconds that the body of a request may take, files of uploads apart (default 30,000). */
  bodyMs?: number | undefined
  /** Milliseconds between two states of the status stream (default 2000). */
  statusEveryMs?: number | undefined
}
