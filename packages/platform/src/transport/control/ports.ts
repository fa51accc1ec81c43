import type { Row } from '@fairlead/contract'
import type {
  ImportRequest,
  ImportResult,
  Model,
  ModelGraph,
  ModelVersion,
  ModelVersionSummary,
  PredictionPage,
  Status,
  Telemetry,
  Verification,
  VersionPatch,
} from '@fairlead/contract/control'
import type { Deployments, IdempotencyStore, Page, PageQuery } from '../../domain/deployment/index.ts'
import type { Access } from '../../domain/governance/index.ts'
import type { PredictionQuery } from '../../domain/predictionlog/index.ts'
import type { Clock } from '../../kernel/clock.ts'
import type { Logger } from '../../kernel/logger.ts'

/** The registry as the control API uses it. `who` is the caller's id, for lineage. */
export interface RegistrySource {
  createUpload(): Promise<{ upload: string; expiresAt: string }>
  putFile(upload: string, path: string, body: AsyncIterable<Uint8Array>): Promise<{ path: string; digest: string; size: number }>
  dropUpload(upload: string): Promise<void>
  importVersion(model: string, request: ImportRequest, who: string): Promise<ImportResult>
  listModels(page: PageQuery): Promise<Page<Model>>
  getModel(model: string): Promise<Model>
  patchModel(model: string, patch: Omit<VersionPatch, 'metrics'>): Promise<Model>
  deleteModel(model: string): Promise<void>
  listVersions(model: string, page: PageQuery): Promise<Page<ModelVersionSummary>>
  getVersion(model: string, version: number): Promise<ModelVersion>
  resolve(ref: string): Promise<ModelVersion>
  patchVersion(model: string, version: number, patch: VersionPatch): Promise<ModelVersion>
  deleteVersion(model: string, version: number): Promise<void>
  setAlias(model: string, alias: string, version: number): Promise<Model>
  deleteAlias(model: string, alias: string): Promise<void>
  verify(model: string, version: number): Promise<Verification>
  graph(model: string, version: number): Promise<ModelGraph>
  openFile(model: string, version: number, path: string): Promise<{ size: number; digest: string; body: AsyncIterable<Uint8Array> }>
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
  query(query: PredictionQuery): Promise<PredictionPage>
  export(query: PredictionQuery, format: 'csv' | 'parquet'): Promise<AsyncIterable<Uint8Array | string>>
}

export interface ControlServerOptions {
  registry: RegistrySource
  deployments: Deployments
  access: Access
  idempotency: IdempotencyStore
  status: StatusSource
  telemetry: TelemetrySource
  predictions: PredictionSource
  /** Asks the serve port for predictions on behalf of the console. */
  tryPredict(deployment: string, rows: Row[], signal: AbortSignal): Promise<Record<string, unknown>>
  /** All metrics in Prometheus' text format. */
  metricsText(): string | Promise<string>
  readiness(): { ready: boolean; reasons: string[] }
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
  /** Milliseconds between two states of the status stream (default 2000). */
  statusEveryMs?: number | undefined
}
