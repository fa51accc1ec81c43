import { FairleadError } from '@fairlead/contract'
import { atOnce } from '../../../kernel/at-once.ts'
import { type Clock, systemClock } from '../../../kernel/clock.ts'
import type { Column } from '../columns.ts'
import { Breaker } from './breaker.ts'
import { type Entry, EntryCache } from './entry-cache.ts'
import { type Found, fillFeature } from './fill-feature.ts'
import { type Key, keysOf } from './keys.ts'
import type { LookupOptions } from './options.ts'
import type { FeatureKeys, FeatureService } from './service.ts'

/** Keys of one question, and questions of one batch that are asked at a time. */
const KEYS_AT_ONCE = 1000
const QUESTIONS_AT_ONCE = 4

/** What went by since the start, in keys. */
export interface LookupCounters {
  asked: number
  /** Answered without asking. */
  cached: number
  /** Answered with what had been answered before, because the service is down. */
  stale: number
  /** Not answered. */
  failed: number
}

/**
 * Looks up features by key at a service: every key of a batch once, what was answered a moment ago not again, and what others are asking at this moment
 * with them. A service that keeps failing is left alone for a while.
 */
export class FeatureLookup {
  readonly counters: LookupCounters = { asked: 0, cached: 0, stale: 0, failed: 0 }
  readonly #service: FeatureService
  readonly #options: LookupOptions
  readonly #clock: Clock
  readonly #cache: EntryCache
  readonly #breaker: Breaker
  readonly #flying = new Map<string, Promise<Entry>>()
  readonly #limited = atOnce(QUESTIONS_AT_ONCE)

  constructor(service: FeatureService, options: LookupOptions, clock: Clock = systemClock) {
    this.#service = service
    this.#options = options
    this.#clock = clock
    this.#cache = new EntryCache(options.cacheKeys)
    this.#breaker = new Breaker(() => clock.now())
  }

  /**
   * A column for each feature. `keys` hold the parts of the rows' keys, in the order of the options; a row with a null among them has no key, and is as
   * one that the service does not know. Rejects with `lookup-failed` and `feature-missing`, where the options want that.
   */
  async columns(keys: readonly Column[], rows: number): Promise<Column[]> {
    const { keys: wanted, places } = keysOf(keys, rows)
    const now = this.#clock.now()
    const { entries, failure } = await this.#entries(wanted, now)
    const found: Found = { entries, places, rows, failure, now }
    return this.#options.features.map((_, at) => fillFeature(this.#options, at, found))
  }

  /** What is known of each key; undefined for those of which the service did not answer, and why. */
  async #entries(keys: readonly Key[], now: number): Promise<{ entries: (Entry | undefined)[]; failure: FairleadError | undefined }> {
    const { cacheMs } = this.#options
    const fresh = keys.map(({ text }) => {
      const entry = this.#cache.get(text)
      return entry && now - entry.at < cacheMs ? entry : undefined
    })
    const missing = keys.filter((_, at) => !fresh[at])
    this.counters.cached += keys.length - missing.length
    if (missing.length === 0) return { entries: fresh, failure: undefined }
    this.#ask(missing.filter(({ text }) => !this.#flying.has(text)))
    let failure: FairleadError | undefined
    const entries = await Promise.all(
      keys.map(async ({ text }, at) => {
        if (fresh[at]) return fresh[at]
        try {
          return await this.#flying.get(text)
        } catch (error) {
          failure = error as FairleadError
          return this.#lastKnown(text, now)
        }
      }),
    )
    return { entries, failure }
  }

  #lastKnown(key: string, now: number): Entry | undefined {
    const entry = this.#cache.get(key)
    const good = entry !== undefined && now - entry.at < this.#options.cacheMs + this.#options.staleMs
    this.counters[good ? 'stale' : 'failed']++
    return good ? entry : undefined
  }

  /** Puts keys on their way; those who want them find them in `#flying`. */
  #ask(keys: readonly Key[]): void {
    this.counters.asked += keys.length
    for (let from = 0; from < keys.length; from += KEYS_AT_ONCE) {
      const part = keys.slice(from, from + KEYS_AT_ONCE)
      const answer = this.#limited(() => this.#question(part))
      for (const [at, { text }] of part.entries()) {
        const own = answer.then((entries) => entries[at]!).finally(() => this.#flying.delete(text))
        // whoever waits hears of it
        own.catch(() => {})
        this.#flying.set(text, own)
      }
    }
  }

  async #question(keys: readonly Key[]): Promise<Entry[]> {
    const { service, features, timeoutMs } = this.#options
    if (!this.#breaker.allows()) throw lookupFailed(service, 'it failed several times in a row and is left alone for a moment')
    try {
      const columns: FeatureKeys = new Map(this.#options.keys.map((name, part) => [name, keys.map(({ values }) => values[part]!)]))
      const names = [...new Set(features.map(({ from }) => from))]
      const answers = await this.#service.fetch({ keys: columns, features: names, signal: AbortSignal.timeout(timeoutMs) })
      const own = features.map(({ from }) => answers.get(from))
      for (const [at, answer] of own.entries()) {
        if (answer?.values.length !== keys.length || answer.times.length !== keys.length)
          throw lookupFailed(service, `it has no value for each key for the feature "${features[at]!.from}"`)
      }
      this.#breaker.succeeded()
      const at = this.#clock.now()
      return keys.map(({ text }, place) => {
        const entry: Entry = { values: own.map((answer) => answer!.values[place]!), times: own.map((answer) => answer!.times[place]!), at }
        this.#cache.set(text, entry)
        return entry
      })
    } catch (error) {
      this.#breaker.failed()
      if (error instanceof FairleadError) throw error
      const late = error instanceof DOMException && error.name === 'TimeoutError'
      throw lookupFailed(service, late ? `it did not answer within ${timeoutMs} ms` : error instanceof Error ? error.message : String(error), error)
    }
  }
}

export function lookupFailed(service: string, why: string, cause?: unknown): FairleadError {
  return new FairleadError('lookup-failed', `features could not be had from "${service}": ${why}`, { retryAfter: 1, cause })
}
