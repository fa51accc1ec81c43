import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Expectation } from './answers.ts'

/** A request as it is sent, and what a right answer to it says; without an expectation any answer with status 200 is right. */
export interface LoadRequest {
  path: string
  body: string | Uint8Array
  /** Instead of `Content-Type: application/json`. */
  headers?: Record<string, string>
  expect?: Expectation
}

/** One round of load: requests sent in turn over some connections for some seconds. */
export interface LoadTask {
  port: number
  connections: number
  seconds: number
  /** Where the part of an answer begins that is the same for the same request; empty: the whole body is. */
  marker: string
  requests: LoadRequest[]
}

/** What a round measured. Latencies in microseconds. */
export interface LoadResult {
  requests: number
  perSecond: number
  p50: number
  p99: number
  /** Share of the time in which the generator was computing: near one, it was the limit and not the server. */
  busy: number
  wrong: number
  firstWrong?: string | undefined
}

/** A child process that talks in messages and ends with its owner. */
export function start(file: string, args: string[] = []): ChildProcess {
  return fork(fileURLToPath(new URL(file, import.meta.url)), args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'], serialization: 'advanced' })
}

/** The next message of a child. Rejects when it ends instead. */
export function next<T>(child: ChildProcess): Promise<T> {
  return new Promise((resolve, reject) => {
    const ended = (code: number | null): void => reject(new Error(`A process of the benchmark ended with ${code}`))
    child.once('exit', ended)
    child.once('message', (message) => {
      child.off('exit', ended)
      resolve(message as T)
    })
  })
}

/** Runs one round. Throws when a connection breaks or an answer is wrong: a benchmark of wrong answers is worth nothing. */
export async function load(generator: ChildProcess, task: LoadTask): Promise<LoadResult> {
  const answer = next<LoadResult | { error: string }>(generator)
  generator.send(task)
  const result = await answer
  if ('error' in result) throw new Error(result.error)
  if (result.wrong > 0) throw new Error(`${result.wrong} of ${result.requests} answers are wrong, the first: ${result.firstWrong}`)
  return result
}
