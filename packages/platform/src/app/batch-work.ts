import { fileBlobs } from '../adapters/files/index.ts'
import { openServing } from '../adapters/sqlite/serving.ts'
import { runShard, Scorer, type ShardRecord, WorkFolder } from '../domain/batch/index.ts'
import { openHere, type Runtime } from '../domain/inference/index.ts'
import { artifactSource } from './artifacts.ts'
import { batchForms } from './batch-forms.ts'
import type { ShardThreadData } from './batch-messages.ts'
import { type DataFolder, dataFolderAt } from './data-folder.ts'
import { FormStore } from './form-store.ts'
import { modelRuntimes } from './model-worker.ts'

/** Opens the release of a job on this thread, ready to score. */
export async function openScorer({ task, dataDir, interpreters, features }: Omit<ShardThreadData, 'plan'>): Promise<Scorer> {
  const folder = dataFolderAt(dataDir)
  const { spec } = task
  // each thread has a worker of its own of what runs in processes
  const release = { ...task.release, settings: { ...task.release.settings, workers: 1 } }
  const golden = (deployment: string, number: number) => {
    using store = openServing(folder.database)
    return store.golden(deployment, number)
  }
  const artifacts = artifactSource({ blobs: fileBlobs({ root: folder.blobs }), cache: folder.cache, forms: new FormStore(folder.forms), golden })
  const runtimes = release.model.format === 'python' ? [await pythonRuntimeOf(folder, interpreters)] : modelRuntimes()
  const opened = await openHere(release, { artifacts, runtimes, features: await servicesOf(features), explain: spec.explain })
  return new Scorer(opened, { explain: spec.explain })
}

/** The services that pipelines may ask; most jobs need none. */
async function servicesOf(features: ShardThreadData['features']) {
  return features.length === 0 ? undefined : (await import('./feature-services.ts')).featureServicesOf(features)
}

/** Loaded for models that need it only: a thread starts much faster without it. */
async function pythonRuntimeOf(folder: DataFolder, interpreters: readonly string[]): Promise<Runtime> {
  const [{ pythonRuntime }, { pythonOptions }] = await Promise.all([import('../adapters/python/index.ts'), import('./python.ts')])
  return pythonRuntime(pythonOptions(folder, interpreters))
}

/** Does shards of a job on this thread, one after the other. */
export async function shardWork(data: ShardThreadData) {
  const { task, plan } = data
  const [scorer, source, target] = await Promise.all([openScorer(data), batchForms.source(plan.format), batchForms.target(plan.outputFormat)])
  const work = new WorkFolder(task.spec.output, task.id)
  return (shard: number, from: number | undefined, told: (rows: { done: number; rejected: number }) => void): Promise<ShardRecord> => {
    const rows = { done: 0, rejected: 0 }
    return runShard(shard, from, {
      plan,
      source,
      target,
      scorer,
      work,
      progress({ done, rejected }) {
        rows.done += done
        rows.rejected += rejected
        told(rows)
      },
    })
  }
}
