import type { Explanation } from '@fairlead/contract'
import type { Clock } from '../../kernel/clock.ts'
import type { BatchResult, Outcome } from './queued-request.ts'
import type { ServingRelease } from './serving-release.ts'
import type { InferenceAnswer, InferenceRequest, PredictionEvent, PredictionSink } from './types.ts'

/**
 * Who is told of a prediction. `render` comes first, with the answer, so that its time is counted; what it throws is the prediction's failure.
 * Then comes one of the two others, once; they may not throw, because other callers are told after them.
 */
export interface PredictionReply {
  render(answer: InferenceAnswer): void
  done(answer: InferenceAnswer): void
  failed(error: unknown): void
}

/** What predictions need beside their requests; one for all. */
export interface PredictionWorld {
  sink: PredictionSink
  clock: Clock
  /** Counts a failure. */
  failed(request: InferenceRequest, error: unknown, release: number | undefined): void
}

/**
 * One request on its way through a loaded release: run, rendered, recorded, answered. Nothing of it waits for a promise where nothing has to: a
 * hundred thousand of them a second would be a good part of the work.
 */
export class Prediction implements Outcome {
  /** Milliseconds that it waited for its model to be loaded. */
  loadMs = 0
  readonly #request: InferenceRequest
  readonly #reply: PredictionReply
  readonly #world: PredictionWorld
  #serving: ServingRelease | undefined
  #explaining: Promise<Explanation[]> | undefined

  constructor(request: InferenceRequest, reply: PredictionReply, world: PredictionWorld) {
    this.#request = request
    this.#reply = reply
    this.#world = world
  }

  /** Runs it on a release that is open. */
  start(serving: ServingRelease): void {
    const request = this.#request
    this.#serving = serving
    serving.usedAt = request.receivedAt
    try {
      if (request.explain) {
        this.#explaining = serving.explain(request.inputs, request.rows, request.deadline)
        // told with the answer, if the run does not fail before
        this.#explaining.catch(() => {})
      }
      serving.start(request, this)
    } catch (error) {
      this.failed(error)
    }
  }

  /** See `Outcome`. */
  done({ outputs, queueMs, runMs }: BatchResult): void {
    const answer: InferenceAnswer = { release: this.#serving!.release, outputs, queueMs: queueMs + this.loadMs, runMs }
    if (this.#explaining === undefined) this.#answered(answer)
    else
      this.#explaining.then(
        (explanations) => this.#answered({ ...answer, explanations }),
        (error: unknown) => this.failed(error),
      )
  }

  /** Fails it, on a release where that is known. See `Outcome`. */
  failed(error: unknown, release: number | undefined = this.#serving?.release.number): void {
    const request = this.#request
    request.caller.allowance?.giveBackRows(request.rows)
    this.#world.failed(request, error, release)
    this.#reply.failed(error)
  }

  #answered(answer: InferenceAnswer): void {
    const request = this.#request
    const { sink, clock } = this.#world
    let written: Promise<void> | undefined
    let event: PredictionEvent
    let now: number
    try {
      const rendering = performance.now()
      this.#reply.render(answer)
      now = performance.now()
      const totalMs = now - request.receivedAt
      event = { request, answer, time: Math.round(clock.now() - totalMs), totalMs, renderMs: now - rendering }
      written = sink.log(event)
      if (written === undefined) sink.predicted(event)
    } catch (error) {
      this.failed(error)
      return
    }
    if (written === undefined) {
      this.#reply.done(answer)
      return
    }
    written.then(
      () => {
        const logMs = performance.now() - now
        sink.predicted({ ...event, totalMs: event.totalMs + logMs, logMs })
        this.#reply.done(answer)
      },
      (error: unknown) => this.failed(error),
    )
  }
}
