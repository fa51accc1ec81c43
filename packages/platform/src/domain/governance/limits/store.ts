import type { Level } from './bucket.ts'
import type { Spent } from './spending.ts'

/** Requests to be taken from a shared bucket. */
export interface Taken {
  subject: string
  requests: number
  /** Requests that come back each millisecond, and the most that the bucket holds. */
  perMs: number
  most: number
}

/** What has changed in the shared state since somebody last asked. */
export interface Changes {
  /** To ask with the next time. */
  mark: number
  levels: ({ subject: string } & Level)[]
  spent: Spent[]
}

/** Where all processes that limit callers meet. */
export interface LimitStore {
  /** The shared bucket of a subject; `undefined` when nobody took of it lately. */
  level(subject: string): Level | undefined
  /** Rows that all processes together spent. */
  spent(subject: string, window: string): number
  /** Takes from buckets and adds rows, all or nothing; false when that cannot be written now. `now` in milliseconds since 1970. */
  add(taken: readonly Taken[], spent: readonly Spent[], now: number): boolean
  /** What anybody changed since `mark`, which is 0 at first. */
  changes(mark: number): Changes
}
