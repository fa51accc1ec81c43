import { availableParallelism } from 'node:os'
import { previewJob, runJob } from '../domain/batch/index.ts'
import { ReleasePlan } from '../domain/inference/index.ts'
import { thrownOf } from './batch-errors.ts'
import { batchForms } from './batch-forms.ts'
import type { BatchInit, BatchMessage } from './batch-messages.ts'
import { shardThreads } from './batch-threads.ts'

const MOST_THREADS = 16
/** Bytes of files for which a thread of its own is not worth its start. */
const SMALL_BYTES = 2 ** 22

async function run({ kind, task, dataDir, interpreters, features }: BatchInit): Promise<BatchMessage> {
  const { id, spec, release, rules, spentMs } = task
  const threads = spec.threads ?? Math.min(availableParallelism(), MOST_THREADS)
  const plan = new ReleasePlan(release)
  const options = { spec, release: plan, forms: batchForms, rules, threads }
  if (kind === 'preview')
    return {
      kind: 'preview',
      preview: await previewJob({ ...options, scorer: async () => (await import('./batch-work.ts')).openScorer({ task, dataDir, interpreters, features }) }),
    }
  const outcome = await runJob({
    ...options,
    id,
    spentMs,
    report: (report) => void process.send?.({ kind: 'progress', report } satisfies BatchMessage),
    workers: (planned) => {
      const bytes = planned.files.reduce((sum, { size }) => sum + size, 0)
      return shardThreads({ task, plan: planned, dataDir, interpreters, features }, bytes < SMALL_BYTES ? 1 : Math.min(threads, planned.shards.length))
    },
  })
  return { kind: 'ended', outcome }
}

// nobody waits for the job any more; it goes on where it was when somebody does
process.once('disconnect', () => process.exit())

process.once('message', (init: BatchInit) => {
  run(init)
    .catch((error: unknown): BatchMessage => ({ kind: 'failed', error: thrownOf(error) }))
    .then((message) => process.send?.(message, () => process.disconnect()))
    .catch(() => process.exit(1))
})
