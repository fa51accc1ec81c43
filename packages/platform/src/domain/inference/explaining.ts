import { type Explanation, FairleadError, MAX_EXPLAINED_ROWS } from '@fairlead/contract'
import type { Tensors } from './types.ts'
import { detached } from './worker-protocol.ts'
import type { WorkerThread } from './worker-thread.ts'

/** Requests that may wait for the thread that explains. */
const MAX_WAITING = 16
/** The thread is ended when it takes longer, or past the deadline where that is later: to open the model once more costs those who wait, too. */
const STUCK_MS = 10_000
/** Longest time that a timer takes. */
const LONGEST_MS = 2 ** 31 - 1
/** How long the thread is kept when nothing is asked. */
const IDLE_MS = 60_000

/** A model that was opened in a thread of its own. */
export interface OpenedApart {
  worker: Pick<WorkerThread, 'alive' | 'explain'> & AsyncDisposable
  session: number
}

/**
 * Explains answers of one release in a thread of its own, so that predictions never wait for explanations. The thread is
 * started by the first request, takes one after the other, and ends when nothing was asked for a while.
 */
export class Explaining implements AsyncDisposable {
  readonly #open: () => Promise<OpenedApart>
  readonly #idleMs: number
  #opened: Promise<OpenedApart> | undefined
  #last: Promise<unknown> = Promise.resolve()
  #waiting = 0
  #idle: NodeJS.Timeout | undefined
  #closed = false

  /** `open` opens the model in a new thread. */
  constructor(open: () => Promise<OpenedApart>, { idleMs = IDLE_MS }: { idleMs?: number } = {}) {
    this.#open = open
    this.#idleMs = idleMs
  }

  /**
   * Explains rows. Throws `rows-too-many` and `queue-full` at once; rejects with `deadline-exceeded`, `explanation-unavailable`,
   * or as opening the model does. The tensors are copied before it returns.
   */
  explain(inputs: Tensors, rows: number, deadline: number): Promise<Explanation[]> {
    if (rows > MAX_EXPLAINED_ROWS)
      throw new FairleadError('rows-too-many', `${rows} rows in a request for explanations, at most ${MAX_EXPLAINED_ROWS} are explained at once`)
    if (this.#waiting >= MAX_WAITING) throw new FairleadError('queue-full', `${MAX_WAITING} requests wait for explanations`, { retryAfter: 1 })
    const copies = detached(inputs)
    this.#waiting++
    clearTimeout(this.#idle)
    const explained = this.#last.then(() => this.#explain(copies, deadline)).finally(() => this.#done())
    this.#last = explained.catch(() => {})
    return until(deadline, explained)
  }

  async #explain(inputs: Tensors, deadline: number): Promise<Explanation[]> {
    if (this.#closed) throw new FairleadError('release-not-ready', 'the release is being replaced', { retryAfter: 1 })
    const left = () => deadline - Date.now()
    if (left() <= 0) throw late()
    this.#opened ??= this.#open()
    let opened: OpenedApart | undefined
    try {
      opened = await this.#opened
      if (left() <= 0) throw late()
      return await opened.worker.explain(opened.session, inputs, Math.min(LONGEST_MS, Math.max(STUCK_MS, left())))
    } catch (error) {
      if (!opened?.worker.alive) this.#opened = undefined
      throw left() <= 0 ? late() : error
    }
  }

  #done(): void {
    this.#waiting--
    if (this.#waiting === 0 && !this.#closed) this.#idle = setTimeout(() => void this.#end(), this.#idleMs).unref()
  }

  async #end(): Promise<void> {
    const opened = this.#opened
    this.#opened = undefined
    const { worker } = (await opened?.catch(() => undefined)) ?? {}
    await worker?.[Symbol.asyncDispose]()
  }

  /** Ends the thread, with what it has in hand. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true
    clearTimeout(this.#idle)
    await this.#end()
  }
}

/** The same, or `deadline-exceeded` once that has passed; the work goes on. */
function until<T>(deadline: number, work: Promise<T>): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>()
  const timer = setTimeout(() => reject(late()), Math.min(LONGEST_MS, Math.max(0, deadline - Date.now())))
  work.then(resolve, reject).finally(() => clearTimeout(timer))
  return promise
}

function late(): FairleadError {
  return new FairleadError('deadline-exceeded', 'the deadline passed before the explanation was ready')
}
