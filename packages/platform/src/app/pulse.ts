/** How long a process may take to read its program and say that it is there. */
const STARTING_MS = 60_000
/** What a process gets to end itself, before it is ended. */
const SLACK_MS = 3000

/** How long nothing was heard of a process. Counted in looks, not by the clock: when this process sleeps or is stopped, nobody is late. */
export class Pulse {
  #silentMs = 0
  #limitMs = STARTING_MS

  /** It turns, and may now be silent for `limitMs`. */
  heard(limitMs: number): void {
    this.#silentMs = 0
    this.#limitMs = limitMs
  }

  /** Another `millis` have passed; answers whether it has been silent for too long, so that it cannot even end itself. */
  missed(millis: number): boolean {
    this.#silentMs += millis
    return this.#silentMs >= this.#limitMs + SLACK_MS
  }

  /** Whether one that was killed had been silent for so long that its own watchdog will have done it. */
  get faint(): boolean {
    return this.#silentMs >= this.#limitMs / 2
  }

  get silentMs(): number {
    return this.#silentMs
  }
}
