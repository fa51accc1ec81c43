import type { Execution } from '@fairlead/contract/control'
import type { ServingRelease } from './serving-release.ts'
import type { ServableRelease } from './types.ts'

/** What every loaded model takes besides its weights. */
const OVERHEAD_BYTES = 64 * 1024
/** What the thread of a worker takes: measured at 15 MB with the library in it. */
const WORKER_BYTES = 16 * 1024 * 1024
/** Releases of which it is remembered what they took. */
const REMEMBERED = 10_000

/** Least memory of a loaded release: its files, once for every worker that has them open. */
export function leastMemory({ files, settings }: ServableRelease, mode: 'inline' | 'worker' | undefined): number {
  const bytes = files.reduce((sum, { size }) => sum + size, 0)
  const one = OVERHEAD_BYTES + bytes
  return mode === 'worker' ? settings.workers * (WORKER_BYTES + one) : one
}

/** Memory that models take in this process, and are about to take, against what they may. */
export class ModelMemory {
  readonly budget: number
  readonly #loaded = new Map<ServingRelease, number>()
  /** Of loads under way. */
  readonly #reserved = new Map<object, number>()
  /** What loads of a release brought into memory, and how it runs, by its digest, which several deployments may share. */
  readonly #known = new Map<string, { loads: number; growth: number; execution: Execution }>()
  #used = 0

  constructor(budget: number) {
    this.budget = budget
  }

  /** Bytes taken or set aside. */
  get used(): number {
    return this.#used
  }

  /** Models in memory. */
  get models(): number {
    return this.#loaded.size
  }

  /**
   * What a release takes: what its files have, or what its loads brought into memory on the average. One measurement alone tells little: what is
   * freed is used again, and others take memory meanwhile.
   */
  estimate(release: ServableRelease): number {
    const known = this.#known.get(release.digest)
    return Math.max(leastMemory(release, (known?.execution ?? release.execution)?.mode), known ? known.growth / known.loads : 0)
  }

  /** A release with how it ran when it was last loaded here, where nothing newer is known of it. */
  asKnown(release: ServableRelease): ServableRelease {
    const execution = release.execution ?? this.#known.get(release.digest)?.execution
    return execution === undefined || execution === release.execution ? release : { ...release, execution }
  }

  /**
   * Whether so many bytes more may be taken. `beside` is a model that will leave when the new one is there: for that time both are in
   * memory, whatever the budget. A model that is larger than the budget may be loaded when it is alone.
   */
  fits(bytes: number, beside?: ServingRelease): boolean {
    const others = this.#used - ((beside && this.#loaded.get(beside)) ?? 0)
    return others + bytes <= this.budget || others === 0
  }

  /** Sets bytes aside for a load; call the answer when it has ended. */
  reserve(bytes: number): () => void {
    const key = {}
    this.#reserved.set(key, bytes)
    this.#used += bytes
    return () => {
      if (this.#reserved.delete(key)) this.#used -= bytes
    }
  }

  /** Counts a model that is in memory now. */
  add(serving: ServingRelease): void {
    const { release, execution, memoryBytes } = serving
    const { loads, growth } = this.#known.get(release.digest) ?? { loads: 0, growth: 0 }
    this.#known.delete(release.digest)
    this.#known.set(release.digest, { loads: loads + 1, growth: growth + memoryBytes, execution })
    const [oldest] = this.#known.keys()
    if (this.#known.size > REMEMBERED) this.#known.delete(oldest!)
    const bytes = Math.round(this.estimate(release))
    this.#loaded.set(serving, bytes)
    this.#used += bytes
  }

  /** Counts a model no longer. */
  remove(serving: ServingRelease): void {
    this.#used -= this.#loaded.get(serving) ?? 0
    this.#loaded.delete(serving)
  }
}
