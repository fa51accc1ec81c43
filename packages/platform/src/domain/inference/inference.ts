import { FairleadError } from '@fairlead/contract'
import { type Clock, systemClock } from '../../kernel/clock.ts'
import { nearestWord } from '../../kernel/suggestion.ts'
import { type DeploymentView, viewOf } from './deployment-view.ts'
import type { DesiredState, ReleaseObserver } from './desired.ts'
import type { ReleaseLoader } from './load.ts'
import { PRIORITY } from './load-queue.ts'
import { type KeeperCounters, ModelKeeper } from './model-keeper.ts'
import { Prediction, type PredictionReply, type PredictionWorld } from './prediction.ts'
import { eagerFirst } from './preload.ts'
import { reportOf } from './report.ts'
import { type ReleasePlan, ServingRelease } from './serving-release.ts'
import { absentRelease, type Entry, isLoadable, newEntry, refusal, Slot, stateWords, type Wish, wishOf } from './slot.ts'
import type { FailureEvent, InferenceAnswer, InferenceRequest, PredictionSink } from './types.ts'

/** How many models are in memory, and when they get there. Without it all are loaded, as much as they take. */
export interface ModelLimits {
  /** Bytes that models may take. */
  memoryBytes: number
  /** Loads at a time. */
  loads: number
  /** Current releases to load at the start; others are when they are asked for. */
  preload: number
  /** When a deployment was last asked, in milliseconds since 1970; 0 when that is not known. */
  usedAt?(deployment: string): number
}

const NO_LIMITS: ModelLimits = { memoryBytes: Number.POSITIVE_INFINITY, loads: 2, preload: Number.POSITIVE_INFINITY }

export interface InferenceOptions {
  /** Name of this process in its reports. */
  process: string
  loader: Pick<ReleaseLoader, 'load' | 'prepare'> & AsyncDisposable
  observer: ReleaseObserver
  sink: PredictionSink
  clock?: Clock
  models?: ModelLimits
}

/** Models of this process: in memory, against the budget, and what loading them came to. */
export interface ModelCounters extends KeeperCounters {
  loaded: number
  loading: number
  waiting: number
  memoryBytes: number
  budgetBytes: number
}

/** The shared middle of all interfaces: which release answers, running it, and the events that tell of it. */
export class Inference implements AsyncDisposable {
  readonly #options: InferenceOptions
  readonly #clock: Clock
  readonly #models: ModelLimits
  readonly #keeper: ModelKeeper
  readonly #entries = new Map<string, Entry>()
  #wishes: ReadonlyMap<string, Wish> = new Map()
  readonly #world: PredictionWorld
  #disposed = false
  #knowsWanted = false

  constructor(options: InferenceOptions) {
    this.#options = options
    this.#clock = options.clock ?? systemClock
    this.#models = options.models ?? NO_LIMITS
    this.#world = {
      sink: options.sink,
      clock: this.#clock,
      failed: ({ deployment, rows, receivedAt }, error, release) => this.failed(deployment, error, { release, rows, receivedAt }),
    }
    this.#keeper = new ModelKeeper({
      loader: options.loader,
      memoryBytes: this.#models.memoryBytes,
      loads: this.#models.loads,
      slots: () => this.#slots(),
      isWanted: (slot) => this.#isWanted(slot),
      changed: (slot) => this.#changed(slot),
    })
  }

  /** Whether it was told what to serve: until then no deployment is known, and none is unknown either. */
  get knowsWanted(): boolean {
    return this.#knowsWanted
  }

  /**
   * Makes this process serve what is wanted: loads new releases, a few at a time, swaps each deployment's pointer when its current release
   * is ready, and frees what is wanted no more after its last answer. At the start only as many current releases are loaded as the limits
   * say, those that were used last first. Settles when the loads of this call ended, well or badly: all of them, or those of current releases
   * only. Failures are reported, not thrown.
   */
  async converge(wanted: DesiredState, { until = 'all' }: { until?: 'all' | 'current' } = {}): Promise<void> {
    const generations = new Map(wanted.deployments.map(({ name, generation }) => [name, { generation }]))
    for (const [name, { generation }] of this.#entries) {
      const same = generations.get(name)
      if (!same || same.generation !== generation) this.#remove(name)
    }
    const fresh = wanted.deployments.flatMap((deployment) => this.#take(deployment))
    const now = this.#knowsWanted ? fresh : eagerFirst(fresh, this.#models)
    const eager = new Set(now.filter((slot) => wishOf(slot.entry) !== 'unload' || !slot.isCurrent))
    this.#knowsWanted = true
    for (const slot of fresh) if (!eager.has(slot)) this.#leave(slot)
    const loads = now.filter((slot) => eager.has(slot)).map((slot) => ({ slot, done: this.#bring(slot) }))
    await Promise.all(loads.filter(({ slot }) => until === 'all' || slot.isCurrent).map(({ done }) => done))
  }

  /** Takes up what operators wish for the models of current releases. Settles when it is done, or could not be; what came of it is reported. */
  async follow(wishes: readonly Wish[]): Promise<void> {
    this.#wishes = new Map(wishes.map((wish) => [wish.deployment, wish]))
    const changed = [...this.#entries.values()].filter((entry) => {
      const wish = this.#wishes.get(entry.name)
      if (wish?.sequence === entry.wish?.sequence) return false
      entry.wish = wish
      return wishOf(entry) !== undefined
    })
    await Promise.all(changed.map((entry) => this.#fulfil(entry)))
  }

  /**
   * The release that answers for a deployment: loaded, or its plan where its model has to be brought into memory first, which `predict` does.
   * Throws `deployment-unknown`, `release-unknown`, `release-not-loaded`, `release-not-ready`, `model-unloaded`, or `not-ready` before it is
   * known what should run.
   */
  resolve(name: string, release?: number): ReleasePlan {
    const entry = this.#entries.get(name)
    if (!entry) {
      if (!this.#knowsWanted) throw wantedUnknown()
      const near = nearestWord(name, this.#entries.keys())
      throw new FairleadError('deployment-unknown', `there is no deployment "${name}"${near === undefined ? '' : `; did you mean "${near}"?`}`)
    }
    if (entry.answering && (release === undefined || entry.answering.release.number === release)) return entry.answering
    const number = release ?? entry.current
    const slot = number === undefined ? undefined : entry.slots.get(number)
    if (slot?.serving) return slot.serving
    if (slot && isLoadable(slot)) return slot.plan
    if (release === undefined || slot?.isCurrent) throw refusal(entry)
    if (!slot) throw absentRelease(entry, release)
    throw new FairleadError('release-not-ready', `release ${release} of "${name}" ${stateWords(slot)}`, { retryAfter: 1 })
  }

  /** What `resolve` would answer, or `undefined`. */
  find(name: string, release?: number): Pick<ReleasePlan, 'release'> | undefined {
    const entry = this.#entries.get(name)
    if (!entry) return undefined
    if (entry.answering && (release === undefined || entry.answering.release.number === release)) return entry.answering
    const number = release ?? entry.current
    return number === undefined ? undefined : entry.slots.get(number)
  }

  /**
   * Predicts. `plan` is what `resolve` answered for the request (its tensors were made for that release); `render` is
   * called with the answer before the event goes out, so that its time is counted. With a sink that must be waited for,
   * the answer waits for it. A model that is not in memory is loaded first. Rejects as `resolve`, `LoadWaiters.wait` and `Batcher.enqueue` fail;
   * every failure is an event.
   */
  predict(request: InferenceRequest, plan?: ReleasePlan, render: (answer: InferenceAnswer) => void = () => {}): Promise<InferenceAnswer> {
    return new Promise((done, failed) => this.answer(request, plan, { render, done, failed }))
  }

  /** As `predict`, telling `reply`: maybe at once when it fails, else later. Never throws. */
  answer(request: InferenceRequest, plan: ReleasePlan | undefined, reply: PredictionReply): void {
    let target: ReleasePlan
    try {
      request.caller.allowance?.takeRows(request.rows)
    } catch (error) {
      this.#world.failed(request, error, plan?.release.number)
      reply.failed(error)
      return
    }
    const prediction = new Prediction(request, reply, this.#world)
    try {
      target = plan ?? this.resolve(request.deployment, request.release)
    } catch (error) {
      prediction.failed(error)
      return
    }
    if (target instanceof ServingRelease && target.open) prediction.start(target)
    else void this.#answerLoaded(request, target, prediction)
  }

  async #answerLoaded(request: InferenceRequest, plan: ReleasePlan, prediction: Prediction): Promise<void> {
    let target = plan
    try {
      // as often as others take its place in memory before the request could run
      while (!(target instanceof ServingRelease && target.open)) target = await this.#loaded(request, target)
    } catch (error) {
      prediction.failed(error, plan.release.number)
      return
    }
    prediction.loadMs = performance.now() - request.parsedAt
    prediction.start(target)
  }

  /** Reports a failed request, for those that fail before `predict`. With an empty name, or one of no deployment, it counts for none. */
  failed(deployment: string, error: unknown, { release, rows, receivedAt }: { release?: number | undefined; rows: number; receivedAt: number }): void {
    const known = error instanceof FairleadError
    const entry = this.#entries.get(deployment)
    const event: FailureEvent = {
      // a name that nobody deployed must not become a series of its own
      deployment: entry ? deployment : '',
      release: release ?? entry?.answering?.release.number ?? entry?.current,
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
    return viewOf(entry, (slot) => this.#keeper.before(slot))
  }

  /** All deployments, by name. */
  list(): DeploymentView[] {
    return [...this.#entries.values()].map((entry) => viewOf(entry, (slot) => this.#keeper.before(slot))).sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  /** A wish for the model of a deployment's current release. Throws `deployment-unknown`, `release-not-ready`. */
  wishFor(name: string, kind: Wish['kind']): Omit<Wish, 'sequence'> {
    const { current: release } = this.describe(name)
    const { generation } = this.#entries.get(name)!
    if (release === undefined) throw new FairleadError('release-not-ready', `no release of "${name}" is active yet`, { retryAfter: 1 })
    return { deployment: name, generation, release, kind }
  }

  /** Waiting rows of every release that is loaded. */
  queues(): { deployment: string; release: number; rows: number }[] {
    return [...this.#slots()].flatMap(({ entry, number, serving }) => (serving ? [{ deployment: entry.name, release: number, rows: serving.queuedRows }] : []))
  }

  /** Models in memory, and what loading them came to. */
  models(): ModelCounters {
    const { memory, counters, queue } = this.#keeper
    return { ...counters, loaded: memory.models, loading: queue.running, waiting: queue.waiting, memoryBytes: memory.used, budgetBytes: memory.budget }
  }

  /** Answers what is in hand, then frees every model. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposed = true
    for (const name of [...this.#entries.keys()]) this.#remove(name)
    await this.#keeper.settled()
    await this.#options.loader[Symbol.asyncDispose]()
  }

  /** Has a model brought into memory. */
  #loaded(request: InferenceRequest, { release }: ReleasePlan): Promise<ServingRelease> {
    const entry = this.#entries.get(release.deployment)
    const slot = entry?.slots.get(release.number)
    // what its tensors were made for is gone, and they may not fit another
    if (!entry || !slot || slot.release.digest !== release.digest)
      throw new FairleadError('release-not-ready', 'the release is being replaced', { retryAfter: 1 })
    if (slot.serving?.open) return Promise.resolve(slot.serving)
    if (!isLoadable(slot)) throw refusal(entry)
    const waiting = slot.waiters.wait(request, release.settings)
    void this.#keeper.want(slot, PRIORITY.request)
    return waiting
  }

  *#slots(): Iterable<Slot> {
    for (const { slots } of this.#entries.values()) yield* slots.values()
  }

  #isWanted(slot: Slot): boolean {
    return !this.#disposed && this.#entries.get(slot.entry.name) === slot.entry && slot.entry.slots.get(slot.number) === slot
  }

  /** Takes up one deployment; answers the releases that are new here. */
  #take({ name, generation, asked, current, releases }: DesiredState['deployments'][number]): Slot[] {
    const entry = this.#entries.get(name) ?? newEntry(name, generation)
    this.#entries.set(name, entry)
    entry.wish = this.#wishes.get(name)
    entry.current = current
    // control may have forgotten what was said of a release, and asks by wanting it
    const again = asked === undefined || asked !== entry.asked
    entry.asked = asked
    const fresh: Slot[] = []
    for (const release of releases) {
      const slot = entry.slots.get(release.number)
      if (slot && slot.release.digest === release.digest) {
        if (again) this.#report(slot)
        continue
      }
      if (slot) this.#drop(entry, slot)
      const made = new Slot(entry, release)
      entry.slots.set(release.number, made)
      fresh.push(made)
    }
    const kept = new Set(releases.map((release) => release.number))
    for (const slot of entry.slots.values()) if (!kept.has(slot.number)) this.#drop(entry, slot)
    this.#settle(entry)
    return fresh
  }

  /** Loads a release that is new here. */
  async #bring(slot: Slot): Promise<void> {
    await this.#keeper.want(slot, slot.isCurrent ? PRIORITY.current : PRIORITY.candidate)
    const { entry } = slot
    if (slot.isCurrent && entry.wish && wishOf(entry) === 'load') this.#fulfilled(slot, entry.wish, slot.serving ? undefined : slot.problem)
  }

  /** Leaves a current release out of memory until it is asked for. */
  #leave(slot: Slot): void {
    slot.lazy = true
    const { entry } = slot
    if (entry.wish && wishOf(entry) === 'unload') entry.outcome = { sequence: entry.wish.sequence }
    this.#report(slot)
  }

  async #fulfil(entry: Entry): Promise<void> {
    const { wish } = entry
    const slot = entry.current === undefined ? undefined : entry.slots.get(entry.current)
    if (!wish || !slot) return
    try {
      if (wish.kind === 'load') await this.#keeper.reload(slot)
      else {
        slot.waiters.fail(refusal(entry))
        await this.#keeper.unload(slot)
      }
      this.#fulfilled(slot, wish, wish.kind === 'load' && !slot.serving ? slot.problem : undefined)
    } catch (error) {
      this.#fulfilled(slot, wish, error)
    }
  }

  #fulfilled(slot: Slot, wish: Wish, error: unknown): void {
    const { entry } = slot
    if (entry.wish !== wish || !this.#isWanted(slot)) return
    const code = error instanceof FairleadError ? error.code : 'load-failed'
    const failure = error === undefined ? {} : { failure: { code, detail: error instanceof Error ? error.message : String(error) } }
    entry.outcome = { sequence: wish.sequence, ...failure }
    this.#report(slot)
  }

  /** It stands otherwise with a release: points at it if it is the current one, and says so. */
  #changed(slot: Slot): void {
    const { entry } = slot
    if (slot.serving && slot.isCurrent && wishOf(entry) === 'unload') {
      void this.#keeper.unload(slot)
      return
    }
    this.#report(slot)
    if (slot.serving) this.#settle(entry)
  }

  #report(slot: Slot): void {
    this.#options.observer.report({ process: this.#options.process, ...reportOf(slot, this.#keeper.before(slot)) })
  }

  /** Points at the current release if it is ready, and frees the one before if it is wanted no more. */
  #settle(entry: Entry): void {
    const serving = entry.current === undefined ? undefined : entry.slots.get(entry.current)?.serving
    if (!serving || serving === entry.answering) return
    const before = entry.answering
    entry.answering = serving
    if (before && entry.slots.get(before.release.number)?.serving !== before) void this.#keeper.free(before)
  }

  #drop(entry: Entry, slot: Slot): void {
    const { number, serving } = slot
    entry.slots.delete(number)
    this.#options.observer.forget({ process: this.#options.process, deployment: entry.name, release: number })
    clearTimeout(slot.retry)
    slot.waiters.fail(new FairleadError('release-not-ready', 'the release is being replaced', { retryAfter: 1 }))
    // what answers goes on until its successor is ready
    if (serving && serving !== entry.answering) void this.#keeper.free(serving)
  }

  #remove(name: string): void {
    const entry = this.#entries.get(name)
    if (!entry) return
    this.#entries.delete(name)
    const { answering } = entry
    entry.answering = undefined
    const still = answering && entry.slots.get(answering.release.number)?.serving === answering
    for (const slot of [...entry.slots.values()]) this.#drop(entry, slot)
    if (answering && !still) void this.#keeper.free(answering)
  }
}

function wantedUnknown(): FairleadError {
  return new FairleadError('not-ready', 'this process could not read yet what it should serve', { retryAfter: 1 })
}
