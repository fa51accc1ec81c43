import { sqliteCode } from './errors.ts'

const FULL = 13
/** The shared index of the write-ahead log could not grow, among others. */
const INPUT_OUTPUT = 10
/** Another process is writing. */
const BUSY = 5
const AGAIN_MS = 250

/** Writes of a store that has no room, or is locked, wait in their order until they can be done. Other errors are thrown. */
export class Patience implements Disposable {
  readonly #waiting = new Map<string, () => void>()
  #timer: NodeJS.Timeout | undefined

  /** Writes now, or after those that wait. One of the same `key` that still waits is replaced. */
  write(key: string, work: () => void): void {
    if (this.attempt(work)) return
    this.#waiting.delete(key)
    this.#waiting.set(key, work)
    this.#timer ??= setInterval(() => this.#again(), AGAIN_MS).unref()
  }

  /** Writes now or not at all; answers which. While others wait it is not its turn. */
  attempt(work: () => void): boolean {
    return this.#waiting.size === 0 && done(work)
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer)
    this.#waiting.clear()
  }

  #again(): void {
    for (const [key, work] of this.#waiting) {
      if (!done(work)) return
      this.#waiting.delete(key)
    }
    clearInterval(this.#timer)
    this.#timer = undefined
  }
}

function done(work: () => void): boolean {
  try {
    work()
    return true
  } catch (error) {
    const code = sqliteCode(error)
    if (code === FULL || code === INPUT_OUTPUT || code === BUSY) return false
    throw error
  }
}
