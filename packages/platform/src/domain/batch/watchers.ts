/** Lets others follow things by their ids. */
export class Watchers {
  readonly #listeners = new Map<string, Set<() => void>>()
  readonly #ending = new AbortController()

  /** Lets all go who watch. */
  end(): void {
    this.#ending.abort()
  }

  changed(id: string): void {
    for (const listener of this.#listeners.get(id) ?? []) listener()
  }

  /** What `read` answers now and after each change, until `over` holds of it, `signal` aborts or `end` is called. */
  async *watch<T>(
    id: string,
    { read, over, signal: given }: { read: () => Promise<T>; over: (value: T) => boolean; signal?: AbortSignal | undefined },
  ): AsyncGenerator<T> {
    const signal = given ? AbortSignal.any([given, this.#ending.signal]) : this.#ending.signal
    let changed = Promise.withResolvers<void>()
    const listener = () => changed.resolve()
    const all = this.#listeners.get(id) ?? new Set()
    this.#listeners.set(id, all.add(listener))
    signal.addEventListener('abort', listener)
    try {
      for (;;) {
        changed = Promise.withResolvers<void>()
        const value = await read()
        yield value
        if (over(value) || signal.aborted) return
        await changed.promise
        if (signal.aborted) return
      }
    } finally {
      signal.removeEventListener('abort', listener)
      all.delete(listener)
      if (all.size === 0) this.#listeners.delete(id)
    }
  }
}
