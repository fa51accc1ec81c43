import { LatencyHistogram } from './histogram.ts'
import type { Failure, Step, StepResult } from './types.ts'

const MOST_FAILURES = 1000

/** Takes what happens in one step. Times are of `performance.now()`, in milliseconds. */
export class Recorder {
  readonly #step: Step
  readonly #begin: number
  readonly #countsFrom: number
  readonly #latency = new LatencyHistogram()
  readonly #refused = new LatencyHistogram()
  readonly #lag = new LatencyHistogram()
  readonly #failed = new Map<string, number>()
  readonly #failures: Failure[] = []
  #end: number
  #scheduled = 0
  #inTime = 0
  #late = 0
  #waited = 0
  #firstWrong: string | undefined
  givenUp = false
  cancelled = false

  constructor(step: Step, begin: number) {
    this.#step = step
    this.#begin = begin
    this.#countsFrom = begin + step.leadSeconds * 1000
    this.#end = this.#countsFrom + step.seconds * 1000
  }

  /** When the last request of the step is due. */
  get end(): number {
    return this.#end
  }

  #counts(time: number): boolean {
    return time >= this.#countsFrom && time < this.#end
  }

  /** A request was due, and the generator came to it. */
  due(scheduled: number, now: number, waits: boolean): void {
    if (!this.#counts(scheduled)) return
    this.#scheduled++
    this.#lag.add((now - scheduled) * 1000)
    if (now - scheduled > this.#step.lateMs) this.#late++
    if (waits) this.#waited++
  }

  answered(scheduled: number, now: number): void {
    const counts = this.#counts(scheduled)
    // in closed loop a slow answer belongs to the time in which it comes: there is no schedule that it could be late for
    if ((counts || this.#step.rate === null) && this.#counts(now)) this.#inTime++
    if (counts) this.#latency.add((now - scheduled) * 1000)
  }

  /** A request was answered with a status that refuses it for now. */
  refused(scheduled: number, now: number): void {
    if (this.#counts(scheduled)) this.#refused.add((now - scheduled) * 1000)
  }

  /** A request has no good answer. One that nobody refused waited in vain, and so counts among the latencies. */
  failed(scheduled: number, now: number, kind: string): void {
    if (!this.#counts(scheduled)) return
    if (kind === 'timeout') this.#latency.add((now - scheduled) * 1000)
    this.#failed.set(kind, (this.#failed.get(kind) ?? 0) + 1)
    if (this.#failures.length < MOST_FAILURES) this.#failures.push({ atMs: scheduled - this.#begin, afterMs: now - scheduled, kind })
  }

  /** A request is dropped with the step: it would have taken longer than it has waited. */
  dropped(scheduled: number, now: number): void {
    if (this.#counts(scheduled)) this.#latency.add((now - scheduled) * 1000)
  }

  wrong(detail: string): void {
    this.#firstWrong ??= detail
  }

  /** Ends the step before its time. */
  cut(now: number): void {
    this.#end = Math.min(this.#end, now)
  }

  result(): StepResult {
    return {
      seconds: Math.max(0, this.#end - this.#countsFrom) / 1000,
      scheduled: this.#scheduled,
      inTime: this.#inTime,
      latency: this.#latency.toData(),
      refused: this.#refused.toData(),
      lag: this.#lag.toData(),
      late: this.#late,
      waited: this.#waited,
      failed: Object.fromEntries(this.#failed),
      failures: this.#failures,
      ...(this.#firstWrong === undefined ? {} : { firstWrong: this.#firstWrong }),
      givenUp: this.givenUp,
      cancelled: this.cancelled,
    }
  }
}
