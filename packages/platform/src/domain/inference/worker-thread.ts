import type { Worker } from 'node:worker_threads'
import { type Explanation, FairleadError } from '@fairlead/contract'
import type { Measurement } from './measure.ts'
import type { Artifact, Tensors } from './types.ts'
import { type AnsweredCall, detached, transferable, type WorkerAnswer, type WorkerCall } from './worker-protocol.ts'

/** Longest wait for a thread to end. */
const TERMINATE_MS = 2000
/** Bytes of a model that are handed over at a time: who sends a message copies it, and a large one would hold up all that this thread answers. */
const PART_BYTES = 1 << 20
const NO_BYTES = new Uint8Array(0)

/** A thread that runs `serveSessions`. */
export type ModelThread = Worker

type WithoutId<T> = T extends unknown ? Omit<T, 'id'> : never
type Ok = Extract<WorkerAnswer, { kind: 'ok' }>

interface Pending {
  resolve(answer: Ok): void
  reject(error: FairleadError): void
  timer: NodeJS.Timeout | undefined
}

/** The platform's side of one worker: calls with answers, and a clear error for every call when the thread is gone. */
export class WorkerThread implements AsyncDisposable {
  readonly #thread: ModelThread
  readonly #onLost: ((reason: string) => void) | undefined
  readonly #pending = new Map<number, Pending>()
  #ending: Promise<void> | undefined
  #nextId = 1
  #gone: string | undefined
  readonly #settle: (reason: string) => void
  /** Settles when the thread has ended or been given up, with the reason. */
  readonly ended: Promise<string>

  /** `onLost` is told when the thread was given up and runs on, with the reason: native code cannot be ended from outside. */
  constructor(thread: ModelThread, onLost?: (reason: string) => void) {
    this.#thread = thread
    this.#onLost = onLost
    thread.unref()
    thread.on('message', (answer: WorkerAnswer) => this.#answered(answer))
    const { promise, resolve } = Promise.withResolvers<string>()
    this.ended = promise
    this.#settle = resolve
    thread.on('error', (error) => this.#end(`the worker failed: ${error.message}`))
    thread.on('exit', (code) => this.#end(`the worker ended with code ${code}`))
  }

  get alive(): boolean {
    return this.#gone === undefined
  }

  /**
   * Opens a model; answers the session's id and the processor time that it took, in milliseconds. The thread is ended when it takes
   * longer than `stuckMs`.
   */
  async open(artifact: Artifact, stuckMs: number): Promise<{ session: number; millis: number }> {
    const session = this.#nextId++
    const { millis = 0 } = await this.#call({ kind: 'open', artifact: await this.#handOver(session, artifact) }, { stuckMs, id: session })
    return { session, millis }
  }

  /** Hands over the bytes of a large model in parts, between which others have their turn; answers what is left to be sent. */
  async #handOver(id: number, artifact: Artifact): Promise<Artifact> {
    const { bytes } = artifact
    if (bytes.length <= PART_BYTES) return artifact
    for (let at = 0; at < bytes.length && this.alive; at += PART_BYTES) {
      const part = new Uint8Array(bytes.subarray(at, at + PART_BYTES))
      this.#thread.postMessage({ id, kind: 'part', part, at, length: bytes.length } satisfies WorkerCall, [part.buffer])
      await new Promise(setImmediate)
    }
    return { ...artifact, bytes: NO_BYTES }
  }

  /** Runs a session; the thread is ended when it takes longer than `stuckMs`. Inputs that are `given` may not be used afterwards. */
  async run(session: number, inputs: Tensors, { stuckMs, given = false }: { stuckMs: number; given?: boolean }): Promise<Tensors> {
    const copies = detached(inputs, given)
    const { outputs = {} } = await this.#call({ kind: 'run', session, inputs: copies }, { transfer: transferable(copies), stuckMs })
    return outputs
  }

  /** Explains rows; the thread is ended when it takes longer than `stuckMs`. The inputs may not be used afterwards. */
  async explain(session: number, inputs: Tensors, stuckMs: number): Promise<Explanation[]> {
    const { explanations = [] } = await this.#call({ kind: 'explain', session, inputs }, { transfer: transferable(inputs), stuckMs })
    return explanations
  }

  async measure(session: number, inputs: Tensors, { fixedRows, stuckMs }: { fixedRows: boolean; stuckMs: number }): Promise<Measurement> {
    const { measurement } = await this.#call({ kind: 'measure', session, inputs, fixedRows }, { stuckMs })
    return measurement!
  }

  async close(session: number): Promise<void> {
    if (this.alive) await this.#call({ kind: 'close', session })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#end('the worker was stopped')
    await this.#terminate()
  }

  #call(
    call: WithoutId<AnsweredCall>,
    { transfer = [], stuckMs, id = this.#nextId++ }: { transfer?: ArrayBuffer[]; stuckMs?: number; id?: number } = {},
  ): Promise<Ok> {
    return new Promise((resolve, reject) => {
      if (this.#gone !== undefined) {
        reject(crashed(this.#gone))
        return
      }
      const timer = stuckMs === undefined ? undefined : setTimeout(() => this.#stuck(stuckMs), stuckMs)
      this.#pending.set(id, { resolve, reject, timer })
      this.#thread.postMessage({ ...call, id }, transfer)
    })
  }

  #answered(answer: WorkerAnswer): void {
    const pending = this.#pending.get(answer.id)
    if (!pending) return
    this.#pending.delete(answer.id)
    clearTimeout(pending.timer)
    if (answer.kind === 'ok') pending.resolve(answer)
    else if (answer.kind === 'failed') pending.reject(new FairleadError(answer.code, answer.detail, { items: answer.items }))
  }

  #stuck(millis: number): void {
    this.#end(`the worker did not answer within ${Math.round(millis)} ms`)
    void this.#terminate()
  }

  /** A thread that hangs inside a native library cannot be ended; whoever waits for it must not hang with it. */
  #terminate(): Promise<void> {
    this.#ending ??= new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.#onLost?.(this.#gone!)
        resolve()
      }, TERMINATE_MS)
      const over = () => {
        clearTimeout(timer)
        resolve()
      }
      this.#thread.terminate().then(over, over)
    })
    return this.#ending
  }

  #end(reason: string): void {
    this.#gone ??= reason
    this.#settle(this.#gone)
    for (const { reject, timer } of this.#pending.values()) {
      clearTimeout(timer)
      reject(crashed(this.#gone))
    }
    this.#pending.clear()
  }
}

function crashed(reason: string): FairleadError {
  return new FairleadError('worker-crashed', reason, { retryAfter: 1 })
}
