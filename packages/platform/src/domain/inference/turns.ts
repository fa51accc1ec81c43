/** Has runs to do on the calling thread. */
export interface Runner {
  /** Does one run. May ask for another turn. */
  turn(): void
  /** Milliseconds of the thread that were used while others waited; kept by `Turns`. */
  spent: number
}

/** Once runs took so long, sockets are read before the next one. */
const ROUND_MS = 5
/** Who has used so much more of the thread than another who waits, waits too. */
const AHEAD_MS = 5

/**
 * Shares one thread between the releases that run on it. In each turn of the event loop everyone who asked has one run, those
 * first who have used the least; who is ahead of another by more than `AHEAD_MS` waits until that one has caught up or wants
 * nothing (start-time fair queueing by measured time). After `ROUND_MS` the rest wait for the next turn, so that requests are
 * read in between. Somebody alone never waits.
 */
export class Turns {
  readonly #go = () => this.#round()
  readonly #now: () => number
  #ready: Runner[] = []
  #scheduled = false
  /** What those who wait have spent at least: a newcomer has no claim to the time before. */
  #floor = 0

  /** `now` tells the time in milliseconds. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now
  }

  /** Gives `runner` a turn at the end of this turn of the event loop. To be asked once for each. */
  ask(runner: Runner): void {
    if (runner.spent < this.#floor) runner.spent = this.#floor
    this.#ready.push(runner)
    this.#schedule()
  }

  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    setImmediate(this.#go)
  }

  #round(): void {
    this.#scheduled = false
    if (this.#ready.length === 1) this.#ready.pop()!.turn()
    else this.#share(this.#ready.sort((a, b) => a.spent - b.spent))
  }

  #share(all: Runner[]): void {
    this.#ready = []
    this.#floor = all[0]!.spent
    const most = this.#floor + AHEAD_MS
    let now = this.#now()
    const until = now + ROUND_MS
    for (const runner of all) {
      if (runner.spent > most || now >= until) {
        this.#ready.push(runner)
        continue
      }
      const before = now
      runner.turn()
      now = this.#now()
      runner.spent += now - before
    }
    if (this.#ready.length > 0) this.#schedule()
  }
}

/** The turns on this thread. */
export const THREAD_TURNS = new Turns()
