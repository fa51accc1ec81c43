import { Worker } from 'node:worker_threads'
import type { BenchRequest, Generator, Step, StepResult, Target } from './types.ts'

/** To the thread. */
export type ToThread = { kind: 'learn' } | { kind: 'run'; step: Step } | { kind: 'cancel' }

/** From the thread. */
export type FromThread = { kind: 'learnt' } | { kind: 'share'; share: number } | { kind: 'ran'; result: StepResult } | { kind: 'failed'; detail: string }

/** What the thread starts with. */
export interface ThreadTask {
  target: Target
  requests: BenchRequest[]
}

const MAIN = new URL(import.meta.url.endsWith('.ts') ? './thread-main.ts' : './thread-main.js', import.meta.url)

/** A generator in a thread of its own, which nothing disturbs that this one does. */
export function generatorThread(target: Target, requests: BenchRequest[]): Generator {
  const thread = new Worker(MAIN, { workerData: { target, requests } satisfies ThreadTask, name: 'load' })
  // a thread that ends while nobody waits for it is noticed by the next who does
  thread.on('error', () => {})
  const ask = <T>(message: ToThread, hear: (answer: FromThread) => T | undefined): Promise<T> =>
    new Promise((resolve, reject) => {
      const settle = (then: () => void): void => {
        thread.off('message', listen)
        thread.off('error', failed)
        thread.off('exit', ended)
        then()
      }
      const failed = (error: Error) => settle(() => reject(error))
      const ended = () => failed(new Error('the thread that makes the load has ended'))
      const listen = (answer: FromThread) => {
        if (answer.kind === 'failed') return failed(new Error(answer.detail))
        const value = hear(answer)
        if (value !== undefined) settle(() => resolve(value))
      }
      thread.on('message', listen).on('error', failed).on('exit', ended)
      thread.postMessage(message, [])
    })
  return {
    learn: async () => void (await ask({ kind: 'learn' }, (answer) => (answer.kind === 'learnt' ? true : undefined))),
    run: (step, tell) =>
      ask({ kind: 'run', step }, (answer) => {
        if (answer.kind === 'share') tell?.(answer.share)
        return answer.kind === 'ran' ? answer.result : undefined
      }),
    cancel: () => thread.postMessage({ kind: 'cancel' } satisfies ToThread, []),
    close: async () => void (await thread.terminate()),
  }
}
