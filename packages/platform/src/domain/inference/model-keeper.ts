import { FairleadError } from '@fairlead/contract'
import { backoffMs } from '../../kernel/backoff.ts'
import type { ReleaseLoader } from './load.ts'
import { LoadQueue, PRIORITY, type Priority, type Ticket } from './load-queue.ts'
import { ModelMemory } from './model-memory.ts'
import type { ServingRelease } from './serving-release.ts'
import { type Slot, type SlotState, stateWords, wishOf } from './slot.ts'

const RETRY = { baseMs: 2000, maxMs: 60_000 }
/** How long a load waits for models that are at work to be idle, and how often it looks. */
const ROOM_MS = 10_000
const LOOK_MS = 20
/** How often those that wait say how many are before them. */
const TELL_MS = 1000

export interface ModelKeeperOptions {
  loader: Pick<ReleaseLoader, 'load' | 'prepare'>
  /** Bytes that models may take. */
  memoryBytes: number
  /** Loads at a time. */
  loads: number
  /** Every release of this process. */
  slots(): Iterable<Slot>
  /** Whether a release is still to be served. */
  isWanted(slot: Slot): boolean
  /** Told when it stands otherwise with a release. */
  changed(slot: Slot): void
}

/** What the keeper did since its start. */
export interface KeeperCounters {
  loads: number
  failures: number
  evictions: number
  loadMs: number
}

interface UnderWay {
  ticket: Ticket
  done: Promise<void>
  /** Loads before it when it last said so. */
  told: number
}

/** Brings models into memory and takes them out: a few loads at a time, each model once, and those that were used longest ago make room. */
export class ModelKeeper {
  readonly memory: ModelMemory
  readonly counters: KeeperCounters = { loads: 0, failures: 0, evictions: 0, loadMs: 0 }
  readonly #options: ModelKeeperOptions
  readonly #queue: LoadQueue
  readonly #underWay = new Map<Slot, UnderWay>()
  readonly #reloads = new Set<Promise<void>>()
  readonly #leaving = new Set<Promise<void>>()
  #teller: NodeJS.Timeout | undefined

  constructor(options: ModelKeeperOptions) {
    this.#options = options
    this.memory = new ModelMemory(options.memoryBytes)
    this.#queue = new LoadQueue(options.loads)
  }

  /** Loads that have begun, and those that wait. */
  get queue(): { running: number; waiting: number } {
    return { running: this.#queue.running, waiting: this.#queue.waiting }
  }

  /** Loads that are under way or will begin before this one. */
  before(slot: Slot): number {
    return this.#underWay.get(slot)?.ticket.before() ?? 0
  }

  /** Loads a model that is not in memory, once for all who ask. Settles when the load ended, well or badly. */
  want(slot: Slot, priority: Priority): Promise<void> {
    const known = this.#underWay.get(slot)
    if (known) {
      known.ticket.raise(priority)
      return known.done
    }
    if (slot.serving) return Promise.resolve()
    clearTimeout(slot.retry)
    slot.state = { kind: 'waiting' }
    this.#options.loader.prepare(this.memory.asKnown(slot.release))
    const { promise: done, resolve } = Promise.withResolvers<void>()
    const ticket = this.#queue.add(priority, async () => {
      await this.#load(slot)
      this.#underWay.delete(slot)
      resolve()
    })
    const underWay = { ticket, done, told: ticket.before() }
    this.#underWay.set(slot, underWay)
    if (this.#isWaiting(slot)) {
      this.#options.changed(slot)
      this.#tell()
    }
    return done
  }

  /** Loads a model again from its files; the one that is in memory answers until the new one is ready. Rejects when it cannot be loaded. */
  async reload(slot: Slot): Promise<void> {
    const before = slot.serving
    if (!before) return this.want(slot, PRIORITY.request)
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.#queue.add(PRIORITY.request, () => this.#loadAgain(slot, before).then(resolve, reject))
    const ended = promise.catch(() => {}).finally(() => this.#reloads.delete(ended))
    this.#reloads.add(ended)
    return promise
  }

  async #loadAgain(slot: Slot, before: ServingRelease): Promise<void> {
    if (!this.#options.isWanted(slot)) return
    const serving = await this.#open(slot, before)
    if (slot.serving === before && this.#options.isWanted(slot)) this.#arrived(slot, serving)
    else await this.free(serving)
  }

  /** Takes a model out of memory when it has answered what is in hand. */
  async unload(slot: Slot): Promise<void> {
    const { serving, entry } = slot
    if (!serving) return
    slot.lazy = true
    if (entry.answering === serving) entry.answering = undefined
    this.#become(slot, { kind: 'unloaded' })
    await this.free(serving)
  }

  /** Frees a model after its last answer. */
  free(serving: ServingRelease): Promise<void> {
    const leaving = serving[Symbol.asyncDispose]().finally(() => {
      this.memory.remove(serving)
      this.#leaving.delete(leaving)
    })
    this.#leaving.add(leaving)
    return leaving
  }

  /** Settles when no load is under way and what leaves has left. */
  async settled(): Promise<void> {
    clearInterval(this.#teller)
    await Promise.all([...[...this.#underWay.values()].map(({ done }) => done), ...this.#reloads])
    await Promise.all(this.#leaving)
  }

  async #load(slot: Slot): Promise<void> {
    if (!this.#options.isWanted(slot)) return
    this.#become(slot, { kind: 'loading' })
    try {
      const serving = await this.#open(slot, slot.isCurrent ? undefined : slot.entry.answering)
      if (this.#options.isWanted(slot)) this.#arrived(slot, serving)
      else void this.free(serving)
    } catch (error) {
      if (this.#options.isWanted(slot)) this.#failed(slot, error)
    }
  }

  /** Makes room and loads; `beside` is what the model will take the place of. */
  async #open(slot: Slot, beside: ServingRelease | undefined): Promise<ServingRelease> {
    const giveBack = await this.#room(slot, beside)
    const begun = performance.now()
    try {
      const serving = await this.#options.loader.load(this.memory.asKnown(slot.release))
      this.counters.loads++
      this.memory.add(serving)
      return serving
    } catch (error) {
      this.counters.failures++
      throw error
    } finally {
      this.counters.loadMs += performance.now() - begun
      giveBack()
    }
  }

  /** Sets memory aside, for which idle models have to go. Throws `model-memory-full`. */
  async #room(slot: Slot, beside: ServingRelease | undefined): Promise<() => void> {
    const bytes = this.memory.estimate(slot.release)
    const until = performance.now() + ROOM_MS
    while (!this.memory.fits(bytes, beside)) {
      const victim = this.#longestUnused(beside)
      if (victim) await this.#evict(victim)
      else if (performance.now() > until || !this.#options.isWanted(slot) || !this.#mayBecomeFree(beside)) throw this.#full(bytes)
      else await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
    }
    return this.memory.reserve(bytes)
  }

  #full(bytes: number): FairleadError {
    const { models, used, budget } = this.memory
    const words = `the model takes ${megabytes(bytes)}, and ${models} others that are at work or kept in memory take ${megabytes(used)} of ${megabytes(budget)}`
    return new FairleadError('model-memory-full', words, { retryAfter: 1 })
  }

  #evict(slot: Slot): Promise<void> {
    this.counters.evictions++
    return this.unload(slot)
  }

  /** Whether waiting may help: a model is at work that could go, or is about to go, or others are being loaded. */
  #mayBecomeFree(spared?: ServingRelease): boolean {
    if (this.#leaving.size > 0 || this.#queue.running > 1) return true
    for (const slot of this.#options.slots()) if (this.#mayGo(slot, spared)) return true
    return false
  }

  #mayGo({ serving, entry, isCurrent }: Slot, spared?: ServingRelease): boolean {
    return serving !== undefined && serving !== spared && serving === entry.answering && isCurrent && wishOf(entry) !== 'load'
  }

  /** The model that can go: it answers, is idle, may be loaded again when it is asked for, and was asked longest ago. */
  #longestUnused(spared?: ServingRelease): Slot | undefined {
    let found: { slot: Slot; at: number } | undefined
    for (const slot of this.#options.slots()) {
      const { serving } = slot
      if (!serving || !this.#mayGo(slot, spared) || !serving.idle || slot.waiters.rows > 0) continue
      if (!found || serving.usedAt < found.at) found = { slot, at: serving.usedAt }
    }
    return found?.slot
  }

  #arrived(slot: Slot, serving: ServingRelease): void {
    slot.attempts = 0
    slot.problem = undefined
    serving.usedAt = performance.now()
    this.#become(slot, { kind: 'ready', serving })
    slot.waiters.settle(serving)
    void this.#trim(slot, serving)
  }

  /** Lets others go where a model turned out larger than its files. */
  async #trim(slot: Slot, serving: ServingRelease): Promise<void> {
    // what it takes the place of is about to go
    await Promise.all(this.#leaving)
    while (!this.memory.fits(0, slot.isCurrent ? undefined : slot.entry.answering)) {
      const victim = this.#longestUnused(serving)
      if (!victim) return
      await this.#evict(victim)
    }
  }

  #failed(slot: Slot, cause: unknown): void {
    const error = cause instanceof FairleadError ? cause : new FairleadError('load-failed', cause instanceof Error ? cause.message : String(cause), { cause })
    slot.problem = error
    if (error.code === 'model-memory-full' && slot.isCurrent) {
      // nothing is wrong with the model: whoever asks for it next may find room
      slot.lazy = true
      this.#become(slot, { kind: 'unloaded' })
      slot.waiters.fail(error)
      return
    }
    this.#become(slot, { kind: 'failed', error })
    slot.waiters.fail(new FairleadError('release-not-ready', `release ${slot.number} of "${slot.entry.name}" ${stateWords(slot)}`, { retryAfter: 1 }))
    if (!slot.isCurrent) return
    // the release was ready once, so the reason is likely this machine's and may pass
    slot.retry = setTimeout(
      () => {
        if (this.#options.isWanted(slot) && slot.state.kind === 'failed') void this.want(slot, PRIORITY.current)
      },
      1000 + backoffMs(slot.attempts++, RETRY),
    ).unref()
  }

  #become(slot: Slot, state: SlotState): void {
    slot.state = state
    this.#options.changed(slot)
  }

  #isWaiting(slot: Slot): boolean {
    return slot.state.kind === 'waiting'
  }

  /** Has those that wait say anew how many are before them. */
  #tell(): void {
    this.#teller ??= setInterval(() => {
      for (const [slot, underWay] of this.#underWay) {
        const before = underWay.ticket.before()
        if (!this.#isWaiting(slot) || before === underWay.told) continue
        underWay.told = before
        this.#options.changed(slot)
      }
      if (this.#queue.waiting > 0) return
      clearInterval(this.#teller)
      this.#teller = undefined
    }, TELL_MS).unref()
  }
}

function megabytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(bytes < 10 * 2 ** 20 ? 1 : 0)} MiB`
}
