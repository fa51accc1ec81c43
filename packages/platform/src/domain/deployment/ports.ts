import type { GoldenRows, ModelVersion } from '@fairlead/contract/control'
import type { Clock } from '../../kernel/clock.ts'
import type { DeploymentDb } from './tables.ts'
import type { ObservedStore } from './types.ts'

/** What deployments need of the registry. */
export interface ModelSource {
  /** The version that a reference names. Throws `reference-invalid`, `model-unknown`, `version-unknown`. */
  resolve(ref: string): Promise<ModelVersion>
  /** Golden rows that came with a version. */
  goldenOf(model: string, version: number): Promise<GoldenRows | undefined>
  /** Path of the model file among a version's files. */
  entryOf(model: string, version: number): Promise<string>
  /** Throws `version-unknown` when the version is gone by now, asked within the transaction that builds on it. */
  confirm(version: Pick<ModelVersion, 'model' | 'version' | 'digest'>, within: DeploymentDb): Promise<void>
}

/** A caller by one interface, as the prediction log has it. */
export interface SeenCaller {
  /** `key:<id>`, `loopback`, `open` or `platform`. */
  caller: string
  interface: string
  /** Milliseconds since 1970. */
  lastAt: number
  rows: number
  /** Rows in which a column had a value, by column; without those that the log has not. */
  given: ReadonlyMap<string, number>
}

/** Who asked a deployment lately. */
export interface CallerLog {
  /** Callers since a time, the latest first, as far as a bounded look at the log finds them. */
  recent(ask: { deployment: string; since: number; columns: readonly string[] }): Promise<SeenCaller[]>
  /** What keys are called, by their ids. */
  keyNames(): Promise<ReadonlyMap<string, string>>
}

export interface DeploymentsOptions {
  /** The registry's store. */
  db: DeploymentDb
  registry: ModelSource
  observed: ObservedStore
  clock: Clock
  /** Without it nobody is told who would break. */
  callers?: CallerLog | undefined
  /** Serve processes that are alive, by the ids under which they report. */
  liveProcesses(): string[]
  /** Tells serve processes that desired state has changed. */
  nudge(): void
  /** Where the serve port answers, e.g. `http://127.0.0.1:7310`. */
  addresses(): { http: string }
  /** Told of errors in the background. */
  onError?: ((error: unknown) => void) | undefined
}
