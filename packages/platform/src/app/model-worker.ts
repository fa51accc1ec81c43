import { SHARE_ENV, Worker } from 'node:worker_threads'
import { compiledRuntime } from '../adapters/compiled/index.ts'
import { onnxRuntime } from '../adapters/onnx/index.ts'
import type { Runtime } from '../domain/inference/index.ts'

/** The ways in which this platform runs models; the same on the serving thread and in workers. */
export function modelRuntimes(): Runtime[] {
  return [onnxRuntime(), compiledRuntime()]
}

/** Starts a thread that opens and runs models behind the message protocol of `domain/inference`. */
export function modelWorker(): Worker {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
  return new Worker(new URL(`./model-worker-main.${extension}`, import.meta.url), { env: SHARE_ENV, name: 'model' })
}
