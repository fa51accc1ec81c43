import { FairleadError } from '@fairlead/contract'
import { LoadWaiters } from './load-waiters.ts'
import { ReleasePlan, type ServingRelease } from './serving-release.ts'
import type { ServableRelease } from './types.ts'

/**
 * How it stands with the model of a release in this process. `unloaded`: it is known and not in memory, to be loaded when it is asked
 * for. `waiting`: its load waits for others.
 */
export type SlotState =
  | { kind: 'unloaded' }
  | { kind: 'waiting' }
  | { kind: 'loading' }
  | { kind: 'failed'; error: FairleadError }
  | { kind: 'ready'; serving: ServingRelease }

/** One release that this process should serve. */
export class Slot {
  readonly entry: Entry
  /** Grows richer by what loading found out; always the same release. */
  release: ServableRelease
  state: SlotState = { kind: 'unloaded' }
  /** Requests that wait for the model. */
  readonly waiters = new LoadWaiters()
  /** Whether the model was left out of memory on purpose: then its absence is no fault. */
  lazy = false
  retry: NodeJS.Timeout | undefined
  /** Why the last load came to nothing. */
  problem: FairleadError | undefined
  /** Failed loads one after another. */
  attempts = 0
  #plan: ReleasePlan | undefined

  constructor(entry: Entry, release: ServableRelease) {
    this.entry = entry
    this.release = release
  }

  get number(): number {
    return this.release.number
  }

  /** Whether it is the release that should answer. */
  get isCurrent(): boolean {
    return this.entry.current === this.number
  }

  get serving(): ServingRelease | undefined {
    return this.state.kind === 'ready' ? this.state.serving : undefined
  }

  /** What can be said and checked without the model. Throws `pipeline-invalid`. */
  get plan(): ReleasePlan {
    this.#plan ??= this.serving ?? new ReleasePlan(this.release)
    return this.#plan
  }
}

/** A wish of an operator for the model of one release: that it stays in memory, or out of it. */
export interface Wish {
  deployment: string
  generation: string | undefined
  /** The release it was said of: it means nothing for the next one. */
  release: number
  kind: 'load' | 'unload'
  /** Grows with every wish. */
  sequence: number
}

/** What became of a wish in this process. */
export interface WishOutcome {
  sequence: number
  failure?: { code: string; detail: string }
}

/** One deployment in this process. */
export interface Entry {
  name: string
  generation: string | undefined
  /** Another one whenever something was asked for. */
  asked: string | undefined
  current: number | undefined
  slots: Map<number, Slot>
  /** The release that answers: the current one once it is ready; until then, the one before. */
  answering: ServingRelease | undefined
  wish: Wish | undefined
  outcome: WishOutcome | undefined
}

/** A deployment of which nothing is known yet. */
export function newEntry(name: string, generation: string | undefined): Entry {
  return { name, generation, asked: undefined, current: undefined, slots: new Map(), answering: undefined, wish: undefined, outcome: undefined }
}

/** What an operator wishes for the current release. */
export function wishOf({ wish, current, generation }: Entry): Wish['kind'] | undefined {
  return wish && wish.release === current && wish.generation === generation ? wish.kind : undefined
}

/** Whether a request for the release is answered, even if its model must be loaded first. */
export function isLoadable(slot: Slot): boolean {
  return slot.isCurrent && slot.state.kind !== 'failed' && wishOf(slot.entry) !== 'unload'
}

/** Why a release does not answer, in words that follow its name. */
export function stateWords({ state }: Slot): string {
  if (state.kind === 'failed') return `could not be loaded: ${state.error.message}`
  if (state.kind === 'waiting') return 'waits to be loaded'
  if (state.kind === 'unloaded') return 'is not in memory'
  return state.kind === 'loading' ? 'is loading' : 'is ready'
}

/** Why a deployment does not answer. */
export function notReady(entry: Entry): string {
  if (entry.current === undefined) return `no release of "${entry.name}" is active yet`
  if (wishOf(entry) === 'unload') return unloadedWords(entry)
  const slot = entry.slots.get(entry.current)
  return `release ${entry.current} of "${entry.name}" ${slot ? stateWords(slot) : 'is not loaded'}`
}

function unloadedWords({ name, current }: Entry): string {
  return `release ${current} of "${name}" was unloaded, and answers again when it is loaded: POST /v2/repository/models/${name}/load`
}

/** The refusal of a request that no release can answer. */
export function refusal(entry: Entry): FairleadError {
  if (wishOf(entry) === 'unload') return new FairleadError('model-unloaded', unloadedWords(entry))
  return new FairleadError('release-not-ready', notReady(entry), { retryAfter: 1 })
}

/** Numbers go up from 1 and none is used twice: a lower one than those that are loaded was a release, and is kept on record. */
export function absentRelease(entry: Entry, release: number): FairleadError {
  const newest = Math.max(entry.current ?? 0, ...entry.slots.keys())
  if (release < newest)
    return new FairleadError('release-not-loaded', `release ${release} of "${entry.name}" is out of service and not loaded; there ${servedWords(entry)}`)
  return new FairleadError('release-unknown', `release ${release} of "${entry.name}" is not served; there ${servedWords(entry)}`)
}

function servedWords(entry: Entry): string {
  const served = [...entry.slots.values()].filter((slot) => slot.serving || (slot.lazy && isLoadable(slot))).map(({ number }) => number)
  return served.length === 0 ? 'is none yet' : `${served.length === 1 ? 'is' : 'are'} ${served.join(', ')}`
}
