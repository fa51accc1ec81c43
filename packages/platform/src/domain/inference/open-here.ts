import { FairleadError } from '@fairlead/contract'
import type { Execution } from '@fairlead/contract/control'
import type { FeatureService } from '../pipeline/index.ts'
import { backgroundOf } from './background.ts'
import { fixedRowsOf } from './execution.ts'
import { Explaining } from './explaining.ts'
import { isExplainedByForm } from './load.ts'
import { chooseTile } from './measure.ts'
import { runtimeFor } from './runtime-for.ts'
import { ReleasePlan, ServingRelease } from './serving-release.ts'
import { lookupsOf } from './steps/lookups.ts'
import type { ArtifactSource, Runtime, ServableRelease } from './types.ts'

/** Rows of one run of a form, which works them out in blocks by itself. */
const FORM_TILE = 16_384
/** Rows of one run where nothing was measured. */
const UNMEASURED_TILE = 128

/** A release that runs on the calling thread, for work on many rows. */
export interface OpenedHere {
  serving: ServingRelease
  /** Rows that a request must have: the fixed number of a model that has one, 1 where rows change each other's answers; any number where absent. */
  portion: number | undefined
}

export interface OpenHereOptions {
  artifacts: ArtifactSource
  runtimes: readonly Runtime[]
  /** Services that `lookup` steps ask for features, by name. */
  features?: ReadonlyMap<string, FeatureService> | undefined
  /** Whether answers will be explained. */
  explain?: boolean
}

/**
 * Opens a release on this thread without a trial, in the tile that takes the least time a row however long a run takes. What it runs is
 * what a serve process runs. Throws as `ReleaseLoader.load` and, to explain, `explanation-unavailable`.
 */
export async function openHere(release: ServableRelease, { artifacts, runtimes, features, explain = false }: OpenHereOptions): Promise<OpenedHere> {
  const plan = new ReleasePlan(release)
  const lookups = lookupsOf(plan.pipeline, features)
  const artifact = await artifacts.load(release)
  const runtime = runtimeFor(runtimes, artifact)
  const session = await runtime.open(artifact)
  const explaining = explain ? explainingHere(plan, { artifacts, runtimes }) : undefined
  const fixed = fixedRowsOf(plan)
  const joinable = fixed === 1 || (fixed === undefined && (release.execution?.joinable ?? true))
  const execution: Execution = release.execution ?? { runtime: runtime.name, mode: 'inline', reason: '', workers: 0, loadMs: 0, measured: [], tile: 1 }
  const batching = {
    tile: fixed === 1 ? 1 : tileOf(execution, runtime.name),
    queueRows: Number.MAX_SAFE_INTEGER,
    queueBytes: Number.MAX_SAFE_INTEGER,
    slots: 1,
  }
  const serving = new ServingRelease(release, session, { execution, batching: { ...batching, joinable }, plan, explaining, lookups })
  return { serving, portion: joinable ? undefined : (fixed ?? 1) }
}

function tileOf({ measured }: Execution, runtime: string): number {
  if (runtime === 'compiled') return FORM_TILE
  return measured.length === 0 ? UNMEASURED_TILE : chooseTile(measured, Number.POSITIVE_INFINITY)
}

function explainingHere(plan: ReleasePlan, { artifacts, runtimes }: OpenHereOptions): Explaining {
  const { release } = plan
  return new Explaining(async () => {
    const own = await (isExplainedByForm(release, artifacts) ? artifacts.form(release) : artifacts.load(release))
    const runtime = runtimeFor(runtimes, own)
    if (!runtime.explains)
      throw new FairleadError('explanation-unavailable', `only trees and linear models whose compiled form answers as the model are explained`)
    const background = backgroundOf(plan, (await artifacts.golden?.(release))?.rows)
    const session = await runtime.open({ ...own, ...(background && { background }) })
    return {
      session: 0,
      worker: { alive: true, explain: (_, inputs) => session.explain!(inputs), [Symbol.asyncDispose]: () => session[Symbol.asyncDispose]() },
    }
  })
}
