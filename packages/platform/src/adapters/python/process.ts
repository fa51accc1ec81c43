import { type ChildProcess, spawn } from 'node:child_process'
import { constants } from 'node:os'
import type { Duplex } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { FairleadError } from '@fairlead/contract'
import { type Frame, FrameReader, framed } from './frames.ts'
import { type PythonHost, workerVariables } from './host.ts'
import { isolationOf, type Measures, type WorkerTask } from './task.ts'

const MAIN = fileURLToPath(new URL('./worker.py', import.meta.url))
/** How often an idle worker is asked whether it lives, and how long it may take to say so. */
const LOOK_MS = 15_000
const REPLY_MS = 10_000
/** A worker that takes more than it may is ended by the process that watches it, with this code. */
const EXCESS = 97

/** What a worker said when it had loaded its model. */
export interface Ready {
  seconds: number
  measures: Measures
  describe: { class?: string; classes?: string[]; kind?: 'classifier' | 'regressor'; mlflow?: string }
}

interface Pending {
  resolve(frame: Frame): void
  reject(error: FairleadError): void
  timer: NodeJS.Timeout
}

/** One Python process that holds a model: questions with answers, and a clear error for every question when it is gone. */
export class PythonProcess implements AsyncDisposable {
  readonly #child: ChildProcess
  readonly #socket: Duplex
  readonly #reader = new FrameReader()
  readonly #pending = new Map<number, Pending>()
  readonly #ready = Promise.withResolvers<Ready>()
  readonly #ended = Promise.withResolvers<string>()
  readonly #closed = Promise.withResolvers<void>()
  #look: NodeJS.Timeout | undefined
  #gone: string | undefined
  #nextId = 1

  /** Starts a process; `opened` tells when its model is loaded. */
  constructor(task: WorkerTask, host: PythonHost) {
    const { python, interpreter } = task.environment
    const asked = { isolation: isolationOf(task, host), model: task.model }
    this.#child = spawn(python, ['-I', '-S', '-B', MAIN, JSON.stringify(asked)], { env: workerVariables(host), stdio: ['ignore', 'ignore', 'ignore', 'pipe'] })
    this.#socket = this.#child.stdio[3] as Duplex
    this.#socket.on('data', (bytes: Buffer) => this.#take(bytes))
    // a worker that is gone closes its end; what became of it is told below
    this.#socket.on('error', () => {})
    this.#child.once('error', (error) => this.#end(`the Python worker could not be started with ${interpreter.path}: ${error.message}`))
    this.#child.once('exit', (code, signal) => {
      this.#end(wordsOf(code, signal, task))
      this.#closed.resolve()
    })
    this.#ready.promise.catch(() => {})
    this.#child.unref()
    const socket = this.#socket as Duplex & { unref?(): void }
    socket.unref?.()
  }

  get alive(): boolean {
    return this.#gone === undefined
  }

  /** Settles with the reason when it is no more. */
  get ended(): Promise<string> {
    return this.#ended.promise
  }

  /** Settles when the model is loaded. Rejects with `load-failed`, also when that takes longer than `millis`: then the process is ended. */
  async opened(millis: number): Promise<Ready> {
    const timer = setTimeout(() => this.#kill(`loading the model takes more than ${Math.round(millis / 1000)} s`), millis)
    try {
      return await this.#ready.promise
    } finally {
      clearTimeout(timer)
    }
  }

  /**
   * Asks and waits for the answer. The process is ended when it takes longer than `stuckMs`, and everybody who waits for it is told why.
   * Rejects with `worker-crashed`, or `model-run-failed` as the worker says.
   */
  ask(header: Readonly<Record<string, unknown>>, body: Uint8Array | undefined, stuckMs: number): Promise<Frame> {
    return new Promise((resolve, reject) => {
      if (this.#gone !== undefined) {
        reject(crashed(this.#gone))
        return
      }
      clearTimeout(this.#look)
      const id = this.#nextId++
      const timer = setTimeout(() => this.#kill(`the Python worker did not answer within ${Math.round(stuckMs)} ms and was ended`), stuckMs)
      this.#pending.set(id, { resolve, reject, timer })
      for (const part of framed({ ...header, id }, body)) this.#socket.write(part)
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#kill('the Python worker was stopped')
    this.#child.ref()
    await this.#closed.promise
  }

  #take(bytes: Buffer): void {
    try {
      for (const frame of this.#reader.take(bytes)) this.#answered(frame)
    } catch (error) {
      this.#kill(`the Python worker sent what is no answer (${(error as Error).message}) and was ended`)
    }
  }

  #answered(frame: Frame): void {
    const { header } = frame
    if (header.op === 'ready') {
      this.#ready.resolve(header as unknown as Ready)
      this.#watch()
      return
    }
    if (header.op === 'failed') {
      this.#ready.reject(new FairleadError('load-failed', `Python could not load the model: ${String(header.detail)}`))
      return
    }
    const pending = this.#pending.get(header.id as number)
    if (!pending) return
    this.#pending.delete(header.id as number)
    clearTimeout(pending.timer)
    if (header.error === undefined) pending.resolve(frame)
    else pending.reject(new FairleadError('model-run-failed', wordsOfFailure(header)))
    this.#watch()
  }

  /** An idle worker is asked now and then whether it still answers. */
  #watch(): void {
    clearTimeout(this.#look)
    if (this.#pending.size > 0) return
    this.#look = setTimeout(() => void this.ask({ op: 'ping' }, undefined, REPLY_MS).catch(() => {}), LOOK_MS).unref()
  }

  #kill(reason: string): void {
    this.#end(reason)
    // the process that watches the worker, and with it all that it started
    this.#child.kill('SIGKILL')
    if (this.#child.pid === undefined) this.#closed.resolve()
  }

  #end(reason: string): void {
    if (this.#gone !== undefined) return
    this.#gone = reason
    clearTimeout(this.#look)
    this.#socket.destroy()
    this.#ready.reject(new FairleadError('load-failed', `Python could not load the model: ${reason}`))
    this.#ended.resolve(reason)
    for (const { reject, timer } of this.#pending.values()) {
      clearTimeout(timer)
      reject(crashed(reason))
    }
    this.#pending.clear()
  }
}

function crashed(reason: string): FairleadError {
  return new FairleadError('worker-crashed', reason, { retryAfter: 1 })
}

function wordsOfFailure({ error, detail }: Frame['header']): string {
  return error === 'answer' ? `the answer of the model cannot be given on: ${String(detail)}` : String(detail)
}

const SIGNALS = new Map(Object.entries(constants.signals).map(([name, number]) => [number, name]))

/** Why a worker ended, by what the process that watched it says. */
function wordsOf(code: number | null, signal: string | null, { memoryBytes, log }: WorkerTask): string {
  const see = log === undefined ? '' : `; what it printed is in ${log}`
  if (code === EXCESS) return `the Python worker was ended: it took more than ${memoryBytes >> 20} MB of memory, or ran too many processes${see}`
  const name = signal ?? (code !== null && code > 128 ? SIGNALS.get(code - 128) : undefined)
  return name === undefined ? `the Python worker ended by itself with code ${code}${see}` : `the Python worker was ended by ${name}${see}`
}
