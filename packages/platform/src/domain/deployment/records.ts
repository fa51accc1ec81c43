import { parseJson, ROW_MEMBERS } from '@fairlead/contract'
import { type Operation, type Release, releaseSettings } from '@fairlead/contract/control'
import { completed, type ServableRelease } from '../inference/index.ts'
import type { OperationRow, ReleaseRow } from './tables.ts'

const DEFAULTS = releaseSettings.parse({})

/** The frozen release inside a row. */
export function servableOf(row: Pick<ReleaseRow, 'servable'>): ServableRelease {
  const frozen = parseJson(row.servable, ROW_MEMBERS) as ServableRelease
  // settings that there were not yet when it was frozen
  return completed({ ...frozen, settings: { ...DEFAULTS, ...frozen.settings } })
}

/** What became of a release, without reading what it is made of. */
export function outcomeOf(row: Pick<ReleaseRow, 'number' | 'state' | 'failure'>): Pick<Release, 'number' | 'state' | 'failure'> {
  return { number: row.number, state: row.state as Release['state'], failure: row.failure === null ? null : JSON.parse(row.failure) }
}

/** A release as the control API shows it. */
export function releaseOf(row: ReleaseRow): Release {
  const frozen = servableOf(row)
  const { name, version, digest } = frozen.model
  return {
    deployment: row.deployment,
    digest: row.digest,
    model: { name, version, digest },
    pipeline: frozen.pipeline,
    settings: frozen.settings,
    ...outcomeOf(row),
    execution: row.execution === null ? null : JSON.parse(row.execution),
    checks: JSON.parse(row.checks),
    ...(frozen.signatureChanges?.length ? { signatureChanges: frozen.signatureChanges } : {}),
    createdAt: row.created_at,
    createdBy: row.created_by,
    activatedAt: row.activated_at,
  }
}

/** An operation as the control API shows it. */
export function operationOf(row: OperationRow): Operation {
  return {
    id: row.id,
    kind: row.kind as Operation['kind'],
    state: row.state as Operation['state'],
    step: row.step,
    progress: row.progress,
    target: { deployment: row.deployment, release: row.release },
    error: row.error === null ? null : JSON.parse(row.error),
    startedAt: row.started_at,
    endedAt: row.ended_at,
  }
}

/** The row of an operation. */
export function operationRow(operation: Operation): OperationRow {
  return {
    id: operation.id,
    kind: operation.kind,
    state: operation.state,
    step: operation.step,
    progress: operation.progress,
    deployment: operation.target.deployment,
    release: operation.target.release,
    error: operation.error === null ? null : JSON.stringify(operation.error),
    started_at: operation.startedAt,
    ended_at: operation.endedAt,
  }
}
