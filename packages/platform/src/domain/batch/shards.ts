import { FairleadError } from '@fairlead/contract'
import type { JobPlan } from './plan.ts'
import type { Progress } from './progress.ts'
import type { ShardRecord, WorkFolder } from './work-folder.ts'

/** Does shards, several at a time. */
export interface ShardWorkers {
  /** How many shards may be in hand. */
  readonly size: number
  /** Does one shard, from another place than planned where one is given, and tells of its rows meanwhile. */
  run(shard: number, from: number | undefined, told: (rows: { done: number; rejected: number }) => void): Promise<ShardRecord>
}

interface ShardsOptions {
  plan: JobPlan
  work: WorkFolder
  progress: Progress
  /** Rejected rows past which no more is done. */
  stopAt: number | undefined
}

/** The shards of a job: those that are done, and those that are to do. */
export class Shards {
  readonly #options: ShardsOptions
  readonly #done: Map<number, ShardRecord>
  /** To do, in order, with the place to begin at where it was guessed wrongly. */
  readonly #todo: { shard: number; from: number | undefined }[] = []
  #stopped = false

  constructor(options: ShardsOptions) {
    this.#options = options
    this.#done = options.work.done()
    for (const record of this.#done.values()) options.progress.done(record, { earlier: true })
    for (const shard of options.plan.shards.keys()) if (!this.#done.has(shard)) this.#todo.push({ shard, from: undefined })
    for (const shard of [...this.#done.keys()].sort((a, b) => a - b)) this.#checkBeginning(shard)
  }

  /** Whether all are done. */
  get complete(): boolean {
    return this.#todo.length === 0 && this.#done.size === this.#options.plan.shards.length
  }

  /** Of those that are done, in order. */
  get records(): ShardRecord[] {
    return [...this.#done.values()].sort((a, b) => a.shard - b.shard)
  }

  /** Does what is to do. Rejects with what a shard fails with, when those in hand have ended. */
  async run(workers: ShardWorkers): Promise<void> {
    const failures: unknown[] = []
    const one = async () => {
      for (let next = this.#next(failures); next; next = this.#next(failures)) {
        try {
          await this.#do(next, workers)
        } catch (error) {
          failures.push(error)
        }
      }
    }
    // a shard that is done again may come when the others have nothing left to do
    while (this.#todo.length > 0 && !this.#stopped && failures.length === 0) await Promise.all(Array.from({ length: workers.size }, one))
    if (failures.length > 0 && !this.#stopped) throw failures[0]
  }

  #next(failures: readonly unknown[]): { shard: number; from: number | undefined } | undefined {
    return failures.length > 0 || this.#stopped ? undefined : this.#todo.shift()
  }

  async #do({ shard, from }: { shard: number; from: number | undefined }, workers: ShardWorkers): Promise<void> {
    const { progress, stopAt } = this.#options
    const record = await workers.run(shard, from, (rows) => {
      progress.inHand(shard, rows)
      if (stopAt !== undefined && progress.rejected > stopAt) this.#stopped = true
    })
    this.#done.set(shard, record)
    progress.done(record)
    if (stopAt !== undefined && progress.rejected > stopAt) this.#stopped = true
    this.#checkBeginning(shard)
    this.#checkBeginning(shard + 1)
  }

  /** A shard whose beginning was guessed must begin where the one before it ended; else it is done again from there. */
  #checkBeginning(shard: number): void {
    const { plan, work, progress } = this.#options
    const before = this.#done.get(shard - 1)
    const own = this.#done.get(shard)
    if (!plan.guessed || !before || !own || plan.shards[shard - 1]!.file !== plan.shards[shard]!.file || before.to === own.from) return
    if (before.to < own.from && before.to < plan.shards[shard]!.piece.from)
      throw new FairleadError('internal', `Shard ${shard - 1} ended at byte ${before.to}, before the next begins.`)
    work.forget(shard)
    this.#done.delete(shard)
    progress.undone(own)
    this.#todo.push({ shard, from: before.to })
  }
}
