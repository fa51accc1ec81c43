import { setTimeout as sleep } from 'node:timers/promises'
import { FairleadError } from '@fairlead/contract'
import type { DeploymentView } from './deployment-view.ts'
import type { ObservedReport } from './desired.ts'
import type { Inference } from './inference.ts'
import type { Wish, WishOutcome } from './slot.ts'

/** What operators wish for models, where every process of the platform reads it. */
export interface WishStore {
  /** Puts a wish in the place of an earlier one for the deployment; answers its sequence. */
  add(wish: Omit<Wish, 'sequence'>): number
  list(): Wish[]
  /** Sequence of the newest wish, 0 when there is none. Cheap. */
  newest(): number
}

export interface RepositoryOptions {
  inference: Pick<Inference, 'describe' | 'list' | 'follow' | 'wishFor'>
  wishes: WishStore
  /** Names of the processes that answer predictions now. */
  peers(): string[]
  /** What all processes report of a deployment. */
  reports(deployment: string): Pick<ObservedReport, 'process' | 'release' | 'wish'>[]
  /** Longest that an answer waits for all processes. */
  waitMs?: number
}

/** States of the model repository extension of the Open Inference Protocol. */
export type RepositoryState = 'READY' | 'UNAVAILABLE' | 'LOADING' | 'UNKNOWN'

/** A model in the list of the repository: a release of a deployment. */
export interface RepositoryEntry {
  name: string
  version: string
  state: RepositoryState
  reason: string
}

/** Below the patience of the usual clients, which is a minute. */
const WAIT_MS = 50_000
/** How soon who waits looks first; then less and less often, because each look reads what all processes report, on the thread of predictions. */
const LOOK_MS = 25
const POLL_MS = 250

/**
 * The model repository of the Open Inference Protocol over deployments: a model is a deployment, its version a release. To load and to unload are
 * wishes that every serve process takes up; who asks is answered when all have done it.
 */
export class ModelRepository implements Disposable {
  readonly #options: RepositoryOptions
  #taken = 0
  #timer: NodeJS.Timeout | undefined

  constructor(options: RepositoryOptions) {
    this.#options = options
  }

  /** Takes up what is wished for already, and from now on what is wished for by anybody. */
  start(): void {
    this.#look()
    this.#timer ??= setInterval(() => this.#look(), POLL_MS).unref()
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer)
  }

  /** The models as this process sees them; with `ready` those that answer. */
  index({ ready = false }: { ready?: boolean } = {}): RepositoryEntry[] {
    const all = this.#options.inference.list().flatMap(entriesOf)
    return ready ? all.filter(({ state }) => state === 'READY') : all
  }

  /**
   * Brings the current release of a deployment into memory in every process and keeps it there; one that is there is loaded again from its files and
   * answers until that is done. Throws `deployment-unknown`, `release-not-ready` when it takes longer than callers wait, and `load-failed` or the
   * like when a process could not load it.
   */
  load(name: string): Promise<void> {
    return this.#wish(name, 'load')
  }

  /** Takes a deployment's model out of memory in every process; it answers nothing until it is loaded again, or another release is made current. Throws as `load`. */
  unload(name: string): Promise<void> {
    return this.#wish(name, 'unload')
  }

  async #wish(name: string, kind: Wish['kind']): Promise<void> {
    const wish = this.#options.inference.wishFor(name, kind)
    const sequence = this.#options.wishes.add(wish)
    this.#look()
    const until = performance.now() + (this.#options.waitMs ?? WAIT_MS)
    for (let pause = LOOK_MS; ; pause = Math.min(pause * 2, POLL_MS)) {
      const outcomes = this.#outcomes(wish, sequence)
      const failed = [...outcomes].find(([, outcome]) => outcome?.failure)
      if (failed) throw refused(name, failed)
      const missing = [...outcomes].filter(([, outcome]) => outcome === undefined).length
      if (missing === 0) return
      if (performance.now() > until) throw unfinished(name, kind, { done: outcomes.size - missing, all: outcomes.size })
      await sleep(pause)
    }
  }

  /** What came of a wish, by process. */
  #outcomes({ deployment, release }: Omit<Wish, 'sequence'>, sequence: number): Map<string, WishOutcome | undefined> {
    const outcomes = new Map<string, WishOutcome | undefined>(this.#options.peers().map((process) => [process, undefined]))
    for (const { process, release: number, wish } of this.#options.reports(deployment)) {
      // a later wish took the place of this one
      if (number === release && wish && wish.sequence >= sequence && outcomes.has(process)) outcomes.set(process, wish)
    }
    return outcomes
  }

  #look(): void {
    const { inference, wishes } = this.#options
    let wished: Wish[]
    try {
      const newest = wishes.newest()
      if (newest === this.#taken) return
      wished = wishes.list()
      this.#taken = newest
    } catch {
      // a store that is locked for a moment is asked again on the next turn, and must not end the process meanwhile
      return
    }
    void inference.follow(wished)
  }
}

function refused(name: string, [process, outcome]: [string, WishOutcome | undefined]): FairleadError {
  const { code = 'load-failed', detail = '' } = outcome?.failure ?? {}
  const known = code === 'model-memory-full' ? code : 'load-failed'
  return new FairleadError(known, `failed to load '${name}' in ${process}: ${detail}`, known === 'load-failed' ? {} : { retryAfter: 1 })
}

function unfinished(name: string, kind: Wish['kind'], { done, all }: { done: number; all: number }): FairleadError {
  const words = `'${name}' is ${kind}ed in ${done} of ${all} processes so far, and the others go on; ask again`
  return new FairleadError('release-not-ready', words, { retryAfter: 1 })
}

function entriesOf({ name, current, ready, unloaded, answering, reason, releases }: DeploymentView): RepositoryEntry[] {
  if (releases.length === 0) return [{ name, version: '', state: 'UNAVAILABLE', reason: reason ?? '' }]
  return releases.map(({ number, state, detail = '' }) => {
    const version = String(number)
    if (state === 'ready') return { name, version, state: 'READY', reason: '' }
    if (number === current && unloaded) return { name, version, state: 'UNAVAILABLE', reason: 'unloaded' }
    // a request is answered all the same: it brings the model into memory
    if (number === current && ready && !answering) return { name, version, state: 'READY', reason: detail }
    return { name, version, state: state === 'failed' ? 'UNAVAILABLE' : 'LOADING', reason: detail }
  })
}
