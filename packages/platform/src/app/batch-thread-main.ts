import { parentPort, workerData } from 'node:worker_threads'
import { lowerThreadPriority } from '../kernel/thread-priority.ts'
import { thrownOf } from './batch-errors.ts'
import type { ShardAnswer, ShardCall, ShardThreadData } from './batch-messages.ts'
import { shardWork } from './batch-work.ts'

const TOLD_MS = 100

const port = parentPort
if (port) {
  // before a model is opened: predictions on this machine go first
  lowerThreadPriority()
  const say = (answer: ShardAnswer) => port.postMessage(answer)
  const opening = shardWork(workerData as ShardThreadData)
  opening.catch(() => {})
  let toldAt = 0
  port.on('message', async ({ shard, from }: ShardCall) => {
    try {
      const run = await opening
      const record = await run(shard, from, (rows) => {
        const now = performance.now()
        if (now - toldAt < TOLD_MS) return
        toldAt = now
        say({ kind: 'rows', ...rows })
      })
      say({ kind: 'done', record })
    } catch (error) {
      say({ kind: 'failed', error: thrownOf(error) })
    }
  })
}
