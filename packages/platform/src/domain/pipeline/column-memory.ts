/**
 * Memory for the columns of one portion of rows after the other. A batch of many rows goes through its steps in portions of one size; what steps made for
 * one portion is of no use for the next, and making arrays anew for each costs more than filling them. Nothing waits while a portion is worked on, so one
 * memory serves all.
 */
class ColumnMemory {
  #rows = 0
  readonly #arrays: Float64Array[] = []
  readonly #own = new Set<Float64Array>()
  #used = 0

  /** From now on, columns of `rows` numbers come out of the memory, and those of before are given up; 0 for none. */
  begin(rows: number): void {
    this.#used = 0
    if (rows === 0 || rows === this.#rows) return
    this.#rows = rows
    this.#arrays.length = 0
    this.#own.clear()
  }

  /** Ends what `begin` began. */
  end(): void {
    this.#used = -1
  }

  /** Whether an array will be filled anew by the next portion. */
  lends(data: unknown): boolean {
    return this.#own.has(data as Float64Array)
  }

  /** Room for numbers; what is in it means nothing. */
  take(rows: number): Float64Array {
    if (this.#used < 0 || rows !== this.#rows || this.#used >= MOST_ARRAYS) return new Float64Array(rows)
    const known = this.#arrays[this.#used++]
    if (known) return known
    const fresh = new Float64Array(rows)
    this.#arrays.push(fresh)
    this.#own.add(fresh)
    return fresh
  }
}

/** At 16 KiB each. */
const MOST_ARRAYS = 256

export const columnMemory = new ColumnMemory()
columnMemory.end()

/** Room for a number a row, which must all be written: what is in it means nothing. */
export function numbersFor(rows: number): Float64Array {
  return columnMemory.take(rows)
}
