import { FairleadError } from '@fairlead/contract'
import type { GoldenRows } from '@fairlead/contract/control'
import { syntheticExample } from '../../model/signature/example.ts'
import type { FeatureService } from '../pipeline/index.ts'
import { backgroundOf } from './background.ts'
import { exampleFailed, modelRows, runChecks } from './checks.ts'
import { asBefore, describeRun, fixedRowsOf, isKnown, type Known, runsInline, type Tried } from './execution.ts'
import { Explaining, type OpenedApart } from './explaining.ts'
import { type Opened, openApart, type Sample } from './load-apart.ts'
import { modelSide } from './model-side.ts'
import { MemoryGauge } from './native-memory.ts'
import { WorkerPool } from './pool.ts'
import type { RunCounters } from './run-counters.ts'
import { runtimeFor } from './runtime-for.ts'
import { ReleasePlan, ServingRelease } from './serving-release.ts'
import { lookupsOf } from './steps/lookups.ts'
import { repeatRows } from './tensors.ts'
import type { Artifact, ArtifactSource, Background, Runtime, ServableRelease, Session } from './types.ts'
import { type ModelThread, WorkerThread } from './worker-thread.ts'

/** Longest opening of a model: so much, and more for what has to be read from a slow disk. */
const OPEN_MS = 120_000
const OPEN_BYTES_PER_MS = 10_000
const MEASURE_MS = 60_000
const SPARE_MS = 10_000

export interface LoaderOptions {
  artifacts: ArtifactSource
  /** The runtimes for models that run on the serving thread; the thread of `spawn` has the same. */
  runtimes: readonly Runtime[]
  spawn(): ModelThread
  /** Services that `lookup` steps ask for features, by name; none when not given. */
  features?: ReadonlyMap<string, FeatureService>
  /** Tells what loads take, for tests. */
  memory?: MemoryGauge
  /** Longest opening of a small model, in milliseconds. Default two minutes. */
  openMs?: number
  /** Where the runs of a release are counted from when it answers; those of its checks are not. */
  counters?(release: ServableRelease): RunCounters
  /** Told when a worker ended and is being replaced. */
  onWorkerReplaced?(release: ServableRelease, reason: string): void
  /** Told when a worker was given up that cannot be ended: it works on, and holds its model, as long as the process lives. */
  onWorkerLost?(reason: string): void
}

interface Trial extends Tried {
  worker: WorkerThread
  session: number
}

/**
 * Loads releases: first in a worker, where a bad model can do no harm; measured there, then opened where it will run, and
 * checked with its example and golden rows. One worker is kept for a while for the next trial.
 */
export class ReleaseLoader implements AsyncDisposable {
  readonly #options: LoaderOptions
  readonly #memory: MemoryGauge
  #spare: WorkerThread | undefined
  #spareTimer: NodeJS.Timeout | undefined

  constructor(options: LoaderOptions) {
    this.#options = options
    this.#memory = options.memory ?? new MemoryGauge()
  }

  /** Starts the worker for a trial that is about to come, to save its starting time. */
  prepare(release: ServableRelease): void {
    if (!isKnown(release)) this.#keepSpare()
  }

  #keepSpare(): void {
    clearTimeout(this.#spareTimer)
    if (!this.#spare?.alive) this.#spare = this.#spawn()
    this.#spareTimer = setTimeout(() => void this.#dropSpare(), SPARE_MS).unref()
  }

  /** Loads a release. Throws `pipeline-invalid`, `load-failed`, `example-failed`, or as the artefact's source does. */
  async load(release: ServableRelease): Promise<ServingRelease> {
    const plan = new ReleasePlan(release)
    const lookups = lookupsOf(plan.pipeline, this.#options.features)
    const sample = sampleOf(plan)
    const artifact = await this.#options.artifacts.load(release)
    const { session, growth, ...run } = await this.#open(plan, artifact, sample)
    const explains = isExplainedByForm(release, this.#options.artifacts) || runtimeFor(this.#options.runtimes, artifact).explains === true
    let background: Background | undefined
    const explaining = explains ? new Explaining(() => this.#openApart(release, background)) : undefined
    const { serving, golden } = await this.#checked(new ServingRelease(release, session, { ...run, memoryBytes: growth, plan, explaining, lookups }))
    // now, while they are at hand: golden rows may be many, and reading them later would hold up those who predict
    if (explains) background = backgroundOf(plan, golden?.rows)
    return serving
  }

  #open(plan: ReleasePlan, artifact: Artifact, sample: Sample): Promise<Opened> {
    const { release } = plan
    const runtime = runtimeFor(this.#options.runtimes, artifact)
    if (runtime.apart) return openApart(plan, { runtime, artifact, sample })
    return isKnown(release, artifact) ? this.#openKnown(release, artifact) : this.#openTried(plan, artifact, sample)
  }

  /** Opens a model where it ran before, without a trial. */
  async #openKnown(release: Known, artifact: Artifact): Promise<Opened> {
    return { ...(await this.#weighed(artifact)), ...asBefore(release) }
  }

  async #openTried(plan: ReleasePlan, artifact: Artifact, sample: Sample): Promise<Opened> {
    const { release } = plan
    this.#keepSpare()
    const grown = this.#memory.begin()
    try {
      const trial = await this.#try(plan, artifact, sample)
      const inline = runsInline(release, artifact, trial)
      const run = describeRun(plan, trial, { inline, runtime: runtimeFor(this.#options.runtimes, artifact).name, branching: artifact.branching ?? [] })
      try {
        if (inline) return { ...(await this.#openHere(artifact, trial)), ...run }
        const session = await this.#openPool(release, artifact, trial)
        // the trial's worker is the first of the pool, so that all that it brought stays
        return { session, growth: grown(), ...run }
      } catch (error) {
        await trial.worker[Symbol.asyncDispose]()
        throw error
      }
    } finally {
      grown()
    }
  }

  /** Opens a model on this thread and tells what it brought into memory. */
  async #weighed(artifact: Artifact): Promise<{ session: Session; growth: number }> {
    const runtime = runtimeFor(this.#options.runtimes, artifact)
    await runtime.warm?.()
    const grown = this.#memory.begin()
    try {
      return { session: await runtime.open(artifact), growth: grown() }
    } finally {
      grown()
    }
  }

  /** Opens a model once more, in a thread that nothing else uses: by its form, where that explains what another runtime runs. */
  async #openApart(release: ServableRelease, background: Background | undefined): Promise<OpenedApart> {
    const { artifacts } = this.#options
    const own = await (isExplainedByForm(release, artifacts) ? artifacts.form(release) : artifacts.load(release))
    const artifact = { ...own, ...(background && { background }) }
    const worker = this.#spawn()
    try {
      const { session } = await worker.open(artifact, this.#openMs(release))
      return { worker, session }
    } catch (error) {
      await worker[Symbol.asyncDispose]()
      throw error
    }
  }

  /** Runs the example and golden rows; frees the release when they do not pass. */
  async #checked(serving: ServingRelease): Promise<{ serving: ServingRelease; golden: GoldenRows | undefined }> {
    try {
      const golden = await this.#options.artifacts.golden?.(serving.release)
      serving.checks = await runChecks(serving, golden)
      serving.countRuns(this.#options.counters?.(serving.release))
      return { serving, golden }
    } catch (error) {
      await serving[Symbol.asyncDispose]()
      throw error
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#dropSpare()
  }

  async #dropSpare(): Promise<void> {
    clearTimeout(this.#spareTimer)
    const spare = this.#spare
    this.#spare = undefined
    await spare?.[Symbol.asyncDispose]()
  }

  #takeSpare(): WorkerThread {
    clearTimeout(this.#spareTimer)
    const spare = this.#spare
    this.#spare = undefined
    return spare?.alive ? spare : this.#spawn()
  }

  #spawn(): WorkerThread {
    return new WorkerThread(this.#options.spawn(), (reason) => this.#options.onWorkerLost?.(reason))
  }

  async #try(plan: ReleasePlan, artifact: Artifact, sample: Sample): Promise<Trial> {
    const worker = this.#takeSpare()
    try {
      const { session, millis } = await worker.open(artifact, this.#openMs(plan.release)).catch((error: unknown) => {
        throw error instanceof FairleadError && error.code === 'worker-crashed'
          ? new FairleadError('load-failed', `the model could not be opened: ${error.message}`, { cause: error })
          : error
      })
      const trial = { worker, session, loadMs: millis }
      try {
        const measurement = await worker.measure(session, sample.inputs, { fixedRows: fixedRowsOf(plan) !== undefined, stuckMs: MEASURE_MS })
        return { ...trial, measurement, problem: undefined }
      } catch (error) {
        if (sample.real) throw exampleFailed(modelSide(plan.release).example.length, error)
        if (!worker.alive) throw new FairleadError('load-failed', `the model ended the worker that ran it: ${(error as Error).message}`, { cause: error })
        return { ...trial, measurement: undefined, problem: (error as Error).message }
      }
    } catch (error) {
      await worker[Symbol.asyncDispose]()
      throw error
    }
  }

  #openMs({ files }: ServableRelease): number {
    const bytes = files.reduce((sum, { size }) => sum + size, 0)
    return (this.#options.openMs ?? OPEN_MS) + Math.ceil(bytes / OPEN_BYTES_PER_MS)
  }

  async #openHere(artifact: Artifact, trial: Trial): Promise<{ session: Session; growth: number }> {
    const opened = await this.#weighed(artifact)
    await trial.worker.close(trial.session)
    // another trial may have left a worker meanwhile, and one is enough
    if (this.#spare?.alive) await trial.worker[Symbol.asyncDispose]()
    else this.#spare = trial.worker
    this.#keepSpare()
    return opened
  }

  #openPool(release: ServableRelease, artifact: Artifact, trial: Trial): Promise<WorkerPool> {
    return WorkerPool.open({
      artifact,
      size: release.settings.workers,
      spawn: () => this.#spawn(),
      openMs: this.#openMs(release),
      first: { worker: trial.worker, session: trial.session },
      stuckMs: release.settings.deadlineMs,
      onReplaced: (reason) => this.#options.onWorkerReplaced?.(release, reason),
    })
  }
}

/** Whether the form explains a model that another runtime runs. */
export function isExplainedByForm(
  { runtime }: ServableRelease,
  artifacts: ArtifactSource,
): artifacts is ArtifactSource & Required<Pick<ArtifactSource, 'form'>> {
  return runtime?.formAgrees === true && artifacts.form !== undefined
}

function sampleOf(plan: ReleasePlan): Sample {
  const { example, signature } = modelSide(plan.release)
  const real = example.length > 0
  try {
    const inputs = modelRows(plan).decode(real ? example.slice(0, 1) : [syntheticExample(signature)])
    const fixed = fixedRowsOf(plan)
    return { inputs: fixed !== undefined && fixed > 1 ? repeatRows(inputs, fixed) : inputs, real }
  } catch (error) {
    if (real) throw exampleFailed(example.length, error)
    throw error
  }
}
