import type { ErrorCode } from '@fairlead/contract'
import type { JobPreview } from '@fairlead/contract/control'
import type { FeatureServiceSettings } from '../config/index.ts'
import type { JobOutcome, JobPlan, JobTask, ProgressReport, ShardRecord } from '../domain/batch/index.ts'

/** What the process of a job is sent. */
export interface BatchInit {
  kind: 'run' | 'preview'
  task: JobTask
  dataDir: string
  /** Programs that Python models may be run with. */
  interpreters: readonly string[]
  /** Services that `lookup` steps ask. */
  features: readonly FeatureServiceSettings[]
}

/** What it tells. */
export type BatchMessage =
  | { kind: 'progress'; report: ProgressReport }
  | { kind: 'ended'; outcome: JobOutcome }
  | { kind: 'preview'; preview: JobPreview }
  | { kind: 'failed'; error: ThrownError }

/** An error on its way between processes and threads. */
export interface ThrownError {
  code: ErrorCode
  detail: string
  items: { path: string; code: ErrorCode; detail: string }[]
}

/** What a thread of a job is given. */
export interface ShardThreadData {
  task: JobTask
  plan: JobPlan
  dataDir: string
  interpreters: readonly string[]
  /** Services that `lookup` steps ask. */
  features: readonly FeatureServiceSettings[]
}

export interface ShardCall {
  shard: number
  from: number | undefined
}

export type ShardAnswer = { kind: 'rows'; done: number; rejected: number } | { kind: 'done'; record: ShardRecord } | { kind: 'failed'; error: ThrownError }
