import type { ReleaseSettings } from '@fairlead/contract/control'
import type { CompiledPipeline, Phase, WorkingFrame } from '../../pipeline/index.ts'
import type { BatchResult, Outcome, Work } from '../queued-request.ts'
import type { Tensors } from '../types.ts'
import { answerOf } from './answer.ts'
import { Feed } from './feed.ts'
import { columnOf } from './fill.ts'

/** Has a model run, by its place among a pipeline's calls. May throw before it has begun. */
export type CallModel = (call: number, work: Work, outcome: Outcome) => void

/** The steps of a release over tensors: what callers sent in, what they get out. Compiled once per release. */
export class StepsPlan {
  readonly pipeline: CompiledPipeline
  readonly feeds: readonly Feed[]

  constructor(pipeline: CompiledPipeline, { unknownValues }: Pick<ReleaseSettings, 'unknownValues'>) {
    this.pipeline = pipeline
    this.feeds = pipeline.calls.map((call) => new Feed(call, unknownValues))
  }

  /** The tensors of the model for what a caller sent. Throws as `Feed.tensors`, and as steps do. */
  modelInputs(inputs: Tensors, rows: number): Tensors {
    const frame: WorkingFrame = new Array(this.pipeline.places)
    work(this.pipeline.phases[0]!, { frame, request: inputs, answers: [], rows })
    return this.feeds[0]!.tensors(frame, inputs, rows)
  }

  /** Runs everything, and tells `outcome` once. Models that need nothing of each other run side by side. Throws as `modelInputs` and `call`. */
  start(asked: Work, outcome: Outcome, call: CallModel): void {
    new StepsRun(this, { asked, outcome, call }).next()
  }
}

interface Batch {
  frame: WorkingFrame
  request: Tensors
  /** Of the models, by the place of the call. */
  answers: Tensors[]
  rows: number
}

function work({ fills, operations }: Phase, { frame, request, answers, rows }: Batch): void {
  for (const { place, source, name } of fills) {
    const tensors = source.from === 'request' ? request : answers[source.from]!
    frame[place] = columnOf(source, tensors[source.tensor], { rows, name })
  }
  for (const operation of operations) operation.run(frame, rows)
}

interface Asked {
  asked: Work
  outcome: Outcome
  call: CallModel
}

/** One batch on its way through the phases. Without promises: with one model it waits once, for its turn at the model. */
class StepsRun {
  readonly #plan: StepsPlan
  readonly #asked: Asked
  readonly #batch: Batch
  #phase = 0
  #queueMs = 0
  #runMs = 0

  constructor(plan: StepsPlan, asked: Asked) {
    this.#plan = plan
    this.#asked = asked
    const { inputs, rows } = asked.asked
    this.#batch = { frame: new Array(plan.pipeline.places), request: inputs, answers: [], rows }
  }

  /** Works up to the next models, or to the end. */
  next(): void {
    const { phases, answers } = this.#plan.pipeline
    const phase = phases[this.#phase++]!
    work(phase, this.#batch)
    if (phase.calls.length > 0) this.#call(phase.calls)
    else this.#asked.outcome.done({ outputs: answerOf(answers, this.#batch), queueMs: this.#queueMs, runMs: this.#runMs })
  }

  #call(calls: readonly number[]): void {
    const { asked, outcome, call } = this.#asked
    const { frame, request, rows, answers } = this.#batch
    const results: BatchResult[] = []
    let over = false
    const failed = (error: unknown) => {
      if (over) return
      over = true
      outcome.failed(error)
    }
    const made = calls.map((at) => this.#plan.feeds[at]!.tensors(frame, request, rows))
    for (const [i, at] of calls.entries()) {
      const done = (result: BatchResult) => {
        answers[at] = result.outputs
        if (over || results.push(result) < calls.length) return
        this.#queueMs += Math.max(...results.map(({ queueMs }) => queueMs))
        this.#runMs += Math.max(...results.map(({ runMs }) => runMs))
        try {
          this.next()
        } catch (error) {
          failed(error)
        }
      }
      call(at, { inputs: made[i]!, rows, deadline: asked.deadline, priority: asked.priority, isAbandoned: asked.isAbandoned }, { done, failed })
    }
  }
}
