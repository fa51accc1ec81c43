import type { PredictionEvent } from '../inference/index.ts'

/** The writing side, inside a serve process. */
export interface PredictionLogWriter extends AsyncDisposable {
  /** Buffers the event; never blocks. */
  append(event: PredictionEvent): void
  /** Settles when everything appended before the call is on disk (one flush for all who wait); rejects with `log-unavailable`. */
  synced(): Promise<void>
  /** Rows written, rows lost because the disk refused them, and rows of which some values were too large for the log. */
  readonly counters: { rows: number; dropped: number; bytes: number; omitted: number }
}

/** A question to the log. */
export interface PredictionQuery {
  deployment: string
  since?: number | undefined
  until?: number | undefined
  where?: string | undefined
  release?: number | undefined
  id?: string | undefined
  limit: number
  next?: string | undefined
  order: 'newest' | 'oldest'
}
