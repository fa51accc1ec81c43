import type { Job, JobProgress, JobSpec } from '@fairlead/contract/control'
import type { JobRow } from './tables.ts'

/** A job as it is kept: what the API shows, and how long its processes ran. */
export interface KeptJob {
  job: Job
  spentMs: number
}

export const NO_PROGRESS: JobProgress = { shards: 0, shardsDone: 0, rows: null, rowsDone: 0, rejected: 0, rowsPerSecond: 0, leftMs: null }

export function jobOf(row: JobRow): KeptJob {
  const spec = JSON.parse(row.spec) as JobSpec
  const state = row.state as Job['state']
  const job: Job = {
    id: row.id,
    deployment: row.deployment,
    release: row.release,
    releaseDigest: row.release_digest,
    state,
    step: row.step,
    spec,
    progress: JSON.parse(row.progress),
    summary: row.summary === null ? null : JSON.parse(row.summary),
    output: state === 'done' ? spec.output : null,
    quarantine: row.quarantine,
    error: row.error === null ? null : JSON.parse(row.error),
    createdAt: row.created_at,
    createdBy: row.created_by,
    startedAt: row.started_at,
    endedAt: row.ended_at,
  }
  return { job, spentMs: row.spent_ms }
}

export function rowOf({ job, spentMs }: KeptJob): JobRow {
  return {
    id: job.id,
    deployment: job.deployment,
    release: job.release,
    release_digest: job.releaseDigest,
    state: job.state,
    step: job.step,
    spec: JSON.stringify(job.spec),
    progress: JSON.stringify(job.progress),
    summary: job.summary === null ? null : JSON.stringify(job.summary),
    quarantine: job.quarantine,
    error: job.error === null ? null : JSON.stringify(job.error),
    spent_ms: spentMs,
    created_at: job.createdAt,
    created_by: job.createdBy,
    started_at: job.startedAt,
    ended_at: job.endedAt,
  }
}
