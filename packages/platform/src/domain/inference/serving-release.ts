import type { Execution } from '@fairlead/contract/control'
import { type CompiledPipeline, compilePipeline } from '../pipeline/index.ts'
import { AnswersPlan } from './answers.ts'
import { Batcher, type BatcherOptions, type BatchResult, type Waiting } from './batcher.ts'
import { RowsPlan } from './rows.ts'
import { TensorInterface } from './tensor-interface.ts'
import type { LoadReport, ServableRelease, Session, Tensors } from './types.ts'

/** Everything of a release that can be compiled without its model. Throws `pipeline-invalid`. */
export class ReleasePlan {
  readonly release: ServableRelease
  readonly pipeline: CompiledPipeline
  /** Rows by column name to the model's tensors. */
  readonly rows: RowsPlan
  /** Outputs to predictions as JSON. */
  readonly answers: AnswersPlan
  /** The release as tensors in and out. */
  readonly tensors: TensorInterface

  constructor(release: ServableRelease) {
    const { signature } = release
    this.release = release
    this.pipeline = compilePipeline(release.pipeline, signature)
    this.rows = new RowsPlan(signature, release.settings)
    this.answers = new AnswersPlan(signature, this.pipeline)
    this.tensors = new TensorInterface(signature, this.pipeline, this.rows)
  }
}

/** A release that is loaded and answers. */
export class ServingRelease extends ReleasePlan implements AsyncDisposable {
  readonly execution: Execution
  /** What the example and golden rows gave; filled once they have run. */
  checks: LoadReport['checks'] = []
  readonly #session: Session
  readonly #batcher: Batcher

  constructor(release: ServableRelease, session: Session, { execution, batching }: { execution: Execution; batching: BatcherOptions }) {
    super(release)
    this.execution = execution
    this.#session = session
    this.#batcher = new Batcher(session, batching)
  }

  /** Rows waiting. */
  get queuedRows(): number {
    return this.#batcher.queuedRows
  }

  /** Runs the model and the steps after it. `deadline` in milliseconds since 1970. Errors as `Batcher.run`. */
  run(inputs: Tensors, rows: number, deadline: number, waiting: Waiting = {}): Promise<BatchResult> {
    const running = this.#batcher.run(inputs, rows, deadline, waiting)
    return this.pipeline.modelOnly ? running : running.then((result) => this.#withSteps(inputs, rows, result))
  }

  #withSteps(inputs: Tensors, rows: number, result: BatchResult): BatchResult {
    Object.assign(result.outputs, this.pipeline.apply(inputs, result.outputs, rows))
    return result
  }

  /** Answers what is in hand, then frees the model. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#batcher.close()
    await this.#session[Symbol.asyncDispose]()
  }
}
