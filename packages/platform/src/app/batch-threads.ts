import { SHARE_ENV, Worker } from 'node:worker_threads'
import { FairleadError } from '@fairlead/contract'
import type { ShardRecord, ShardWorkers } from '../domain/batch/index.ts'
import { thrownAgain } from './batch-errors.ts'
import type { ShardAnswer, ShardCall, ShardThreadData } from './batch-messages.ts'

type Told = (rows: { done: number; rejected: number }) => void

/** What does the shards of a job: this thread where one is enough, else threads of their own, each with the model. */
export async function shardThreads(data: ShardThreadData, threads: number): Promise<ShardWorkers & AsyncDisposable> {
  if (threads > 1) return new Threads(data, threads)
  // threads of their own load it by themselves
  const { shardWork } = await import('./batch-work.ts')
  const run = await shardWork(data)
  return { size: 1, run, async [Symbol.asyncDispose]() {} }
}

class Threads implements ShardWorkers, AsyncDisposable {
  readonly size: number
  readonly #idle: Worker[]
  readonly #all: Worker[]

  constructor(data: ShardThreadData, threads: number) {
    this.size = threads
    const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
    const main = new URL(`./batch-thread-main.${extension}`, import.meta.url)
    this.#all = Array.from({ length: threads }, () => new Worker(main, { env: SHARE_ENV, name: 'shard', workerData: data }))
    this.#idle = [...this.#all]
  }

  async run(shard: number, from: number | undefined, told: Told): Promise<ShardRecord> {
    const worker = this.#idle.pop()
    if (!worker) throw new FairleadError('internal', 'More shards than threads are in hand.')
    try {
      return await asked(worker, { shard, from }, told)
    } finally {
      this.#idle.push(worker)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#all.map((worker) => worker.terminate()))
  }
}

function asked(worker: Worker, call: ShardCall, told: Told): Promise<ShardRecord> {
  return new Promise((resolve, reject) => {
    const settle = (done: () => void) => {
      worker.off('message', heard)
      worker.off('error', failed)
      worker.off('exit', ended)
      done()
    }
    const heard = (answer: ShardAnswer) => {
      if (answer.kind === 'rows') told(answer)
      else if (answer.kind === 'done') settle(() => resolve(answer.record))
      else settle(() => reject(thrownAgain(answer.error)))
    }
    const failed = (cause: unknown) =>
      settle(() => reject(new FairleadError('worker-crashed', `a thread of the job failed: ${(cause as Error).message}`, { cause })))
    const ended = (code: number) => settle(() => reject(new FairleadError('worker-crashed', `a thread of the job ended with code ${code}`)))
    worker.on('message', heard)
    worker.on('error', failed)
    worker.on('exit', ended)
    worker.postMessage(call, [])
  })
}
