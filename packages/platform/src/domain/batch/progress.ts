import type { JobProgress } from '@fairlead/contract/control'
import type { JobPlan } from './plan.ts'
import type { ShardRecord } from './work-folder.ts'

/** What a running job tells of itself. */
export interface ProgressReport {
  step: string
  progress: JobProgress
  spentMs: number
}

const EVERY_MS = 200

/** Counts what is done, and tells it a few times a second. */
export class Progress {
  readonly #plan: JobPlan
  readonly #report: (report: ProgressReport) => void
  readonly #before: number
  readonly #started = performance.now()
  readonly #bytes: number
  readonly #inHand = new Map<number, { done: number; rejected: number }>()
  #done = { shards: 0, rows: 0, rejected: 0, bytes: 0 }
  /** Rows that were there when this run began. */
  #earlier = 0
  #step = 'reading'
  #timer: NodeJS.Timeout | undefined

  constructor(plan: JobPlan, report: (report: ProgressReport) => void, spentMs: number) {
    this.#plan = plan
    this.#report = report
    this.#before = spentMs
    this.#bytes = plan.shards.reduce((sum, shard) => sum + sizeOf(shard), 0)
  }

  /** Milliseconds that the job took, all its runs together. */
  get spentMs(): number {
    return this.#before + performance.now() - this.#started
  }

  /** Rows that were rejected so far, those of shards in hand included. */
  get rejected(): number {
    let rejected = this.#done.rejected
    for (const one of this.#inHand.values()) rejected += one.rejected
    return rejected
  }

  start(): void {
    this.#tell()
    this.#timer = setInterval(() => this.#tell(), EVERY_MS)
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  step(words: string): void {
    this.#step = words
    this.#tell()
  }

  /** Rows of a shard that is in hand. */
  inHand(shard: number, rows: { done: number; rejected: number }): void {
    this.#inHand.set(shard, rows)
  }

  /** A shard that is done; `earlier` when a run before this one did it. */
  done({ shard, rows, rejected }: ShardRecord, { earlier = false }: { earlier?: boolean } = {}): void {
    this.#inHand.delete(shard)
    this.#done = {
      shards: this.#done.shards + 1,
      rows: this.#done.rows + rows,
      rejected: this.#done.rejected + rejected,
      bytes: this.#done.bytes + sizeOf(this.#plan.shards[shard]!),
    }
    if (earlier) this.#earlier += rows
  }

  /** Takes back a shard that is done again. */
  undone({ shard, rows, rejected }: ShardRecord): void {
    const { shards, rows: all, rejected: bad, bytes } = this.#done
    this.#done = { shards: shards - 1, rows: all - rows, rejected: bad - rejected, bytes: bytes - sizeOf(this.#plan.shards[shard]!) }
  }

  #tell(): void {
    let rowsDone = this.#done.rows
    for (const { done } of this.#inHand.values()) rowsDone += done
    const rows = this.#plan.rows ?? this.#guess()
    const elapsed = Math.max(1, performance.now() - this.#started)
    const rate = ((rowsDone - this.#earlier) * 1000) / elapsed
    const progress: JobProgress = {
      shards: this.#plan.shards.length,
      shardsDone: this.#done.shards,
      rows: rows === null ? null : Math.max(rows, rowsDone),
      rowsDone,
      rejected: this.rejected,
      rowsPerSecond: Math.round(rate),
      leftMs: rows === null || rate === 0 ? null : Math.round((Math.max(0, rows - rowsDone) * 1000) / rate),
    }
    this.#report({ step: this.#step, progress, spentMs: this.spentMs })
  }

  #guess(): number | null {
    const { rows, bytes } = this.#done
    return bytes === 0 ? null : Math.round((rows * this.#bytes) / bytes)
  }
}

function sizeOf({ piece }: JobPlan['shards'][number]): number {
  return Math.max(1, piece.to - piece.from)
}
