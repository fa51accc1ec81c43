import { readQuota } from '@fairlead/contract'
import type { KeyLimits, QuotaUse } from '@fairlead/contract/control'
import { rfc3339 } from '../../../kernel/clock.ts'
import { deploymentSubject, keySubject } from './subjects.ts'
import { windowAt } from './window.ts'

/** Rows that a subject spent in a window. */
export type QuotaSource = (subject: string, window: string) => number

/** What a key used of each of its quotas in the windows of now. */
export function quotaUseOf(id: string, limits: KeyLimits, { spent, now }: { spent: QuotaSource; now: number }): QuotaUse[] {
  const all = [{ deployment: null, quota: limits.quota }, ...Object.entries(limits.deployments ?? {}).map(([deployment, { quota }]) => ({ deployment, quota }))]
  return all.flatMap(({ deployment, quota }) => {
    const read = quota === undefined ? undefined : readQuota(quota)
    if (!read) return []
    const { label, endsAt } = windowAt(read.window, now)
    const subject = deployment === null ? keySubject(id) : deploymentSubject(keySubject(id), deployment)
    return [{ deployment, window: read.window, rows: Math.max(0, spent(subject, label)), limit: read.rows, resetsAt: rfc3339(endsAt) }]
  })
}
