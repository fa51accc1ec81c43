import { parentPort } from 'node:worker_threads'
import { serveSessions } from '../domain/inference/index.ts'
import { lowerThreadPriority } from '../kernel/thread-priority.ts'
import { modelRuntimes } from './model-worker.ts'

if (parentPort) {
  // before a model is opened: threads that a library starts are like the one that starts them
  lowerThreadPriority()
  serveSessions(parentPort, modelRuntimes())
}
