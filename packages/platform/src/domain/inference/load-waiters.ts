import { FairleadError } from '@fairlead/contract'
import { QUEUE_BYTES, weightOf } from './queued-request.ts'
import type { ServingRelease } from './serving-release.ts'
import type { InferenceRequest } from './types.ts'

interface Waiter {
  request: InferenceRequest
  /** About how much memory its inputs hold. */
  bytes: number
  timer: NodeJS.Timeout
  resolve(serving: ServingRelease): void
  reject(error: unknown): void
}

/** Requests that wait until a model is loaded, no longer than their deadlines and no more than may wait for the model itself. */
export class LoadWaiters {
  readonly #waiting = new Set<Waiter>()
  #rows = 0
  #bytes = 0

  /** Rows that wait. */
  get rows(): number {
    return this.#rows
  }

  /** Waits for the model. Rejects with `queue-full`, `deadline-exceeded`, `cancelled`, or with what `fail` is given. */
  wait(request: InferenceRequest, { queueRows, queueBytes = QUEUE_BYTES }: { queueRows: number; queueBytes?: number }): Promise<ServingRelease> {
    const { rows, deadline } = request
    const bytes = weightOf(request.inputs)
    const isFirst = this.#waiting.size === 0
    if (!isFirst && this.#rows + rows > queueRows) throw full(`${this.#rows} rows wait for the model to be loaded, at most ${queueRows} may`)
    if (!isFirst && this.#bytes + bytes > queueBytes) throw full(`${this.#bytes} bytes of inputs wait for the model to be loaded, at most ${queueBytes} may`)
    return new Promise((resolve, reject) => {
      const late = () => this.#end(waiter, () => reject(new FairleadError('deadline-exceeded', 'the deadline passed before the model was loaded')))
      // an answer that nobody waits for keeps no process alive
      const timer = setTimeout(late, Math.min(Math.max(0, deadline - Date.now()), 2 ** 31 - 1)).unref()
      const waiter: Waiter = { request, bytes, timer, resolve, reject }
      this.#waiting.add(waiter)
      this.#rows += rows
      this.#bytes += bytes
    })
  }

  /** The model is there. */
  settle(serving: ServingRelease): void {
    for (const waiter of this.#waiting) {
      const gone = waiter.request.isAbandoned?.() === true
      this.#end(waiter, () => (gone ? waiter.reject(goneBeforeLoad()) : waiter.resolve(serving)))
    }
  }

  /** It will not be. */
  fail(error: unknown): void {
    for (const waiter of this.#waiting) this.#end(waiter, () => waiter.reject(error))
  }

  #end(waiter: Waiter, say: () => void): void {
    clearTimeout(waiter.timer)
    this.#waiting.delete(waiter)
    this.#rows -= waiter.request.rows
    this.#bytes -= waiter.bytes
    say()
  }
}

function goneBeforeLoad(): FairleadError {
  return new FairleadError('cancelled', 'the caller went away before the model was loaded')
}

function full(detail: string): FairleadError {
  return new FairleadError('queue-full', detail, { retryAfter: 1 })
}
