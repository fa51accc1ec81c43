import type { ServingRelease } from './serving-release.ts'
import type { ServableRelease } from './types.ts'

/** What every loaded model takes besides its weights. */
const OVERHEAD_BYTES = 64 * 1024

/** Least memory of a loaded release: its files, once for every worker that has them open. */
export function leastMemory({ files, settings }: ServableRelease, mode: 'inline' | 'worker' | undefined): number {
  const bytes = files.reduce((sum, { size }) => sum + size, 0)
  return OVERHEAD_BYTES + bytes * (mode === 'worker' ? settings.workers : 1)
}

/** Memory that models take in this process, and are about to take, against what they may. */
export class ModelMemory {
  readonly budget: number
  readonly #loaded = new Map<ServingRelease, number>()
  /** Of loads under way. */
  readonly #reserved = new Map<object, number>()
  /** What each model took when it was loaded, by the digest of its release. */
  readonly #known = new Map<string, number>()
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

  /** What a release will take: as much as the last time, else what its files have. */
  estimate(release: ServableRelease): number {
    return this.#known.get(release.digest) ?? leastMemory(release, release.execution?.mode)
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
    const bytes = Math.max(leastMemory(release, execution.mode), memoryBytes, this.#known.get(release.digest) ?? 0)
    this.#known.set(release.digest, bytes)
    this.#loaded.set(serving, bytes)
    this.#used += bytes
  }

  /** Counts a model no longer. */
  remove(serving: ServingRelease): void {
    this.#used -= this.#loaded.get(serving) ?? 0
    this.#loaded.delete(serving)
  }

  /** Forgets what a release took, because it is wanted no more. */
  forget(digest: string): void {
    this.#known.delete(digest)
  }
}
