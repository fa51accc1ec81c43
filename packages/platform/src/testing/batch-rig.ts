import { join } from 'node:path'
import { type JobSpec, jobRequest } from '@fairlead/contract/control'
import { batchForms } from '../app/batch-forms.ts'
import { type JobOutcome, type PathRules, runJob, runShard, Scorer, type ShardWorkers } from '../domain/batch/index.ts'
import { type OpenedHere, type ServableRelease, ServingRelease, type Session } from '../domain/inference/index.ts'
import { fakeModel, fakeRelease, fakeSession } from './fake-model.ts'

export const ANYWHERE: PathRules = { folders: null, closed: [] }

/** A release on this thread, of a session that is there already. */
export function openedHere(session: Session, release: ServableRelease, portion?: number): OpenedHere {
  const execution = { runtime: 'fake', mode: 'inline' as const, reason: '', workers: 0, loadMs: 0, measured: [], tile: 64 }
  const batching = { tile: 64, queueRows: 1e9, queueBytes: 1e12, slots: 1, joinable: portion === undefined }
  return { serving: new ServingRelease(release, session, { execution, batching }), portion }
}

/** The fake model. */
export function openedFake(model = fakeModel()): OpenedHere {
  return openedHere(fakeSession(model), fakeRelease())
}

/** How a job in a test is run. */
export interface BatchRun extends Omit<Partial<JobSpec>, 'input' | 'output'> {
  input: string | string[]
  output: string
  opened?: OpenedHere
  id?: string
  rules?: PathRules
  /** Told of each shard before it is begun; may throw. */
  before?: (shard: number) => void
  /** Makes shards small. */
  threads?: number
}

/** Runs a job on this thread to its end. */
export async function runBatch({ opened = openedFake(), id = 'job', rules = ANYWHERE, before, ...asked }: BatchRun): Promise<JobOutcome> {
  const spec = jobRequest.parse({ deployment: 'credit-risk', ...asked, input: [asked.input].flat() })
  const release = opened.serving
  const scorer = new Scorer(opened, { explain: spec.explain })
  return runJob({
    id,
    spec,
    release,
    forms: batchForms,
    rules,
    threads: asked.threads ?? 1,
    spentMs: 0,
    report: () => {},
    async workers(plan, work): Promise<ShardWorkers & AsyncDisposable> {
      const source = await batchForms.source(plan.format)
      const target = await batchForms.target(plan.outputFormat)
      return {
        size: 1,
        async run(shard, from, told) {
          before?.(shard)
          const rows = { done: 0, rejected: 0 }
          const progress = ({ done, rejected }: typeof rows) => {
            rows.done += done
            rows.rejected += rejected
            told(rows)
          }
          return runShard(shard, from, { plan, source, target, scorer, work, progress })
        },
        async [Symbol.asyncDispose]() {},
      }
    },
  })
}

/** Paths below a folder. */
export function below(folder: { path: string }): (name: string) => string {
  return (name) => join(folder.path, name)
}
