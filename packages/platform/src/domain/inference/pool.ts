import { FairleadError } from '@fairlead/contract'
import { backoffMs } from '../../kernel/backoff.ts'
import type { Artifact, Session, Tensors } from './types.ts'
import type { WorkerThread } from './worker-thread.ts'

const RESTART = { baseMs: 100, maxMs: 30_000 }

/** What a pool needs of a worker: a thread of this process, or a process of its own. */
export type PooledWorker = Pick<WorkerThread, 'alive' | 'ended' | 'run'> &
  AsyncDisposable & { open(artifact: Artifact, stuckMs: number): Promise<{ session: number }> }

export interface PoolOptions {
  artifact: Artifact
  /** Workers to keep. */
  size: number
  /** Starts a thread. */
  spawn(): PooledWorker
  /** A worker in which the model is open already, and its session. */
  first?: { worker: PooledWorker; session: number }
  /** Longest opening of the model in a worker. */
  openMs: number
  /** Longest run; a worker that takes longer is replaced. */
  stuckMs: number
  /** Told when a worker ended and is being replaced. */
  onReplaced?(reason: string): void
}

interface Member {
  worker: PooledWorker
  session: number
  busy: boolean
}

/** The same model in several workers, as one session: a run goes to a free worker. A worker that ends is replaced, with growing pauses. */
export class WorkerPool implements Session {
  readonly #options: PoolOptions
  readonly #members: Member[] = []
  readonly #waiting: ((member: Member) => void)[] = []
  #disposed = false
  #failures = 0

  private constructor(options: PoolOptions) {
    this.#options = options
  }

  /** Opens the model in every worker; rejects when it cannot be opened. */
  static async open(options: PoolOptions): Promise<WorkerPool> {
    const pool = new WorkerPool(options)
    if (options.first) pool.#join(options.first)
    try {
      // the first by itself: a model that cannot be opened fails once
      if (pool.#members.length === 0) pool.#join(await pool.#start())
      const more = Array.from({ length: options.size - pool.#members.length }, () => pool.#start().then((started) => pool.#join(started)))
      for (const result of await Promise.allSettled(more)) if (result.status === 'rejected') throw result.reason
    } catch (error) {
      await pool[Symbol.asyncDispose]()
      throw error
    }
    return pool
  }

  /** Workers that are alive. */
  get size(): number {
    return this.#members.length
  }

  async run(inputs: Tensors, given = false): Promise<Tensors> {
    const member = this.#members.find((candidate) => !candidate.busy && candidate.worker.alive) ?? (await this.#nextFree())
    member.busy = true
    try {
      const outputs = await member.worker.run(member.session, inputs, { stuckMs: this.#options.stuckMs, given })
      this.#failures = 0
      return outputs
    } finally {
      member.busy = false
      if (this.#members.includes(member) && member.worker.alive) this.#waiting.shift()?.(member)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposed = true
    await Promise.all(this.#members.splice(0).map(({ worker }) => worker[Symbol.asyncDispose]()))
  }

  /** The next worker to be free, where all are at work or being replaced. */
  #nextFree(): Promise<Member> {
    return new Promise((resolve, reject) => {
      const waiter = (member: Member) => {
        clearTimeout(timer)
        member.busy = true
        resolve(member)
      }
      const timer = setTimeout(() => {
        this.#waiting.splice(this.#waiting.indexOf(waiter), 1)
        reject(new FairleadError('worker-crashed', 'no worker became ready; they are being replaced', { retryAfter: 1 }))
      }, this.#options.stuckMs).unref()
      this.#waiting.push(waiter)
    })
  }

  async #start(): Promise<{ worker: PooledWorker; session: number }> {
    const worker = this.#options.spawn()
    try {
      const { session } = await worker.open(this.#options.artifact, this.#options.openMs)
      return { worker, session }
    } catch (error) {
      await worker[Symbol.asyncDispose]()
      throw error
    }
  }

  #join({ worker, session }: { worker: PooledWorker; session: number }): void {
    const member: Member = { worker, session, busy: false }
    this.#members.push(member)
    this.#waiting.shift()?.(member)
    void worker.ended.then((reason) => {
      const at = this.#members.indexOf(member)
      if (at < 0 || this.#disposed) return
      this.#members.splice(at, 1)
      this.#options.onReplaced?.(reason)
      this.#replace()
    })
  }

  #replace(): void {
    const wait = this.#failures === 0 ? 0 : backoffMs(this.#failures, RESTART)
    this.#failures++
    setTimeout(async () => {
      if (this.#disposed) return
      try {
        const started = await this.#start()
        if (this.#disposed) await started.worker[Symbol.asyncDispose]()
        else this.#join(started)
      } catch {
        // the reason was reported when the worker ended; what matters now is to try again
        this.#replace()
      }
    }, wait).unref()
  }
}
