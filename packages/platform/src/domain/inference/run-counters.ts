/** Runs of one number of rows; milliseconds in all for gathering their inputs, for the model, and for dealing out its outputs. */
export interface RunCount {
  rows: number
  runs: number
  inputMs: number
  runMs: number
  outputMs: number
}

/** Sizes of runs that are counted apart. Joined runs have at most a tile; only runs of requests that cannot be joined have more sizes. */
const MOST_SIZES = 1024

/** Counts the runs of one release that succeeded, by their rows. */
export class RunCounters {
  /** Runs of all sizes. */
  runs = 0
  readonly #bySize = new Map<number, RunCount>()
  #last: RunCount | undefined

  add(rows: number, { inputMs, runMs, outputMs }: Omit<RunCount, 'rows' | 'runs'>): void {
    this.runs++
    const count = this.#last?.rows === rows ? this.#last : this.#count(rows)
    if (!count) return
    this.#last = count
    count.runs++
    count.inputMs += inputMs
    count.runMs += runMs
    count.outputMs += outputMs
  }

  /** The sizes that there were, smallest first. */
  sizes(): RunCount[] {
    return Array.from(this.#bySize.values(), (count) => ({ ...count })).sort((a, b) => a.rows - b.rows)
  }

  #count(rows: number): RunCount | undefined {
    let count = this.#bySize.get(rows)
    if (!count && this.#bySize.size < MOST_SIZES) {
      count = { rows, runs: 0, inputMs: 0, runMs: 0, outputMs: 0 }
      this.#bySize.set(rows, count)
    }
    return count
  }
}
