import type { KeyScope } from '@fairlead/contract/control'
import type { Clock } from '../../kernel/clock.ts'
import { type KeyPolicies, keyPoliciesOf } from './limits/policy.ts'
import { hashOf } from './secrets.ts'
import type { KeyRow } from './tables.ts'

/** An API key that was presented and is good. */
export interface VerifiedKey {
  id: string
  scopes: KeyScope[]
  /** Deployments it is bound to; empty means all. */
  deployments: string[]
}

/** Where a serve process reads the keys. */
export interface KeySource {
  /** Changes whenever another process has changed the store. */
  dataVersion(): number
  /** The keys that are not revoked. */
  keys(): KeyRow[]
}

export interface KeyCacheOptions {
  source: KeySource
  clock: Clock
}

/** The API keys in force, in memory, so that a prediction asks no store. */
export class KeyCache {
  readonly #options: KeyCacheOptions
  #keys = new Map<string, VerifiedKey & { expiresAt: number }>()
  /** By id, of those that have some. */
  #limits = new Map<string, KeyPolicies>()
  #seen: number | undefined

  constructor(options: KeyCacheOptions) {
    this.#options = options
  }

  /** Reads the keys again if the store has changed since. Cheap when it has not. Answers whether it read. */
  refresh(): boolean {
    const { source } = this.#options
    const version = source.dataVersion()
    if (version === this.#seen) return false
    const rows = source.keys()
    this.#keys = new Map(
      rows.map((row) => [
        row.hash,
        {
          id: row.id,
          scopes: JSON.parse(row.scopes),
          deployments: JSON.parse(row.deployments),
          expiresAt: row.expires_at === null ? Number.POSITIVE_INFINITY : Date.parse(row.expires_at),
        },
      ]),
    )
    this.#limits = new Map(rows.flatMap(({ id, limits }) => (limits === null ? [] : [[id, keyPoliciesOf(JSON.parse(limits))] as const])))
    this.#seen = version
    return true
  }

  /** The key that was presented; `undefined` when it is unknown, revoked or expired. */
  verify(presented: string): VerifiedKey | undefined {
    // what is compared is a hash of the secret: how long a miss takes tells nothing about the secret
    const key = this.#keys.get(hashOf(presented))
    if (!key || key.expiresAt <= this.#options.clock.now()) return undefined
    return { id: key.id, scopes: key.scopes, deployments: key.deployments }
  }

  /** The limits of a key; `undefined` when it has none. The same object until the keys have been read again. */
  limitsOf(id: string): KeyPolicies | undefined {
    return this.#limits.get(id)
  }
}
