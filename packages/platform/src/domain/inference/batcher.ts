import { FairleadError } from '@fairlead/contract'
import { DeadlineWatch } from './deadline-watch.ts'
import {
  type BatchResult,
  checked,
  earliest,
  gather,
  type Outcome,
  QUEUE_BYTES,
  type QueuedRequest,
  rowsOf,
  type Slice,
  type Work,
  weightOf,
} from './queued-request.ts'
import { afterRows, refusesValue } from './refused-value.ts'
import type { RunCounters } from './run-counters.ts'
import { concatAll, joinable, sliceAll } from './tensors.ts'
import { type Runner, THREAD_TURNS, type Turns } from './turns.ts'
import type { Session, Tensors } from './types.ts'
import { WaitingQueue } from './waiting-queue.ts'

/** The level of requests that name none, where a release was frozen before it could be set. */
const PRIORITY = 5

export interface BatcherOptions {
  /** Most rows of one run. */
  tile: number
  /** Most rows waiting. */
  queueRows: number
  /** Most bytes of inputs waiting. */
  queueBytes?: number
  /** Level of requests that name none. */
  priority?: number
  /** Runs that may be under way at once. */
  slots: number
  /** Whether rows of several requests may share a run, and one request may be cut into several. */
  joinable: boolean
  /** Whom the thread is shared with; by default all on it. */
  turns?: Turns
}

/**
 * One queue of one loaded release. Whatever waits when the engine is free goes together, up to `tile` rows; an idle engine
 * never waits for more. A large request is cut into tiles and takes turns with the others. When a run of several requests
 * fails, each is tried alone, so that one caller's rows cost only that caller.
 */
export class Batcher implements Runner {
  readonly #session: Session
  readonly #runSync: ((inputs: Tensors) => Tensors) | undefined
  readonly #options: BatcherOptions
  readonly #turns: Turns
  readonly #queueBytes: number
  readonly #priority: number
  readonly #queue = new WaitingQueue()
  #running = 0
  /** Requests of which a worker has rows. */
  readonly #away = new Set<QueuedRequest>()
  readonly #watch = new DeadlineWatch((now) => this.#sweep(now))
  #scheduled = false
  #closed = false
  #idle: (() => void)[] = []
  /** See `Runner`. */
  spent = 0
  /** Where runs are counted, if anywhere. */
  counters: RunCounters | undefined

  constructor(session: Session, options: BatcherOptions) {
    this.#session = session
    this.#runSync = session.runSync?.bind(session)
    this.#options = options
    this.#turns = options.turns ?? THREAD_TURNS
    this.#queueBytes = options.queueBytes ?? QUEUE_BYTES
    this.#priority = options.priority ?? PRIORITY
  }

  /** Rows waiting for their run. */
  get queuedRows(): number {
    return this.#queue.rows
  }

  /** Whether nothing waits and nothing runs. */
  get idle(): boolean {
    return this.#queue.length === 0 && this.#running === 0
  }

  /** Whether it takes no more requests. */
  get closed(): boolean {
    return this.#closed
  }

  /** As `enqueue`, as a promise. */
  run(work: Work): Promise<BatchResult> {
    return new Promise((done, failed) => this.enqueue(work, { done, failed }))
  }

  /**
   * Has the model run on rows, and tells what became of it later, never at once. The failures are `queue-full`, `deadline-exceeded`, `cancelled`,
   * `release-not-ready` (after `close`), `model-run-failed`, `worker-crashed`, or as `refusedValue`. Throws the first and the fourth of them.
   */
  enqueue({ inputs, rows, deadline, isAbandoned, priority }: Work, outcome: Outcome): void {
    const bytes = weightOf(inputs)
    const refusal = this.#refusal(rows, bytes)
    if (refusal) throw refusal
    const queuedAt = performance.now()
    const request: QueuedRequest = {
      inputs,
      rows,
      bytes,
      priority: priority ?? this.#priority,
      rank: 0,
      deadline,
      isAbandoned,
      taken: 0,
      parts: [],
      cut: 0,
      left: 0,
      queuedAt,
      startedAt: 0,
      outcome,
      done: false,
    }
    this.#queue.add(request, queuedAt)
    this.#schedule()
    // what goes with the next run needs no timer; what waits behind one, or behind others who are watched, does
    if (!this.#scheduled || this.#watch.armed) this.#watch.cover(deadline)
  }

  /** Takes no more requests; settles when all that were taken are answered. */
  close(): Promise<void> {
    this.#closed = true
    if (this.idle) return Promise.resolve()
    return new Promise((resolve) => this.#idle.push(resolve))
  }

  /** One run; `Turns` calls it. */
  turn(): void {
    this.#scheduled = false
    const now = performance.now()
    const slices = this.#collect(now)
    if (slices.length > 0) {
      if (this.#runSync) this.#runHere(slices, this.#runSync, now)
      else {
        this.#running++
        void this.#runAway(slices, now)
      }
    }
    this.#schedule()
    if (this.#queue.length > 0 && !this.#watch.armed) this.#watch.cover(earliest(this.#queue))
    this.#settleIdle()
  }

  /** Why a request cannot wait here; `undefined` when it can. */
  #refusal(rows: number, bytes: number): FairleadError | undefined {
    if (this.#closed) return new FairleadError('release-not-ready', 'the release is being replaced', { retryAfter: 1 })
    const queue = this.#queue
    // a request larger than the queue may still have an empty one to itself
    if (queue.length === 0) return undefined
    const { queueRows } = this.#options
    if (queue.rows + rows > queueRows) return full(`${queue.rows} rows are waiting, at most ${queueRows} may`)
    if (queue.bytes + bytes > this.#queueBytes) return full(`${queue.bytes} bytes of inputs are waiting, at most ${this.#queueBytes} may`)
    return undefined
  }

  #schedule(): void {
    if (this.#scheduled || this.#running >= this.#options.slots || this.#queue.length === 0) return
    this.#scheduled = true
    // the end of this turn of the event loop: all requests that arrived in it go together, and none waits longer
    this.#turns.ask(this)
  }

  #settleIdle(): void {
    if (this.#queue.length > 0 || this.#running > 0) return
    if (this.#closed) this.#watch[Symbol.dispose]()
    if (this.#idle.length > 0) for (const resolve of this.#idle.splice(0)) resolve()
  }

  /** Takes the next run's rows from the queue; drops requests whose deadline has passed or whose caller has gone. */
  #collect(now: number): Slice[] {
    const { tile, joinable: joins } = this.#options
    const time = Date.now()
    const slices: Slice[] = []
    let room = tile
    while (room > 0) {
      const request = this.#queue.first
      if (!request) break
      const isGone = request.isAbandoned?.() === true
      if (request.done || isGone || request.deadline <= time) {
        this.#queue.shift()
        this.#refuse(request, isGone ? goneBeforeRun() : lateInQueue())
        continue
      }
      if (slices.length > 0 && !(joins && joinable(slices[0]!.request.inputs, request.inputs))) break
      this.#queue.shift()
      const take = joins ? Math.min(room, request.rows - request.taken) : request.rows
      if (request.taken === 0) request.startedAt = now
      slices.push({ request, from: request.taken, to: request.taken + take, part: request.cut++ })
      request.taken += take
      request.left++
      room -= take
      // what is left of a large request waits as one that came now: others of its level take their turn
      if (request.taken < request.rows) this.#queue.add(request, now)
    }
    return slices
  }

  #runHere(slices: Slice[], run: (inputs: Tensors) => Tensors, now: number): void {
    let outputs: Tensors
    let begun = now
    try {
      const inputs = gather(slices)
      if (slices.length > 1) begun = performance.now()
      outputs = checked(slices, run(inputs))
    } catch (error) {
      if (slices.length > 1 && retryAlone(error)) for (const slice of slices) this.#runHere([slice], run, performance.now())
      else this.#fail(slices, error)
      return
    }
    this.#deliver(slices, outputs, { now, begun })
  }

  async #runAway(slices: Slice[], now: number): Promise<void> {
    for (const { request } of slices) {
      this.#away.add(request)
      this.#watch.cover(request.deadline)
    }
    await this.#runElsewhere(slices, now)
    this.#running--
    this.#schedule()
    this.#settleIdle()
  }

  async #runElsewhere(slices: Slice[], now: number): Promise<void> {
    let outputs: Tensors
    let begun = now
    try {
      const inputs = gather(slices)
      if (slices.length > 1) begun = performance.now()
      outputs = checked(slices, await this.#session.run(inputs, slices.length > 1))
    } catch (error) {
      if (slices.length > 1 && retryAlone(error)) for (const slice of slices) await this.#runElsewhere([slice], performance.now())
      else this.#fail(slices, error)
      return
    }
    this.#deliver(slices, outputs, { now, begun })
  }

  /**
   * Answers the callers whose deadline has passed; the rows of those who wait are given back, and what a worker makes of the others
   * is dropped. Answers the earliest deadline that is left.
   */
  #sweep(now: number): number {
    for (const request of this.#away) if (request.deadline <= now) this.#refuse(request, lateWhileRunning())
    for (const request of this.#queue.sift(({ done, deadline }) => !done && deadline > now)) {
      this.#refuse(request, request.taken > 0 ? lateWhileRunning() : lateInQueue())
    }
    this.#settleIdle()
    return Math.min(earliest(this.#queue), earliest(this.#away))
  }

  /** Gives everyone their rows. What goes wrong here is the answer's fault: running the model once more would not mend it. */
  #deliver(slices: Slice[], outputs: Tensors, { now, begun }: { now: number; begun: number }): void {
    const ended = performance.now()
    let at = 0
    for (const { request, from, to, part } of slices) {
      const size = to - from
      request.left--
      try {
        if (!request.done) request.parts[part] = slices.length === 1 ? outputs : sliceAll(outputs, at, at + size)
      } catch (error) {
        this.#refuse(request, unjoinable(error))
      }
      at += size
      if (request.left === 0) this.#away.delete(request)
    }
    if (this.counters) {
      const outputMs = slices.length === 1 ? 0 : performance.now() - ended
      this.counters.add(rowsOf(slices), { inputMs: begun - now, runMs: ended - begun, outputMs })
    }
    for (const { request } of slices) if (!request.done && request.left === 0 && request.taken === request.rows) this.#finish(request, ended)
  }

  #finish(request: QueuedRequest, now: number): void {
    let outputs: Tensors
    try {
      outputs = request.parts.length === 1 ? request.parts[0]! : concatAll(request.parts)
    } catch (error) {
      this.#refuse(request, unjoinable(error))
      return
    }
    request.done = true
    request.outcome.done({ outputs, queueMs: request.startedAt - request.queuedAt, runMs: now - request.startedAt })
  }

  #fail(slices: Slice[], error: unknown): void {
    for (const { request, from } of slices) this.#refuse(request, afterRows(error, from))
  }

  #refuse(request: QueuedRequest, error: unknown): void {
    if (request.done) return
    request.done = true
    this.#away.delete(request)
    request.outcome.failed(error)
  }
}

function full(detail: string): FairleadError {
  return new FairleadError('queue-full', detail, { retryAfter: 1 })
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

/** A crashed worker says nothing about the rows; a failed run may be the fault of one request, and a value that the session refuses is. */
function retryAlone(error: unknown): boolean {
  return !(error instanceof FairleadError) || error.code === 'model-run-failed' || refusesValue(error)
}
