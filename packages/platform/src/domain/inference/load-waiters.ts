import { FairleadError } from '@fairlead/contract'
import type { ServingRelease } from './serving-release.ts'
import type { InferenceRequest } from './types.ts'

interface Waiter {
  request: InferenceRequest
  timer: NodeJS.Timeout
  resolve(serving: ServingRelease): void
  reject(error: unknown): void
}

/** Requests that wait until a model is loaded, no longer than their deadlines and no more rows than may wait for the model itself. */
export class LoadWaiters {
  readonly #waiting = new Set<Waiter>()
  #rows = 0

  /** Rows that wait. */
  get rows(): number {
    return this.#rows
  }

  /** Waits for the model. Rejects with `queue-full`, `deadline-exceeded`, `cancelled`, or with what `fail` is given. */
  wait(request: InferenceRequest, queueRows: number): Promise<ServingRelease> {
    const { rows, deadline } = request
    if (this.#rows > 0 && this.#rows + rows > queueRows) {
      throw new FairleadError('queue-full', `${this.#rows} rows wait for the model to be loaded, at most ${queueRows} may`, { retryAfter: 1 })
    }
    return new Promise((resolve, reject) => {
      const late = () => this.#end(waiter, () => reject(new FairleadError('deadline-exceeded', 'the deadline passed before the model was loaded')))
      // an answer that nobody waits for keeps no process alive
      const timer = setTimeout(late, Math.min(Math.max(0, deadline - Date.now()), 2 ** 31 - 1)).unref()
      const waiter: Waiter = { request, timer, resolve, reject }
      this.#waiting.add(waiter)
      this.#rows += rows
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
    say()
  }
}

function goneBeforeLoad(): FairleadError {
  return new FairleadError('cancelled', 'the caller went away before the model was loaded')
}
