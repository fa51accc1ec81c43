import { MAX_BURST, readQuota, readRate } from '@fairlead/contract'
import type { KeyLimits, LimitSet, QuotaUse } from '@fairlead/contract/control'

/** What is typed into the fields of a limit. */
export interface LimitFields {
  rate: string
  burst: string
  quota: string
}

/** What is wrong with a field, by field. */
export type LimitFaults = Partial<Record<keyof LimitFields, string>>

/** The fields that show the limits of a key: over all deployments, or for one. */
export function fieldsOf(limits: KeyLimits | null, deployment: string | null): LimitFields {
  const set: LimitSet = (deployment === null ? limits : limits?.deployments?.[deployment]) ?? {}
  return { rate: set.rate ?? '', burst: set.burst === undefined ? '' : String(set.burst), quota: set.quota ?? '' }
}

/** What is wrong with what was typed, in words. */
export function faultsOf({ rate, burst, quota }: LimitFields): LimitFaults {
  const count = Number(burst)
  return {
    ...(rate !== '' && !readRate(rate) ? { rate: 'Such as 100/s or 600/min' } : {}),
    ...(quota !== '' && !readQuota(quota) ? { quota: 'Such as 1000000/day or 5000000/month' } : {}),
    ...(burst !== '' && !(Number.isInteger(count) && count >= 1 && count <= MAX_BURST)
      ? { burst: 'A whole number from 1' }
      : burst !== '' && rate === ''
        ? { burst: 'Needs a rate beside it' }
        : {}),
  }
}

/** The limits of a key after a change of those over all deployments, or of those for one; `null` when none is left. */
export function limitsWith(before: KeyLimits | null, deployment: string | null, fields: LimitFields): KeyLimits | null {
  const { rate, burst, quota } = fields
  const set: LimitSet = { ...(rate ? { rate } : {}), ...(burst ? { burst: Number(burst) } : {}), ...(quota ? { quota } : {}) }
  const { deployments = {}, ...total } = before ?? {}
  const others = Object.entries(deployments).filter(([name]) => name !== deployment)
  const named = deployment === null || Object.keys(set).length === 0 ? others : [...others, [deployment, set] as const]
  const all: KeyLimits = { ...(deployment === null ? set : total), ...(named.length === 0 ? {} : { deployments: Object.fromEntries(named) }) }
  return Object.keys(all).length === 0 ? null : all
}

/** A limit as it is read: `100/s, 200 at once`. */
export function limitWords({ rate, burst, quota }: LimitSet): string {
  return [rate === undefined ? '' : rate, burst === undefined ? '' : `${burst} at once`, quota ?? ''].filter((part) => part !== '').join(', ')
}

/** What is used of a quota, as it is read. */
export function spentWords({ deployment, window, rows, limit }: QuotaUse): string {
  const count = (n: number) => n.toLocaleString('en-US')
  return `${count(rows)} of ${count(limit)} rows ${window === 'day' ? 'today' : 'this month'}${deployment === null ? '' : ` of ${deployment}`}`
}
