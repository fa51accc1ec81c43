import { FairleadError } from '@fairlead/contract'
import type { Check, Execution } from '@fairlead/contract/control'
import { backoffMs } from '../../kernel/backoff.ts'
import { type Clock, systemClock } from '../../kernel/clock.ts'
import { nearestWord } from '../../kernel/suggestion.ts'
import { ChecksFailed } from './checks.ts'
import type { DesiredState, ObservedReport, ReleaseObserver } from './desired.ts'
import type { ReleaseLoader } from './load.ts'
import type { ServingRelease } from './serving-release.ts'
import type { FailureEvent, InferenceAnswer, InferenceRequest, PredictionSink, ServableRelease } from './types.ts'

export interface InferenceOptions {
  /** Name of this process in its reports. */
  process: string
  loader: Pick<ReleaseLoader, 'load' | 'prepare'> & AsyncDisposable
  observer: ReleaseObserver
  sink: PredictionSink
  clock?: Clock
}

type Slot =
  | { state: 'loading'; release: ServableRelease; retry?: NodeJS.Timeout }
  | { state: 'failed'; release: ServableRelease; error: FairleadError; retry?: NodeJS.Timeout }
  | { state: 'ready'; release: ServableRelease; serving: ServingRelease }

interface Entry {
  name: string
  generation: string | undefined
  current: number | undefined
  slots: Map<number, Slot>
  /** The release that answers: the current one once it is ready; until then, the one before. */
  answering: ServingRelease | undefined
}

/** One deployment as this process sees it. */
export interface DeploymentView {
  name: string
  /** The release that should answer. */
  current: number | undefined
  /** The release that does. */
  answering: ServingRelease | undefined
  ready: boolean
  /** One sentence on why it is not ready. */
  reason: string | undefined
  releases: { number: number; state: Slot['state']; detail?: string; execution?: Execution; checks?: Check[] }[]
}

const RETRY = { baseMs: 2000, maxMs: 60_000 }

/** The shared middle of all interfaces: which release answers, running it, and the events that tell of it. */
export class Inference implements AsyncDisposable {
  readonly #options: InferenceOptions
  readonly #clock: Clock
  readonly #entries = new Map<string, Entry>()
  readonly #leaving = new Set<Promise<void>>()
  #loading: Promise<void> = Promise.resolve()
  #disposed = false
  #knowsWanted = false

  constructor(options: InferenceOptions) {
    this.#options = options
    this.#clock = options.clock ?? systemClock
  }

  /** Whether it was told what to serve: until then no deployment is known, and none is unknown either. */
  get knowsWanted(): boolean {
    return this.#knowsWanted
  }

  /**
   * Makes this process serve what is wanted: loads new releases one after the other, swaps each deployment's pointer when
   * its current release is ready, and frees what is wanted no more after its last answer. Settles when all loads of this
   * call ended, well or badly; failures are reported, not thrown.
   */
  async converge(wanted: DesiredState): Promise<void> {
    const generations = new Map(wanted.deployments.map(({ name, generation }) => [name, { generation }]))
    for (const [name, { generation }] of this.#entries) {
      const same = generations.get(name)
      if (!same || same.generation !== generation) this.#remove(name)
    }
    const loads: Promise<void>[] = []
    for (const { name, generation, current, releases } of wanted.deployments) {
      const entry = this.#entry(name, generation)
      entry.current = current
      for (const release of releases) {
        const slot = entry.slots.get(release.number)
        // control may have forgotten what was said of it, and asks by wanting it
        if (slot && slot.release.digest === release.digest) this.#reportSlot(entry, slot)
        else loads.push(this.#load(entry, release))
      }
      const kept = new Set(releases.map((release) => release.number))
      for (const number of entry.slots.keys()) if (!kept.has(number)) this.#drop(entry, number)
      this.#settle(entry)
    }
    this.#knowsWanted = true
    await Promise.all(loads)
  }

  /**
   * The loaded release that answers for a deployment. Throws `deployment-unknown`, `release-unknown`,
   * `release-not-loaded`, `release-not-ready`, or `not-ready` before it is known what should run.
   */
  resolve(name: string, release?: number): ServingRelease {
    const entry = this.#entries.get(name)
    if (!entry) {
      if (!this.#knowsWanted) throw wantedUnknown()
      const near = nearestWord(name, this.#entries.keys())
      throw new FairleadError('deployment-unknown', `there is no deployment "${name}"${near === undefined ? '' : `; did you mean "${near}"?`}`)
    }
    if (release === undefined) {
      if (entry.answering) return entry.answering
      throw new FairleadError('release-not-ready', notReady(entry), { retryAfter: 1 })
    }
    const slot = entry.slots.get(release)
    if (slot?.state === 'ready') return slot.serving
    if (entry.answering?.release.number === release) return entry.answering
    if (!slot) throw absentRelease(entry, release)
    throw new FairleadError('release-not-ready', `release ${release} of "${name}" ${stateWords(slot)}`, { retryAfter: 1 })
  }

  /** What `resolve` would answer, or `undefined`. */
  find(name: string, release?: number): ServingRelease | undefined {
    const entry = this.#entries.get(name)
    if (!entry || release === undefined || entry.answering?.release.number === release) return entry?.answering
    const slot = entry.slots.get(release)
    return slot?.state === 'ready' ? slot.serving : undefined
  }

  /**
   * Predicts. `serving` is what `resolve` answered for the request (its tensors were made for that release); `render` is
   * called with the answer before the event goes out, so that its time is counted. With a sink that must be waited for,
   * the answer waits for it. Throws as `resolve` and `Batcher.run` do; every failure is an event.
   */
  async predict(request: InferenceRequest, serving?: ServingRelease, render?: (answer: InferenceAnswer) => void): Promise<InferenceAnswer> {
    try {
      const target = serving ?? this.resolve(request.deployment, request.release)
      const { outputs, queueMs, runMs } = await target.run(request.inputs, request.rows, request.deadline, request)
      const answer: InferenceAnswer = { release: target.release, outputs, queueMs, runMs }
      const rendering = performance.now()
      render?.(answer)
      const now = performance.now()
      const totalMs = now - request.receivedAt
      const { sink } = this.#options
      const event = { request, answer, time: Math.round(this.#clock.now() - totalMs), totalMs, renderMs: now - rendering }
      const written = sink.log(event)
      if (written === undefined) sink.predicted(event)
      else {
        await written
        const logMs = performance.now() - now
        sink.predicted({ ...event, totalMs: totalMs + logMs, logMs })
      }
      return answer
    } catch (error) {
      this.failed(request.deployment, error, { release: serving?.release.number, rows: request.rows, receivedAt: request.receivedAt })
      throw error
    }
  }

  /** Reports a failed request, for those that fail before `predict`. With an empty name, or one of no deployment, it counts for none. */
  failed(deployment: string, error: unknown, { release, rows, receivedAt }: { release?: number | undefined; rows: number; receivedAt: number }): void {
    const known = error instanceof FairleadError
    const event: FailureEvent = {
      // a name that nobody deployed must not become a series of its own
      deployment: this.#entries.has(deployment) ? deployment : '',
      release: release ?? this.#entries.get(deployment)?.answering?.release.number,
      code: known ? error.code : 'internal',
      status: known ? error.status : 500,
      totalMs: performance.now() - receivedAt,
      rows,
    }
    this.#options.sink.failed(event)
  }

  /** One deployment as this process sees it. Throws `deployment-unknown`, or `not-ready` before it is known what should run. */
  describe(name: string): DeploymentView {
    const entry = this.#entries.get(name)
    if (!entry && !this.#knowsWanted) throw wantedUnknown()
    if (!entry) throw new FairleadError('deployment-unknown', `there is no deployment "${name}"`)
    return view(entry)
  }

  /** All deployments, by name. */
  list(): DeploymentView[] {
    return [...this.#entries.values()].map(view).sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  /** Waiting rows of every release that is loaded. */
  queues(): { deployment: string; release: number; rows: number }[] {
    return [...this.#entries.values()].flatMap(({ name, slots }) =>
      [...slots.values()].flatMap((slot) =>
        slot.state === 'ready' ? [{ deployment: name, release: slot.release.number, rows: slot.serving.queuedRows }] : [],
      ),
    )
  }

  /** Answers what is in hand, then frees every model. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposed = true
    for (const name of [...this.#entries.keys()]) this.#remove(name)
    await this.#loading
    await Promise.all(this.#leaving)
    await this.#options.loader[Symbol.asyncDispose]()
  }

  #entry(name: string, generation: string | undefined): Entry {
    let entry = this.#entries.get(name)
    if (!entry) {
      entry = { name, generation, current: undefined, slots: new Map(), answering: undefined }
      this.#entries.set(name, entry)
    }
    return entry
  }

  #report(entry: Entry, release: number, report: Omit<ObservedReport, 'process' | 'deployment' | 'release'>): void {
    this.#options.observer.report({ process: this.#options.process, deployment: entry.name, release, ...report })
  }

  /** Says how it stands with a release. */
  #reportSlot(entry: Entry, slot: Slot): void {
    const { number } = slot.release
    if (slot.state === 'loading') this.#report(entry, number, { state: 'loading', detail: 'Loading the model.' })
    else if (slot.state === 'ready') {
      const { execution, checks } = slot.serving
      this.#report(entry, number, { state: 'ready', detail: execution.reason, execution, checks })
    } else {
      const { code, message } = slot.error
      const checks = slot.error instanceof ChecksFailed ? { checks: slot.error.checks } : {}
      this.#report(entry, number, { state: 'failed', detail: message, failure: { code, detail: message }, ...checks })
    }
  }

  /** Loads one release after those that are waiting; the slot is there at once. */
  #load(entry: Entry, release: ServableRelease, attempt = 0): Promise<void> {
    if (entry.slots.has(release.number)) this.#drop(entry, release.number)
    const slot: Slot = { state: 'loading', release }
    entry.slots.set(release.number, slot)
    this.#reportSlot(entry, slot)
    this.#options.loader.prepare(release)
    const done = this.#loading.then(() => this.#loadNow(entry, slot, attempt))
    this.#loading = done
    return done
  }

  async #loadNow(entry: Entry, slot: Slot, attempt: number): Promise<void> {
    const { release } = slot
    const wanted = () => entry.slots.get(release.number) === slot && !this.#disposed
    if (!wanted()) return
    try {
      const serving = await this.#options.loader.load(release)
      if (!wanted()) return this.#free(serving)
      const ready: Slot = { state: 'ready', release, serving }
      entry.slots.set(release.number, ready)
      this.#reportSlot(entry, ready)
      this.#settle(entry)
    } catch (error) {
      if (wanted()) this.#loadFailed(entry, release, { error, attempt })
    }
  }

  #loadFailed(entry: Entry, release: ServableRelease, { error, attempt }: { error: unknown; attempt: number }): void {
    const known =
      error instanceof FairleadError ? error : new FairleadError('load-failed', error instanceof Error ? error.message : String(error), { cause: error })
    const slot: Slot = { state: 'failed', release, error: known }
    entry.slots.set(release.number, slot)
    this.#reportSlot(entry, slot)
    if (entry.current !== release.number) return
    // the release was ready once, so the reason is likely this machine's and may pass
    slot.retry = setTimeout(() => {
      if (entry.slots.get(release.number) === slot) void this.#load(entry, release, attempt + 1)
    }, 1000 + backoffMs(attempt, RETRY)).unref()
  }

  /** Points at the current release if it is ready, and frees the one before if it is wanted no more. */
  #settle(entry: Entry): void {
    const slot = entry.current === undefined ? undefined : entry.slots.get(entry.current)
    if (slot?.state !== 'ready' || slot.serving === entry.answering) return
    const before = entry.answering
    entry.answering = slot.serving
    const kept = before && entry.slots.get(before.release.number)
    if (before && !(kept?.state === 'ready' && kept.serving === before)) this.#free(before)
  }

  #drop(entry: Entry, number: number): void {
    const slot = entry.slots.get(number)
    if (!slot) return
    entry.slots.delete(number)
    this.#options.observer.forget({ process: this.#options.process, deployment: entry.name, release: number })
    // what answers goes on until its successor is ready
    if (slot.state === 'ready') {
      if (slot.serving !== entry.answering) this.#free(slot.serving)
    } else clearTimeout(slot.retry)
  }

  #remove(name: string): void {
    const entry = this.#entries.get(name)
    if (!entry) return
    this.#entries.delete(name)
    const { answering } = entry
    entry.answering = undefined
    const still = answering && entry.slots.get(answering.release.number)
    for (const number of [...entry.slots.keys()]) this.#drop(entry, number)
    if (answering && !(still?.state === 'ready' && still.serving === answering)) this.#free(answering)
  }

  #free(serving: ServingRelease): void {
    const leaving = serving[Symbol.asyncDispose]().finally(() => this.#leaving.delete(leaving))
    this.#leaving.add(leaving)
  }
}

function wantedUnknown(): FairleadError {
  return new FairleadError('not-ready', 'this process could not read yet what it should serve', { retryAfter: 1 })
}

/** Numbers go up from 1 and none is used twice: a lower one than those that are loaded was a release, and is kept on record. */
function absentRelease(entry: Entry, release: number): FairleadError {
  const newest = Math.max(entry.current ?? 0, ...entry.slots.keys())
  if (release < newest)
    return new FairleadError('release-not-loaded', `release ${release} of "${entry.name}" is out of service and not loaded; there ${servedWords(entry)}`)
  return new FairleadError('release-unknown', `release ${release} of "${entry.name}" is not served; there ${servedWords(entry)}`)
}

function stateWords(slot: Slot): string {
  if (slot.state === 'failed') return `could not be loaded: ${slot.error.message}`
  return slot.state === 'loading' ? 'is loading' : 'is ready'
}

function notReady(entry: Entry): string {
  if (entry.current === undefined) return `no release of "${entry.name}" is active yet`
  const slot = entry.slots.get(entry.current)
  return `release ${entry.current} of "${entry.name}" ${slot ? stateWords(slot) : 'is not loaded'}`
}

function servedWords(entry: Entry): string {
  const ready = [...entry.slots.values()].filter((slot) => slot.state === 'ready').map((slot) => slot.release.number)
  return ready.length === 0 ? 'is none yet' : `${ready.length === 1 ? 'is' : 'are'} ${ready.join(', ')}`
}

function view(entry: Entry): DeploymentView {
  const { name, current, answering, slots } = entry
  const ready = answering !== undefined
  return {
    name,
    current,
    answering,
    ready,
    reason: ready ? undefined : notReady(entry),
    releases: [...slots.values()]
      .map((slot) => ({
        number: slot.release.number,
        state: slot.state,
        ...(slot.state === 'failed' ? { detail: slot.error.message } : {}),
        ...(slot.state === 'ready' ? { detail: slot.serving.execution.reason, execution: slot.serving.execution, checks: slot.serving.checks } : {}),
      }))
      .sort((a, b) => a.number - b.number),
  }
}
