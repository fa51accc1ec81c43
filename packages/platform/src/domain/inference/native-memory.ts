/** Bytes that this process has outside JavaScript's own heap and buffers. */
function nativeBytes(): number {
  const { rss, heapTotal, external } = process.memoryUsage()
  return rss - heapTotal - external
}

/**
 * Measures how much memory something brings into the process. Only what runs alone can be told from others: while two measure, neither
 * gets an answer. What is freed is not always given back to the system, so that an answer may be too small, and is a least one.
 */
export class MemoryGauge {
  readonly #read: () => number
  #running = 0
  #begun = 0

  constructor(read = nativeBytes) {
    this.#read = read
  }

  /** Begins; the answer, called at the end, gives the growth in bytes, 0 where it cannot be told. Calling it again gives 0. */
  begin(): () => number {
    const before = this.#read()
    const alone = this.#running === 0
    this.#running++
    const mine = ++this.#begun
    let ended = false
    return () => {
      if (ended) return 0
      ended = true
      this.#running--
      return alone && this.#begun === mine ? Math.max(0, this.#read() - before) : 0
    }
  }
}
