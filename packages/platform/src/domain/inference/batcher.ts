import { FairleadError } from '@fairlead/contract'
import { DeadlineWatch } from './deadline-watch.ts'
import { concatAll, joinable, sliceAll } from './tensors.ts'
import type { Session, Tensors } from './types.ts'

/** What one request got back, and where its time went (milliseconds). */
export interface BatchResult {
  outputs: Tensors
  queueMs: number
  runMs: number
}

export interface BatcherOptions {
  /** Most rows of one run. */
  tile: number
  /** Most rows waiting. */
  queueRows: number
  /** Runs that may be under way at once. */
  slots: number
  /** Whether rows of several requests may share a run, and one request may be cut into several. */
  joinable: boolean
}

/** What may end the wait of a request before its deadline. */
export interface Waiting {
  /** Whether the caller has gone away. */
  isAbandoned?: () => boolean
}

interface Job {
  inputs: Tensors
  rows: number
  deadline: number
  isAbandoned: (() => boolean) | undefined
  /** Rows already given to a run. */
  taken: number
  /** Parts that have come back, by their place; `cut` counts all, `left` those still out. */
  parts: Tensors[]
  cut: number
  left: number
  queuedAt: number
  startedAt: number
  resolve(result: BatchResult): void
  reject(error: unknown): void
  done: boolean
}

interface Slice {
  job: Job
  from: number
  to: number
  part: number
}

/**
 * One queue of one loaded release. Whatever waits when the engine is free goes together, up to `tile` rows; an idle engine
 * never waits for more. A large request is cut into tiles and takes turns with the others. When a run of several requests
 * fails, each is tried alone, so that one caller's rows cost only that caller.
 */
export class Batcher {
  readonly #session: Session
  readonly #options: BatcherOptions
  #queue: Job[] = []
  #queuedRows = 0
  #running = 0
  /** Requests of which a worker has rows. */
  readonly #away = new Set<Job>()
  readonly #watch = new DeadlineWatch((now) => this.#sweep(now))
  #scheduled = false
  #closed = false
  #idle: (() => void)[] = []

  constructor(session: Session, options: BatcherOptions) {
    this.#session = session
    this.#options = options
  }

  /** Rows waiting for their run. */
  get queuedRows(): number {
    return this.#queuedRows
  }

  /** Whether nothing waits and nothing runs. */
  get idle(): boolean {
    return this.#queue.length === 0 && this.#running === 0
  }

  /** Whether it takes no more requests. */
  get closed(): boolean {
    return this.#closed
  }

  /**
   * Runs the model on `rows` rows. `deadline` is in milliseconds since 1970. Rejects with `queue-full`,
   * `deadline-exceeded`, `cancelled`, `release-not-ready` (after `close`), `model-run-failed` or `worker-crashed`.
   */
  run(inputs: Tensors, rows: number, deadline: number, { isAbandoned }: Waiting = {}): Promise<BatchResult> {
    return new Promise((resolve, reject) => {
      if (this.#closed) {
        reject(new FairleadError('release-not-ready', 'the release is being replaced', { retryAfter: 1 }))
        return
      }
      // a request larger than the queue may still have an empty one to itself
      if (this.#queuedRows > 0 && this.#queuedRows + rows > this.#options.queueRows) {
        reject(new FairleadError('queue-full', `${this.#queuedRows} rows are waiting, at most ${this.#options.queueRows} may`, { retryAfter: 1 }))
        return
      }
      this.#queuedRows += rows
      this.#queue.push({
        inputs,
        rows,
        deadline,
        isAbandoned,
        taken: 0,
        parts: [],
        cut: 0,
        left: 0,
        queuedAt: performance.now(),
        startedAt: 0,
        resolve,
        reject,
        done: false,
      })
      this.#schedule()
      // what goes with the next run needs no timer; what waits behind one, or behind others who are watched, does
      if (!this.#scheduled || this.#watch.armed) this.#watch.cover(deadline)
    })
  }

  /** Takes no more requests; settles when all that were taken are answered. */
  close(): Promise<void> {
    this.#closed = true
    if (this.idle) return Promise.resolve()
    return new Promise((resolve) => this.#idle.push(resolve))
  }

  #schedule(): void {
    if (this.#scheduled || this.#running >= this.#options.slots || this.#queue.length === 0) return
    this.#scheduled = true
    // the end of this turn of the event loop: all requests that arrived in it go together, and none waits longer
    setImmediate(() => {
      this.#scheduled = false
      this.#dispatch()
    })
  }

  #dispatch(): void {
    const slices = this.#collect()
    if (slices.length > 0) {
      this.#running++
      const { runSync } = this.#session
      if (runSync) this.#runHere(slices, runSync.bind(this.#session))
      else void this.#runAway(slices)
      if (runSync) this.#freed()
    }
    this.#schedule()
    if (this.#queue.length > 0 && !this.#watch.armed) this.#watch.cover(earliest(this.#queue))
    this.#settleIdle()
  }

  #freed(): void {
    this.#running--
    this.#schedule()
    this.#settleIdle()
  }

  #settleIdle(): void {
    if (this.#queue.length > 0 || this.#running > 0) return
    if (this.#closed) this.#watch[Symbol.dispose]()
    for (const resolve of this.#idle.splice(0)) resolve()
  }

  /** Takes the next run's rows from the queue; drops requests whose deadline has passed or whose caller has gone. */
  #collect(): Slice[] {
    const { tile } = this.#options
    const now = Date.now()
    const slices: Slice[] = []
    let room = tile
    let next = 0
    const unfinished: Job[] = []
    while (next < this.#queue.length && room > 0) {
      const job = this.#queue[next]!
      const isGone = job.isAbandoned?.() === true
      if (job.done || isGone || job.deadline <= now) {
        next++
        this.#queuedRows -= job.rows - job.taken
        this.#refuse(job, isGone ? goneBeforeRun() : lateInQueue())
        continue
      }
      if (slices.length > 0 && !(this.#options.joinable && joinable(slices[0]!.job.inputs, job.inputs))) break
      const take = this.#options.joinable ? Math.min(room, job.rows - job.taken) : job.rows
      if (job.taken === 0) job.startedAt = performance.now()
      slices.push({ job, from: job.taken, to: job.taken + take, part: job.cut++ })
      job.taken += take
      job.left++
      this.#queuedRows -= take
      room -= take
      next++
      if (job.taken < job.rows) unfinished.push(job)
    }
    // what is left of a large request goes to the back: others take their turn
    if (next > 0) this.#queue = [...this.#queue.slice(next), ...unfinished]
    return slices
  }

  #runHere(slices: Slice[], run: (inputs: Tensors) => Tensors): void {
    let outputs: Tensors
    try {
      outputs = checked(slices, run(gather(slices)))
    } catch (error) {
      if (slices.length > 1 && retryAlone(error)) for (const slice of slices) this.#runHere([slice], run)
      else this.#fail(slices, error)
      return
    }
    this.#deliver(slices, outputs)
  }

  async #runAway(slices: Slice[]): Promise<void> {
    for (const { job } of slices) {
      this.#away.add(job)
      this.#watch.cover(job.deadline)
    }
    await this.#runElsewhere(slices)
    this.#freed()
  }

  async #runElsewhere(slices: Slice[]): Promise<void> {
    let outputs: Tensors
    try {
      outputs = checked(slices, await this.#session.run(gather(slices)))
    } catch (error) {
      if (slices.length > 1 && retryAlone(error)) for (const slice of slices) await this.#runElsewhere([slice])
      else this.#fail(slices, error)
      return
    }
    this.#deliver(slices, outputs)
  }

  /**
   * Answers the callers whose deadline has passed; the rows of those who wait are given back, and what a worker makes of the others
   * is dropped. Answers the earliest deadline that is left.
   */
  #sweep(now: number): number {
    for (const job of this.#away) if (job.deadline <= now) this.#refuse(job, lateWhileRunning())
    const waiting: Job[] = []
    for (const job of this.#queue) {
      if (!job.done && job.deadline > now) waiting.push(job)
      else {
        this.#queuedRows -= job.rows - job.taken
        this.#refuse(job, job.taken > 0 ? lateWhileRunning() : lateInQueue())
      }
    }
    this.#queue = waiting
    this.#settleIdle()
    return Math.min(earliest(waiting), earliest(this.#away))
  }

  /** Gives everyone their rows. What goes wrong here is the answer's fault: running the model once more would not mend it. */
  #deliver(slices: Slice[], outputs: Tensors): void {
    let at = 0
    for (const { job, from, to, part } of slices) {
      const size = to - from
      job.left--
      try {
        if (!job.done) {
          job.parts[part] = slices.length === 1 ? outputs : sliceAll(outputs, at, at + size)
          if (job.left === 0 && job.taken === job.rows) this.#finish(job)
        }
      } catch (error) {
        this.#refuse(job, unjoinable(error))
      }
      at += size
      if (job.left === 0) this.#away.delete(job)
    }
  }

  #finish(job: Job): void {
    const now = performance.now()
    const outputs = job.parts.length === 1 ? job.parts[0]! : concatAll(job.parts)
    job.done = true
    job.resolve({ outputs, queueMs: job.startedAt - job.queuedAt, runMs: now - job.startedAt })
  }

  #fail(slices: Slice[], error: unknown): void {
    for (const { job } of slices) this.#refuse(job, error)
  }

  #refuse(job: Job, error: unknown): void {
    if (job.done) return
    job.done = true
    this.#away.delete(job)
    job.reject(error)
  }
}

function goneBeforeRun(): FairleadError {
  return new FairleadError('cancelled', 'the caller went away before the model was free')
}

function lateInQueue(): FairleadError {
  return new FairleadError('deadline-exceeded', 'the deadline passed before the model was free')
}

function lateWhileRunning(): FairleadError {
  return new FairleadError('deadline-exceeded', 'the deadline passed while the model was running')
}

function unjoinable(error: unknown): FairleadError {
  const why = error instanceof Error ? error.message : String(error)
  return new FairleadError('model-run-failed', `the model answered parts of this request in different forms: ${why}; send fewer rows at once`, { cause: error })
}

function earliest(jobs: Iterable<Job>): number {
  let first = Number.POSITIVE_INFINITY
  for (const { deadline } of jobs) if (deadline < first) first = deadline
  return first
}

function inputsOf({ job, from, to }: Slice): Tensors {
  return from === 0 && to === job.rows ? job.inputs : sliceAll(job.inputs, from, to)
}

function gather(slices: Slice[]): Tensors {
  return slices.length === 1 ? inputsOf(slices[0]!) : concatAll(slices.map(inputsOf))
}

/** A crashed worker says nothing about the rows; a failed run may be the fault of one request. */
function retryAlone(error: unknown): boolean {
  return !(error instanceof FairleadError) || error.code === 'model-run-failed'
}

/** The outputs of a run, which may be cut and joined only if they have a row for each of its rows. */
function checked(slices: Slice[], outputs: Tensors): Tensors {
  const [{ job, from, to }] = slices as [Slice]
  if (slices.length === 1 && to - from === job.rows) return outputs
  const rows = slices.reduce((sum, slice) => sum + slice.to - slice.from, 0)
  for (const name in outputs) {
    const got = outputs[name]!.shape[0]
    if (got !== rows) throw new FairleadError('model-run-failed', `the output "${name}" has ${got ?? 'no'} rows for ${rows} rows of input`)
  }
  return outputs
}
