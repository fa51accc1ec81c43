/** What was answered for one key: a value for each feature, and when each came to be. */
export interface Entry {
  values: readonly (number | bigint | string | boolean | null)[]
  times: readonly (number | null)[]
  /** When it was answered, in milliseconds since 1970. */
  at: number
}

/** Answers by key, those that were not used for the longest time given up first. */
export class EntryCache {
  readonly #most: number
  readonly #entries = new Map<string, Entry>()

  constructor(most: number) {
    this.#most = most
  }

  get size(): number {
    return this.#entries.size
  }

  get(key: string): Entry | undefined {
    const entry = this.#entries.get(key)
    if (!entry) return undefined
    // a Map keeps the order in which keys came: the one that is used goes to its end
    this.#entries.delete(key)
    this.#entries.set(key, entry)
    return entry
  }

  set(key: string, entry: Entry): void {
    this.#entries.delete(key)
    this.#entries.set(key, entry)
    if (this.#entries.size <= this.#most) return
    for (const oldest of this.#entries.keys()) {
      this.#entries.delete(oldest)
      return
    }
  }
}
