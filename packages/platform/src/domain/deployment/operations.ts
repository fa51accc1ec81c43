import { FairleadError } from '@fairlead/contract'
import type { Operation } from '@fairlead/contract/control'
import { operationOf } from './records.ts'
import type { DeploymentDb } from './tables.ts'

/** Running operations as they stand now, over those that ended, as the store has them. */
export class Operations {
  readonly #db: DeploymentDb
  readonly #running = new Map<string, Operation>()
  readonly #listeners = new Map<string, Set<() => void>>()
  readonly #ending = new AbortController()

  constructor(db: DeploymentDb) {
    this.#db = db
  }

  /** Lets all go who wait or watch; what they have then is how it stands. */
  end(): void {
    this.#ending.abort()
  }

  /** Makes an operation's state known to those who wait. What has ended must be stored before. */
  publish(operation: Operation): void {
    const known = this.#running.get(operation.id)
    if (known && known.step === operation.step && known.progress === operation.progress && known.state === operation.state) return
    if (operation.state === 'running') this.#running.set(operation.id, operation)
    else this.#running.delete(operation.id)
    for (const listener of this.#listeners.get(operation.id) ?? []) listener()
  }

  /** One operation as it stands. Throws `operation-unknown`. */
  async get(id: string): Promise<Operation> {
    const running = this.#running.get(id)
    if (running) return running
    const row = await this.#db.selectFrom('operations').selectAll().where('id', '=', id).executeTakeFirst()
    if (!row) throw new FairleadError('operation-unknown', `There is no operation ${id}.`)
    return operationOf(row)
  }

  /** One operation, at its end or after `waitMs`, whichever is first. */
  async settled(id: string, waitMs: number): Promise<Operation> {
    const now = await this.get(id)
    if (now.state !== 'running' || waitMs <= 0) return now
    const abort = AbortSignal.timeout(waitMs)
    let last = now
    for await (const operation of this.watch(id, abort)) last = operation
    return last
  }

  /** An operation each time it changes, from now to its end; ends early when `given` aborts, or at the end of all. Throws `operation-unknown`. */
  async *watch(id: string, given?: AbortSignal): AsyncGenerator<Operation> {
    const signal = given ? AbortSignal.any([given, this.#ending.signal]) : this.#ending.signal
    let wake = () => {}
    let changed = false
    const listener = () => {
      changed = true
      wake()
    }
    this.#listen(id, listener)
    signal.addEventListener('abort', listener)
    try {
      for (;;) {
        changed = false
        const operation = await this.get(id)
        yield operation
        if (operation.state !== 'running' || signal.aborted) return
        if (!changed) {
          await new Promise<void>((resolve) => {
            wake = resolve
          })
        }
        if (signal.aborted) return
      }
    } finally {
      signal.removeEventListener('abort', listener)
      this.#unlisten(id, listener)
    }
  }

  #listen(id: string, listener: () => void): void {
    const all = this.#listeners.get(id) ?? new Set()
    all.add(listener)
    this.#listeners.set(id, all)
  }

  #unlisten(id: string, listener: () => void): void {
    const all = this.#listeners.get(id)
    all?.delete(listener)
    if (all?.size === 0) this.#listeners.delete(id)
  }
}
