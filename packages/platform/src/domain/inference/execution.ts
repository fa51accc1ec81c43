import { availableParallelism, cpus } from 'node:os'
import type { Execution, ReleaseSettings } from '@fairlead/contract/control'
import type { BatcherOptions } from './batcher.ts'
import { chooseTile, type Measurement } from './measure.ts'
import { modelSide } from './model-side.ts'
import type { ReleasePlan } from './serving-release.ts'
import type { Artifact, ServableRelease } from './types.ts'

/** One row may keep the serving thread this long. */
const INLINE_ROW_MICROS = 2000
const INLINE_LOAD_MS = 200
/** Longest run of a full tile on the serving thread, and in a worker. */
const INLINE_TILE_MS = 5
const WORKER_TILE_MS = 50
/** Rows per run where the model could not be measured. */
const UNMEASURED_TILE = 32

/** What a trial of a model showed. */
export interface Tried {
  loadMs: number
  measurement: Measurement | undefined
  /** Why there is no measurement. */
  problem: string | undefined
}

/** Where and in what portions a release runs. */
export interface Run {
  execution: Execution
  batching: BatcherOptions
}

/** What figures depend on. */
const MACHINE = `${cpus()[0]?.model ?? 'unknown'} × ${availableParallelism()}`

/** A release of which it is known how it runs here. */
export type Known = ServableRelease & { execution: Execution }

/**
 * Whether a release ran inline on this machine before. Then it does again, without a trial: it has shown that it does no harm, a platform
 * starts faster and smaller without a worker for each process, and a model that was out of memory is back sooner. One that ran in a worker is
 * tried again, since that may have been for a moment in which the machine was busy; its trial is no detour, because the thread stays.
 */
export function isKnown(release: ServableRelease, artifact?: Artifact): release is Known {
  const { execution, settings, runtime } = release
  const sameWay = runtime === undefined || execution?.runtime === runtime.name
  const same = sameWay && execution?.mode === 'inline' && execution.machine === MACHINE && execution.joinable !== undefined
  return same && settings.execution !== 'worker' && !artifact?.branching?.length
}

function queueOf({ queueRows, queueBytes, priority }: ReleaseSettings): Pick<BatcherOptions, 'queueRows' | 'queueBytes' | 'priority'> {
  return { queueRows, queueBytes, priority }
}

/** Runs as it ran before. */
export function asBefore({ settings, execution }: Known): Run {
  const slots = Math.max(1, execution.workers)
  return { execution, batching: { ...queueOf(settings), tile: execution.tile, slots, joinable: execution.joinable ?? false } }
}

/** The fixed number of rows of a model that has one; 1 means row by row. */
export function fixedRowsOf({ release }: ReleasePlan): number | undefined {
  const first = modelSide(release).signature.inputs.map((spec) => spec.shape[0] ?? 0)
  return first.find((size) => size >= 0)
}

/** A model that may loop never runs where it could hold up all others, whatever it took when it was measured. */
export function runsInline({ settings }: ServableRelease, { branching = [] }: Artifact, { measurement, loadMs }: Tried): boolean {
  if (branching.length > 0) return false
  if (settings.execution !== 'auto') return settings.execution === 'inline'
  const one = measurement?.measured[0]?.micros
  return one !== undefined && one <= INLINE_ROW_MICROS && loadMs <= INLINE_LOAD_MS
}

function millis(micros: number): string {
  if (micros < 100) return `${Number(micros.toPrecision(2))} µs`
  return `${(micros / 1000).toFixed(micros < 10_000 ? 2 : 0)} ms`
}

function reasonOf(
  release: ServableRelease,
  trial: Tried,
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

/** Runs in processes of its own, as it was measured there. */
export function describeApart(plan: ReleasePlan, trial: Tried, { runtime, isolation }: { runtime: string; isolation: string | undefined }): Run {
  const { release } = plan
  const { workers } = release.settings
  const { measurement } = trial
  const tile = measurement ? chooseTile(measurement.measured, WORKER_TILE_MS) : UNMEASURED_TILE
  const joinable = measurement?.rowwise ?? false
  const one = measurement?.measured[0]?.micros
  const figures = one === undefined ? `it could not be measured with made-up values (${trial.problem})` : `one row takes ${millis(one)}`
  const together = joinable ? `up to ${tile} ${tile === 1 ? 'row goes' : 'rows go'} into one run` : 'rows of several requests do not share a run'
  const words = `Runs in ${workers === 1 ? 'a process' : `${workers} processes`} of its own for each serve process: ${figures}; ${together}.`
  return {
    execution: {
      runtime,
      mode: 'worker',
      reason: [words, release.runtime?.reason].filter((part) => part !== undefined).join(' '),
      workers,
      loadMs: Math.round(trial.loadMs * 10) / 10,
      measured: measurement?.measured ?? [],
      tile,
      joinable,
      ...(isolation === undefined ? {} : { isolation }),
      machine: MACHINE,
    },
    batching: { ...queueOf(release.settings), tile, slots: workers, joinable },
  }
}

/** Runs as the trial showed that it should, with the reason in words. */
export function describeRun(
  plan: ReleasePlan,
  trial: Tried,
  { inline, runtime, branching }: { inline: boolean; runtime: string; branching: readonly string[] },
): Run {
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
      reason: [reasonOf(release, trial, { inline, tile, branching }), release.runtime?.reason].filter((part) => part !== undefined).join(' '),
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
