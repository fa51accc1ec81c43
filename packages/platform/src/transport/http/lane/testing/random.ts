/** Numbers that follow from a seed, so that what was found can be found again (mulberry32). */
export class Random {
  #state: number

  constructor(seed: number) {
    this.#state = seed >>> 0
  }

  /** A whole number from 0 to `below - 1`. */
  int(below: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let x = this.#state
    x = Math.imul(x ^ (x >>> 15), x | 1)
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61)
    return Math.floor((((x ^ (x >>> 14)) >>> 0) / 2 ** 32) * below)
  }

  chance(share: number): boolean {
    return this.int(1_000_000) < share * 1_000_000
  }

  pick<T>(items: readonly T[]): T {
    return items[this.int(items.length)]!
  }
}
