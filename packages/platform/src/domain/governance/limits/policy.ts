import { type Quota, type Rate, readQuota, readRate } from '@fairlead/contract'
import type { KeyLimits, LimitSet } from '@fairlead/contract/control'

/** A limit of one kind of caller, read once. */
export interface Policy {
  rate: RatePolicy | undefined
  quota: Quota | undefined
}

export interface RatePolicy extends Rate {
  /** Requests that may come at once. */
  burst: number
  /** Requests that come back each millisecond. */
  perMs: number
}

/** The limits of a key, read once. */
export interface KeyPolicies extends Policy {
  deployments: ReadonlyMap<string, Policy>
}

/** Settings of a release that limit callers whose key says nothing of its own. */
export interface CallerSettings {
  rateLimit?: string | null | undefined
  rateBurst?: number | null | undefined
  rowQuota?: string | null | undefined
}

/** Reads limits as they were written; a text that does not have the form was refused when it was given. */
export function policyOf({ rate: written, burst, quota }: Pick<LimitSet, 'rate' | 'burst' | 'quota'>): Policy {
  const rate = written === undefined ? undefined : readRate(written)
  return {
    rate: rate && { ...rate, burst: burst ?? rate.count, perMs: rate.count / (rate.seconds * 1000) },
    quota: quota === undefined ? undefined : readQuota(quota),
  }
}

export function keyPoliciesOf(limits: KeyLimits): KeyPolicies {
  return { ...policyOf(limits), deployments: new Map(Object.entries(limits.deployments ?? {}).map(([name, set]) => [name, policyOf(set)])) }
}

export function settingsPolicyOf({ rateLimit, rateBurst, rowQuota }: CallerSettings): Policy {
  return policyOf({ rate: rateLimit ?? undefined, burst: rateBurst ?? undefined, quota: rowQuota ?? undefined })
}
