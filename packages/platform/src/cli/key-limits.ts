import { FairleadError, MAX_BURST, QUOTA_FORM, RATE_FORM, readQuota, readRate } from '@fairlead/contract'
import type { ApiKey, KeyLimits, LimitSet } from '@fairlead/contract/control'
import type { Command } from 'commander'

/** Options that say a limit, as they were typed. */
export interface LimitOptions {
  rate?: string
  burst?: string
  quota?: string
}

/** Adds the options that say a limit. */
export function withLimitOptions(command: Command): Command {
  return command
    .option('--rate <rate>', 'most requests per second or minute: 100/s, 600/min; none when not given')
    .option('--burst <requests>', 'requests that may come at once; as many as the rate counts when not given')
    .option('--quota <rows>', 'most rows per day or month of UTC: 1000000/day, 5000000/month; none when not given')
}

/** The limit that options say; `undefined` when they say none. Throws `usage` with the option. */
export function limitOf({ rate, burst, quota }: LimitOptions): LimitSet | undefined {
  if (rate !== undefined && !readRate(rate)) throw new FairleadError('usage', `--rate takes ${RATE_FORM}, not "${rate}".`)
  if (quota !== undefined && !readQuota(quota)) throw new FairleadError('usage', `--quota takes ${QUOTA_FORM}, not "${quota}".`)
  if (burst !== undefined && !(/^[1-9][0-9]*$/.test(burst) && Number(burst) <= MAX_BURST))
    throw new FairleadError('usage', `--burst takes a whole number from 1 to ${MAX_BURST}, not "${burst}".`)
  if (burst !== undefined && rate === undefined) throw new FairleadError('usage', '--burst needs --rate beside it.')
  if (rate === undefined && quota === undefined) return undefined
  return { ...(rate === undefined ? {} : { rate }), ...(burst === undefined ? {} : { burst: Number(burst) }), ...(quota === undefined ? {} : { quota }) }
}

/** The limits of a key after a change of those over all deployments, or of those of one; `undefined` as a limit takes it away. */
export function changedLimits(before: KeyLimits | null, deployment: string | undefined, limit: LimitSet | undefined): KeyLimits | null {
  const { deployments = {}, ...total } = before ?? {}
  const others = Object.fromEntries(Object.entries(deployments).filter(([name]) => name !== deployment))
  const all: KeyLimits = deployment === undefined ? { ...limit } : { ...total }
  const parts = deployment === undefined || limit === undefined ? others : { ...others, [deployment]: limit }
  if (Object.keys(parts).length > 0) all.deployments = parts
  return Object.keys(all).length === 0 ? null : all
}

function words({ rate, burst, quota }: LimitSet): string {
  return [...(rate === undefined ? [] : [burst === undefined ? rate : `${rate} (${burst} at once)`]), ...(quota === undefined ? [] : [quota])].join(', ')
}

/** The limits of a key on a line. */
export function limitWords({ limits }: Pick<ApiKey, 'limits'>): string {
  if (limits === null) return 'none'
  const { deployments = {}, ...total } = limits
  const parts = [words(total), ...Object.entries(deployments).map(([name, set]) => `${name}: ${words(set)}`)]
  return parts.filter((part) => part !== '').join('; ') || 'none'
}

/** What a key used of its quotas, on a line. */
export function usageWords({ usage }: Pick<ApiKey, 'usage'>): string {
  return usage.map(({ deployment, window, rows, limit }) => `${deployment === null ? '' : `${deployment}: `}${rows} of ${limit} this ${window}`).join('; ')
}
