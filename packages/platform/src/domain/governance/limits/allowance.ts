import { FairleadError } from '@fairlead/contract'
import type { Clock } from '../../../kernel/clock.ts'
import type { Bucket } from './bucket.ts'
import type { Spending } from './spending.ts'

export interface AllowanceParts {
  buckets: readonly { name: string; bucket: Bucket }[]
  spendings: readonly { name: string; spending: Spending }[]
  clock: Clock
}

/**
 * What one caller may ask of one deployment. It tells of itself in `RateLimit-Policy` and `RateLimit`
 * (draft-ietf-httpapi-ratelimit-headers-11): `q` requests or rows in `w` seconds, `r` of them left, and within `t` seconds no more than
 * that. Rows are no unit of the draft's registry and are called `qu="rows"`.
 */
export class Allowance {
  readonly #parts: AllowanceParts
  readonly #policy: string

  constructor(parts: AllowanceParts) {
    this.#parts = parts
    const rates = parts.buckets.map(({ name, bucket: { policy } }) => `"${name}";q=${policy.count};w=${policy.seconds}`)
    const now = parts.clock.now()
    const quotas = parts.spendings.map(({ name, spending }) => `"${name}";q=${spending.quota.rows};w=${spending.seconds(now)};qu="rows"`)
    this.#policy = [...rates, ...quotas].join(', ')
  }

  /** Counts a request. Throws `rate-limited`, or `quota-exhausted` when not one row is left; what is refused is not counted. */
  takeRequest(): void {
    const { buckets, spendings, clock } = this.#parts
    const now = clock.now()
    for (const { bucket } of buckets) {
      const waitMs = bucket.waitMs(now)
      if (waitMs > 0) throw tooFast(bucket, waitMs)
    }
    for (const { spending } of spendings) if (spending.left(now) === 0) throw exhausted(spending, { rows: undefined, now })
    for (const { bucket } of buckets) bucket.take(now)
  }

  /** Counts rows. Throws `quota-exhausted` when there are more than are left; then none is counted. */
  takeRows(rows: number): void {
    const { spendings, clock } = this.#parts
    const now = clock.now()
    for (const { spending } of spendings) if (spending.left(now) < rows) throw exhausted(spending, { rows, now })
    for (const { spending } of spendings) spending.add(rows, now)
  }

  /** Gives back rows that were taken and not answered. */
  giveBackRows(rows: number): void {
    const { spendings, clock } = this.#parts
    const now = clock.now()
    for (const { spending } of spendings) spending.add(-rows, now)
  }

  /** Names and values of the header fields, one after the other. */
  fields(): string[] {
    const { buckets, spendings, clock } = this.#parts
    const now = clock.now()
    let state = ''
    for (const { name, bucket } of buckets) {
      const left = Math.min(bucket.left(now), bucket.policy.count)
      state += `${state === '' ? '' : ', '}"${name}";r=${left};t=${secondsOf(bucket.waitMs(now))}`
    }
    for (const { name, spending } of spendings) state += `${state === '' ? '' : ', '}"${name}";r=${spending.left(now)};t=${secondsOf(spending.resetMs(now))}`
    return ['RateLimit-Policy', this.#policy, 'RateLimit', state]
  }
}

/** Whole seconds to wait, at least one. */
function secondsOf(ms: number): number {
  return Math.max(1, Math.ceil(ms / 1000))
}

function tooFast({ policy }: Bucket, waitMs: number): FairleadError {
  const { count, seconds, burst } = policy
  const words = `${count} ${count === 1 ? 'request' : 'requests'} per ${seconds === 1 ? 'second' : 'minute'}${burst === count ? '' : `, ${burst} at once`}`
  const retryAfter = secondsOf(waitMs)
  return new FairleadError('rate-limited', `this caller may make ${words}; the next one is possible in ${retryAfter} s`, { retryAfter })
}

function exhausted(spending: Spending, { rows, now }: { rows: number | undefined; now: number }): FairleadError {
  const { quota } = spending
  const asked = rows === undefined ? '' : `; the request has ${rows}`
  const until = new Date(now + spending.resetMs(now)).toISOString()
  return new FairleadError(
    'quota-exhausted',
    `${spending.left(now)} of the ${quota.rows} rows a ${quota.window} are left to this caller${asked}; the next ${quota.window} begins at ${until}`,
    { retryAfter: secondsOf(spending.resetMs(now)) },
  )
}
