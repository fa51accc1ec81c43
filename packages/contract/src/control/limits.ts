import { z } from 'zod'
import { MAX_BURST, QUOTA_FORM, QUOTA_TEXT, RATE_FORM, RATE_TEXT } from '../limits.ts'
import { name, time } from '../name-schemas.ts'

/** Requests per second or minute. */
export const rateText = z.string().regex(RATE_TEXT, `must be ${RATE_FORM}`)
/** Rows per day or month of UTC. */
export const quotaText = z.string().regex(QUOTA_TEXT, `must be ${QUOTA_FORM}`)
/** Requests that may come at once; as many as the rate counts when not given. */
export const burst = z.number().int().min(1).max(MAX_BURST)

const members = { rate: rateText.optional(), burst: burst.optional(), quota: quotaText.optional() }

function burstHasRate(value: { rate?: string | undefined; burst?: number | undefined }, context: z.RefinementCtx): void {
  if (value.burst !== undefined && value.rate === undefined) context.addIssue({ code: 'custom', path: ['burst'], message: 'needs a rate beside it' })
}

const limitSet = z.strictObject(members).superRefine(burstHasRate)
export type LimitSet = z.infer<typeof limitSet>

/** What a key may ask for, in all and of single deployments. */
export const keyLimits = z.strictObject({ ...members, deployments: z.record(name, limitSet).optional() }).superRefine(burstHasRate)
export type KeyLimits = z.infer<typeof keyLimits>

/** How much of a quota is used. */
export const quotaUse = z.object({
  /** `null` for the quota over all deployments. */
  deployment: z.string().nullable(),
  window: z.enum(['day', 'month']),
  rows: z.number().int(),
  limit: z.number().int(),
  resetsAt: time,
})
export type QuotaUse = z.infer<typeof quotaUse>
