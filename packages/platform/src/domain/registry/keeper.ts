import type { BlobInventory, BlobStore } from './ports.ts'
import type { RegistryDb } from './tables.ts'

const CHUNK = 500

/**
 * Removes blobs that no version and no upload names any more. A blob that was just stored is named only a moment later, so nothing is
 * removed while such work is under way, and such work waits while something is being removed.
 */
export class BlobKeeper {
  readonly #db: RegistryDb
  readonly #blobs: BlobStore & BlobInventory
  readonly #candidates = new Set<string>()
  #storing = 0
  #removing: Promise<void> | undefined

  constructor(db: RegistryDb, blobs: BlobStore & BlobInventory) {
    this.#db = db
    this.#blobs = blobs
  }

  /** Runs work that stores blobs and then writes rows that name them. */
  async storing<T>(work: () => Promise<T>): Promise<T> {
    while (this.#removing) await this.#removing
    this.#storing++
    try {
      return await work()
    } finally {
      this.#storing--
      await this.#removeIdle()
    }
  }

  /** Removes those of the digests that nothing names, now or when the work under way has ended. */
  async discard(digests: Iterable<string>): Promise<void> {
    for (const digest of digests) this.#candidates.add(digest)
    await this.#removeIdle()
  }

  /** Removes everything that nothing names, and what unfinished writes have left. */
  async sweep(): Promise<void> {
    while (this.#removing) await this.#removing
    if (this.#storing > 0) return
    await this.#blobs.tidy()
    for await (const digest of this.#blobs.list()) this.#candidates.add(digest)
    await this.#removeIdle()
  }

  async #removeIdle(): Promise<void> {
    while (this.#removing) await this.#removing
    if (this.#storing > 0 || this.#candidates.size === 0) return
    this.#removing = this.#remove()
      // what could not be removed is found again by the sweep at the next start
      .catch(() => {})
      .finally(() => {
        this.#removing = undefined
      })
    await this.#removing
  }

  async #remove(): Promise<void> {
    const all = [...this.#candidates]
    this.#candidates.clear()
    for (let i = 0; i < all.length; i += CHUNK) {
      const some = all.slice(i, i + CHUNK)
      const named = await this.#db
        .selectFrom('version_files')
        .select('digest')
        .where('digest', 'in', some)
        .union(this.#db.selectFrom('upload_files').select('digest').where('digest', 'in', some))
        .execute()
      const kept = new Set(named.map((row) => row.digest))
      for (const digest of some) if (!kept.has(digest)) await this.#blobs.remove(digest)
    }
  }
}
