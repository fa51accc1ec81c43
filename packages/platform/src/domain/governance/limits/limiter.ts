import type { Clock } from '../../../kernel/clock.ts'
import { Allowance } from './allowance.ts'
import { Bucket } from './bucket.ts'
import { type CallerSettings, type KeyPolicies, type Policy, type RatePolicy, settingsPolicyOf } from './policy.ts'
import { Spending } from './spending.ts'
import type { LimitStore } from './store.ts'
import { addressSubject, deploymentSubject, keySubject } from './subjects.ts'

/** How often processes tell each other what they let through, in milliseconds. */
export const EXCHANGE_MS = 200
/** Buckets and quotas that one exchange writes, so that it takes no longer than a few milliseconds. */
const MOST_A_TURN = 500
/** How long what nobody uses is remembered. */
const IDLE_MS = 120_000
const SWEEP_MS = 30_000

/** Who asks, and for what. */
export interface Asking {
  caller: { kind: 'key' | 'loopback' | 'open' | 'platform'; id: string }
  deployment: string
  /** Those of the release that answers. */
  settings: CallerSettings
  /** Address of the client, asked for only where callers have no other name. */
  address(): string
}

export interface LimiterOptions {
  store: LimitStore
  clock: Clock
  /** The limits of a key; `undefined` when it has none. */
  limitsOf(key: string): KeyPolicies | undefined
  /** Subjects that are remembered at most. */
  most?: number
}

interface Known {
  allowance: Allowance
  limits: KeyPolicies | undefined
  settings: CallerSettings
  usedAt: number
}

/** A limit that is in force, what it is called in headers, and on whose account it goes. */
interface Meter {
  name: string
  subject: string
  policy: Policy
}

/** Limits callers in this process, in memory, and shares what it lets through with the other processes. */
export class Limiter {
  readonly #options: Required<LimiterOptions>
  /** By caller and deployment. */
  readonly #known = new Map<string, Map<string, Known>>()
  readonly #buckets = new Map<string, Bucket>()
  readonly #spendings = new Map<string, Spending>()
  #taken: Bucket[] = []
  #spent: Spending[] = []
  #mark = 0
  #sweptAt = 0

  constructor(options: LimiterOptions) {
    this.#options = { most: 20_000, ...options }
  }

  /** What a caller may ask of a deployment; `undefined` where nothing limits it. */
  allowance(asking: Asking): Allowance | undefined {
    const { caller, settings } = asking
    const limits = caller.kind === 'key' ? this.#options.limitsOf(caller.id) : undefined
    if (limits === undefined && !settings.rateLimit && !settings.rowQuota) return undefined
    if (caller.kind === 'platform') return undefined
    const id = caller.kind === 'open' ? addressSubject(asking.address()) : caller.kind === 'key' ? keySubject(caller.id) : caller.id
    const known = this.#known.get(id)?.get(asking.deployment)
    // limits and settings are read anew when they change, and only then
    if (known && known.limits === limits && known.settings === settings) {
      known.usedAt = this.#options.clock.now()
      return known.allowance
    }
    return this.#make(id, asking, limits)
  }

  /** Tells the other processes what was let through here, and hears of them. False when more is left to be told. */
  exchange(): boolean {
    const { store, clock } = this.#options
    const now = clock.now()
    const taken = this.#taken.slice(0, MOST_A_TURN)
    const spent = this.#spent.slice(0, MOST_A_TURN)
    if (taken.length + spent.length > 0) {
      const requests = taken.map(({ subject, taken: n, policy }) => ({ subject, requests: n, perMs: policy.perMs, most: mostOf(policy) }))
      const rows = spent.flatMap((spending) => spending.untold())
      if (store.add(requests, rows, now)) {
        for (const bucket of taken) bucket.taken = 0
        for (const spending of spent) spending.told()
        this.#taken = this.#taken.slice(MOST_A_TURN)
        this.#spent = this.#spent.slice(MOST_A_TURN)
      }
    }
    this.#hear(now)
    if (now - this.#sweptAt > SWEEP_MS) this.#sweep(now)
    return this.#taken.length + this.#spent.length === 0
  }

  #hear(now: number): void {
    const { mark, levels, spent } = this.#options.store.changes(this.#mark)
    this.#mark = mark
    for (const level of levels) this.#buckets.get(level.subject)?.lower(level, now)
    for (const { subject, window, rows } of spent)
      this.#spendings.get(spendingKey(subject, window.length === DAY_LENGTH ? 'day' : 'month'))?.learn(window, rows)
  }

  #make(id: string, { deployment, settings }: Asking, limits: KeyPolicies | undefined): Allowance | undefined {
    const { clock, most } = this.#options
    const now = clock.now()
    const meters = metersOf(id, deployment, { limits, settings })
    const buckets = meters.flatMap(({ name, subject, policy: { rate } }) => (rate ? [{ name: `${name}rate`, bucket: this.#bucket(subject, rate, now) }] : []))
    const spendings = meters.flatMap(({ name, subject, policy: { quota } }) =>
      quota ? [{ name: `${name}${quota.window}`, spending: this.#spending(subject, quota, now) }] : [],
    )
    if (buckets.length + spendings.length === 0) return undefined
    if (this.#known.size >= most) this.#forgetOldest()
    const allowance = new Allowance({ buckets, spendings, clock })
    const mine = this.#known.get(id) ?? new Map<string, Known>()
    this.#known.set(id, mine.set(deployment, { allowance, limits, settings, usedAt: now }))
    return allowance
  }

  #bucket(subject: string, policy: RatePolicy, now: number): Bucket {
    const known = this.#buckets.get(subject)
    if (known) {
      known.policy = policy
      return known
    }
    const bucket = new Bucket(subject, policy, { shared: this.#options.store.level(subject), now, onFirst: this.#onTaken })
    this.#buckets.set(subject, bucket)
    return bucket
  }

  #spending(subject: string, quota: NonNullable<Policy['quota']>, now: number): Spending {
    const key = spendingKey(subject, quota.window)
    const known = this.#spendings.get(key)
    if (known) {
      known.quota = quota
      return known
    }
    const { store } = this.#options
    const made = new Spending(subject, quota, { spent: (who, window) => store.spent(who, window), onFirst: this.#onSpent, now })
    this.#spendings.set(key, made)
    return made
  }

  /** What was let through and is not told yet is bounded like all else. */
  readonly #onTaken = (bucket: Bucket): void => {
    if (this.#taken.length < this.#options.most) this.#taken.push(bucket)
    else bucket.taken = 0
  }

  readonly #onSpent = (spending: Spending): boolean => this.#spent.length < this.#options.most && this.#spent.push(spending) > 0

  /** Makes room for a tenth more. What they took is told all the same. */
  #forgetOldest(): void {
    let left = Math.ceil(this.#options.most / 10)
    for (const id of this.#known.keys()) {
      if (left-- === 0) return
      this.#forget(id)
    }
  }

  #forget(id: string): void {
    for (const deployment of this.#known.get(id)?.keys() ?? []) {
      for (const subject of [id, deploymentSubject(id, deployment)]) {
        this.#buckets.delete(subject)
        for (const window of ['day', 'month'] as const) this.#spendings.delete(spendingKey(subject, window))
      }
    }
    this.#known.delete(id)
  }

  #sweep(now: number): void {
    this.#sweptAt = now
    for (const [id, deployments] of this.#known) {
      if ([...deployments.values()].every(({ usedAt }) => now - usedAt > IDLE_MS)) this.#forget(id)
    }
  }
}

const DAY_LENGTH = '2026-11-21'.length

function spendingKey(subject: string, window: 'day' | 'month'): string {
  return `${subject} ${window}`
}

/** The shared bucket holds what comes back between two exchanges besides, because requests taken meanwhile are not yet in it. */
function mostOf({ burst, perMs }: RatePolicy): number {
  return burst + perMs * EXCHANGE_MS
}

/** A key's limits for all deployments and for this one; where it says nothing of rate or quota, those of the deployment. */
function metersOf(id: string, deployment: string, { limits, settings }: { limits: KeyPolicies | undefined; settings: CallerSettings }): Meter[] {
  const own = limits?.deployments.get(deployment)
  const others = settingsPolicyOf(settings)
  const rate = own?.rate ?? (limits?.rate ? undefined : others.rate)
  const quota = own?.quota ?? (limits?.quota ? undefined : others.quota)
  const meters: Meter[] = [{ name: 'deployment-', subject: deploymentSubject(id, deployment), policy: { rate, quota } }]
  if (limits) meters.unshift({ name: '', subject: id, policy: limits })
  return meters
}
