import type { ColumnType } from '../columns.ts'

/** What becomes of a value that cannot be had: the request fails, or the feature's `otherwise` stands for it. */
export type Fallback = 'fail' | 'otherwise'

/** One feature that is looked up. */
export interface LookupFeature {
  /** Name of the column that it makes. */
  name: string
  /** Its name at the service. */
  from: string
  type: Exclude<ColumnType, 'vector'>
  /** What stands for a value that is not there; null for none. */
  otherwise: number | bigint | string | boolean | null
  /** Values that are older, in milliseconds, have expired; absent where age does not count. */
  maxAgeMs?: number | undefined
}

/** How features are looked up. Times in milliseconds. */
export interface LookupOptions {
  /** Name of the service, for messages. */
  service: string
  /** Names of the keys at the service, in the order of the columns that hold them. */
  keys: readonly string[]
  features: readonly LookupFeature[]
  /** How long the service has to answer. */
  timeoutMs: number
  /** How long an answer is taken again without asking; 0 for never. */
  cacheMs: number
  /** How much longer it is taken while the service is down. */
  staleMs: number
  /** Keys of which answers are kept. */
  cacheKeys: number
  /** The service does not answer. */
  onDown: Fallback
  /** It does not know a key. */
  onMissing: Fallback
  /** What it knows is older than the feature's `maxAgeMs`; `serve` takes it all the same. */
  onExpired: Fallback | 'serve'
}
