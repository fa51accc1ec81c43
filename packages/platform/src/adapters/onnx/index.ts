import { SHARE_ENV, Worker } from 'node:worker_threads'

export { onnxRuntime } from './runtime.ts'

/** Starts a thread that opens and runs models behind the message protocol of `domain/inference`. */
export function onnxWorker(): Worker {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
  return new Worker(new URL(`./worker.${extension}`, import.meta.url), { env: SHARE_ENV, name: 'model' })
}
