import { availableParallelism, cpus } from 'node:os'
import { FairleadError } from '@fairlead/contract'
import type { Execution, ReleaseSettings } from '@fairlead/contract/control'
import { syntheticExample } from '../../model/signature/example.ts'
import type { BatcherOptions } from './batcher.ts'
import { exampleFailed, runChecks } from './checks.ts'
import { chooseTile, type Measurement } from './measure.ts'
import { MemoryGauge } from './native-memory.ts'
import { WorkerPool } from './pool.ts'
import type { RunCounters } from './run-counters.ts'
import { ReleasePlan, ServingRelease } from './serving-release.ts'
import { repeatRows } from './tensors.ts'
import type { Artifact, ArtifactSource, Runtime, ServableRelease, Session, Tensors } from './types.ts'
import { type ModelThread, WorkerThread } from './worker-thread.ts'

/** One row may keep the serving thread this long. */
const INLINE_ROW_MICROS = 2000
const INLINE_LOAD_MS = 200
/** Longest run of a full tile on the serving thread, and in a worker. */
const INLINE_TILE_MS = 5
const WORKER_TILE_MS = 50
/** Longest opening of a model: so much, and more for what has to be read from a slow disk. */
const OPEN_MS = 120_000
const OPEN_BYTES_PER_MS = 10_000
const MEASURE_MS = 60_000
const SPARE_MS = 10_000
/** Rows per run where the model could not be measured. */
const UNMEASURED_TILE = 32

export interface LoaderOptions {
  artifacts: ArtifactSource
  /** The runtime for models that run on the serving thread; the thread of `spawn` has the same. */
  runtime: Runtime
  spawn(): ModelThread
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

interface Trial {
  worker: WorkerThread
  session: number
  loadMs: number
  measurement: Measurement | undefined
  /** Why there is no measurement. */
  problem: string | undefined
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
    const sample = sampleOf(plan)
    const artifact = await this.#options.artifacts.load(release)
    const { session, growth, ...run } = isKnown(release, artifact) ? await this.#openKnown(release, artifact) : await this.#openTried(plan, artifact, sample)
    return this.#checked(new ServingRelease(release, session, { ...run, memoryBytes: growth, plan }))
  }

  /** Opens a model where it ran before, without a trial. */
  async #openKnown(release: Known, artifact: Artifact): Promise<Opened> {
    return { ...(await this.#weighed(artifact)), ...asBefore(release) }
  }

  async #openTried(plan: ReleasePlan, artifact: Artifact, sample: { inputs: Tensors; real: boolean }): Promise<Opened> {
    const { release } = plan
    this.#keepSpare()
    const grown = this.#memory.begin()
    try {
      const trial = await this.#try(plan, artifact, sample)
      const inline = runsInline(release, artifact, trial)
      const run = describeRun(plan, trial, { inline, runtime: this.#options.runtime.name, branching: artifact.branching ?? [] })
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
    const { runtime } = this.#options
    await runtime.warm?.()
    const grown = this.#memory.begin()
    try {
      return { session: await runtime.open(artifact), growth: grown() }
    } finally {
      grown()
    }
  }

  /** Runs the example and golden rows; frees the release when they do not pass. */
  async #checked(serving: ServingRelease): Promise<ServingRelease> {
    try {
      serving.checks = await runChecks(serving, await this.#options.artifacts.golden?.(serving.release))
      serving.countRuns(this.#options.counters?.(serving.release))
      return serving
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

  async #try(plan: ReleasePlan, artifact: Artifact, sample: { inputs: Tensors; real: boolean }): Promise<Trial> {
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
        if (sample.real) throw exampleFailed(plan.release.example.length, error)
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

/** What figures depend on. */
const MACHINE = `${cpus()[0]?.model ?? 'unknown'} × ${availableParallelism()}`

type Known = ServableRelease & { execution: Execution }

interface Opened {
  session: Session
  /** Bytes that it brought into memory, as far as that can be told. */
  growth: number
  execution: Execution
  batching: BatcherOptions
}

/**
 * Whether a release ran inline on this machine before. Then it does again, without a trial: it has shown that it does no harm, a platform
 * starts faster and smaller without a worker for each process, and a model that was out of memory is back sooner. One that ran in a worker is
 * tried again, since that may have been for a moment in which the machine was busy; its trial is no detour, because the thread stays.
 */
function isKnown(release: ServableRelease, artifact?: Artifact): release is Known {
  const { execution, settings } = release
  const same = execution?.mode === 'inline' && execution.machine === MACHINE && execution.joinable !== undefined
  return same && settings.execution !== 'worker' && !artifact?.branching?.length
}

function queueOf({ queueRows, queueBytes, priority }: ReleaseSettings): Pick<BatcherOptions, 'queueRows' | 'queueBytes' | 'priority'> {
  return { queueRows, queueBytes, priority }
}

function asBefore({ settings, execution }: Known): { execution: Execution; batching: BatcherOptions } {
  const slots = Math.max(1, execution.workers)
  return { execution, batching: { ...queueOf(settings), tile: execution.tile, slots, joinable: execution.joinable ?? false } }
}

/** The fixed number of rows of a model that has one; 1 means row by row. */
function fixedRowsOf({ release }: ReleasePlan): number | undefined {
  const first = release.signature.inputs.map((spec) => spec.shape[0] ?? 0)
  return first.find((size) => size >= 0)
}

function sampleOf(plan: ReleasePlan): { inputs: Tensors; real: boolean } {
  const { example, signature } = plan.release
  const real = example.length > 0
  try {
    const inputs = plan.rows.decode(real ? example.slice(0, 1) : [syntheticExample(signature)])
    const fixed = fixedRowsOf(plan)
    return { inputs: fixed !== undefined && fixed > 1 ? repeatRows(inputs, fixed) : inputs, real }
  } catch (error) {
    if (real) throw exampleFailed(example.length, error)
    throw error
  }
}

/** A model that may loop never runs where it could hold up all others, whatever it took when it was measured. */
function runsInline({ settings }: ServableRelease, { branching = [] }: Artifact, { measurement, loadMs }: Trial): boolean {
  if (branching.length > 0) return false
  if (settings.execution !== 'auto') return settings.execution === 'inline'
  const one = measurement?.measured[0]?.micros
  return one !== undefined && one <= INLINE_ROW_MICROS && loadMs <= INLINE_LOAD_MS
}

function millis(micros: number): string {
  return `${(micros / 1000).toFixed(micros < 10_000 ? 2 : 0)} ms`
}

function reasonOf(
  release: ServableRelease,
  trial: Trial,
  { inline, tile, branching }: { inline: boolean; tile: number; branching: readonly string[] },
): string {
  const where = inline ? 'on the serving thread' : `in ${release.settings.workers === 1 ? 'a worker' : `${release.settings.workers} workers`}`
  const one = trial.measurement?.measured[0]?.micros
  if (one === undefined) return `Runs ${where}: it could not be measured with made-up values (${trial.problem}); give an example row to have it measured.`
  const figures = `one row takes ${millis(one)} and loading ${Math.round(trial.loadMs)} ms`
  const bound = `the serving thread takes models of at most ${INLINE_ROW_MICROS / 1000} ms a row and ${INLINE_LOAD_MS} ms to load`
  const unbounded = `how long it runs depends on the values (${branching.join(', ')}), so that it never runs on the serving thread`
  const why = branching.length > 0 ? unbounded : release.settings.execution === 'auto' ? bound : `the setting "execution" says ${release.settings.execution}`
  return `Runs ${where}: ${figures}; ${why}. Up to ${tile} ${tile === 1 ? 'row' : 'rows'} go into one run.`
}

function describeRun(
  plan: ReleasePlan,
  trial: Trial,
  { inline, runtime, branching }: { inline: boolean; runtime: string; branching: readonly string[] },
): { execution: Execution; batching: BatcherOptions } {
  const { release } = plan
  const { measurement } = trial
  const fixed = fixedRowsOf(plan)
  const best = measurement ? chooseTile(measurement.measured, inline ? INLINE_TILE_MS : WORKER_TILE_MS) : UNMEASURED_TILE
  const tile = fixed === 1 ? 1 : best
  const workers = inline ? 0 : release.settings.workers
  const joinable = fixed === 1 || (fixed === undefined && (measurement?.rowwise ?? true))
  return {
    execution: {
      runtime,
      mode: inline ? 'inline' : 'worker',
      reason: reasonOf(release, trial, { inline, tile, branching }),
      workers,
      loadMs: Math.round(trial.loadMs * 10) / 10,
      measured: measurement?.measured ?? [],
      tile,
      joinable,
      machine: MACHINE,
    },
    batching: {
      ...queueOf(release.settings),
      tile,
      slots: Math.max(1, workers),
      joinable,
    },
  }
}
