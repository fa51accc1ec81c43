import { type Explanation, FairleadError } from '@fairlead/contract'
import type { Execution } from '@fairlead/contract/control'
import { type CompiledPipeline, compilePipeline } from '../pipeline/index.ts'
import { AnswerColumns } from './answer-columns.ts'
import { AnswersPlan } from './answers.ts'
import { Batcher, type BatcherOptions } from './batcher.ts'
import type { Explaining } from './explaining.ts'
import { completed, modelSide } from './model-side.ts'
import type { BatchResult, Outcome, Work } from './queued-request.ts'
import { RowsPlan } from './rows.ts'
import type { RunCounters } from './run-counters.ts'
import { type Lookup, StepsPlan } from './steps/steps-plan.ts'
import { TensorInterface } from './tensor-interface.ts'
import type { LoadReport, ServableRelease, Session, Tensors } from './types.ts'

/** Everything of a release that can be compiled without its model. Throws `pipeline-invalid`. */
export class ReleasePlan {
  readonly release: ServableRelease
  readonly pipeline: CompiledPipeline
  /** The steps around the model; absent where it is alone. */
  readonly steps: StepsPlan | undefined
  /** Rows by column name to the tensors of a request. */
  readonly rows: RowsPlan
  /** Outputs to predictions as JSON. */
  readonly answers: AnswersPlan
  /** Outputs to predictions as flat columns. */
  readonly answerColumns: AnswerColumns
  /** The release as tensors in and out. */
  readonly tensors: TensorInterface

  /** `compiled` is a plan of the same release, so that nothing is compiled twice. */
  constructor(frozen: ServableRelease, compiled?: ReleasePlan) {
    const release = completed(frozen)
    const { signature } = release
    this.release = release
    if (compiled) {
      this.pipeline = compiled.pipeline
      this.steps = compiled.steps
      this.rows = compiled.rows
      this.answers = compiled.answers
      this.answerColumns = compiled.answerColumns
      this.tensors = compiled.tensors
      return
    }
    this.pipeline = compilePipeline(release.pipeline, modelSide(release).signature)
    this.steps = this.pipeline.modelOnly ? undefined : new StepsPlan(this.pipeline, release.settings)
    this.rows = new RowsPlan(signature, release.settings)
    this.answers = new AnswersPlan(signature)
    this.answerColumns = new AnswerColumns(signature)
    this.tensors = new TensorInterface(signature, { byColumn: this.steps !== undefined, plan: this.rows })
  }
}

/** What a loaded release runs with. */
export interface LoadedModel {
  execution: Execution
  batching: BatcherOptions
  /** Bytes that it brought into memory, as far as that could be measured. */
  memoryBytes?: number
  /** The plan of the release, where it is compiled already. */
  plan?: ReleasePlan
  /** Explains its answers; absent where the runtime explains nothing. */
  explaining?: Explaining | undefined
  /** Services that its `lookup` steps ask. */
  lookups?: readonly Lookup[]
}

/** A release that is loaded and answers. */
export class ServingRelease extends ReleasePlan implements AsyncDisposable {
  readonly execution: Execution
  /** What the example and golden rows gave; filled once they have run. */
  checks: LoadReport['checks'] = []
  /** Bytes that it brought into memory, as far as that could be measured. */
  readonly memoryBytes: number
  /** When it was last asked, in `performance.now()` milliseconds. */
  usedAt = 0
  readonly #session: Session
  readonly #batcher: Batcher
  readonly #explaining: Explaining | undefined
  readonly #lookups: readonly Lookup[]

  constructor(release: ServableRelease, session: Session, { execution, batching, memoryBytes, plan, explaining, lookups = [] }: LoadedModel) {
    super(release, plan)
    this.execution = execution
    this.memoryBytes = memoryBytes ?? 0
    this.#session = session
    this.#batcher = new Batcher(session, batching)
    this.#explaining = explaining
    this.#lookups = lookups
  }

  /** Rows waiting. */
  get queuedRows(): number {
    return this.#batcher.queuedRows
  }

  /** Whether nothing waits and nothing runs. */
  get idle(): boolean {
    return this.#batcher.idle
  }

  /** Whether it takes requests: not any more once it leaves. */
  get open(): boolean {
    return !this.#batcher.closed
  }

  /** Counts the runs from now on. */
  countRuns(counters: RunCounters | undefined): void {
    this.#batcher.counters = counters
  }

  /** Runs the model and the steps around it. Errors as `Batcher.enqueue` and `StepsPlan.start`. */
  run(work: Work): Promise<BatchResult> {
    return new Promise((done, failed) => this.start(work, { done, failed }))
  }

  /** As `run`, telling `outcome`. Throws what `Batcher.enqueue` and `StepsPlan.start` throw. */
  start(work: Work, outcome: Outcome): void {
    if (this.steps === undefined) this.#batcher.enqueue(work, outcome)
    else this.steps.start(work, outcome, { call: (_, own, answered) => this.#batcher.enqueue(own, answered), lookups: this.#lookups })
  }

  /** Runs the model alone, on its own tensors. Errors as `Batcher.enqueue`. */
  runModel(work: Work): Promise<BatchResult> {
    return new Promise((done, failed) => this.#batcher.enqueue(work, { done, failed }))
  }

  /** Why rows get the answers they get. Throws `explanation-unavailable`, and throws and rejects as `Explaining.explain`. */
  explain(inputs: Tensors, rows: number, deadline: number): Promise<Explanation[]> {
    const explaining = this.#explaining
    if (explaining && !this.steps) return explaining.explain(inputs, rows, deadline)
    if (explaining && this.steps) return this.steps.modelInputs(inputs, rows, this.#lookups).then((own) => explaining.explain(own, rows, deadline))
    const reason = this.release.runtime?.reason ?? `The model runs with ${this.execution.runtime}.`
    throw new FairleadError('explanation-unavailable', `only trees and linear models whose compiled form answers as the model are explained. ${reason}`)
  }

  /** Answers what is in hand, then frees the model. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#batcher.close()
    if (this.#explaining) await this.#explaining[Symbol.asyncDispose]()
    await this.#session[Symbol.asyncDispose]()
  }
}
