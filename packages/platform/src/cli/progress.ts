import { bytes, width } from './format.ts'
import type { Output } from './output.ts'

const BAR = 24
/** Lines on a log after which they come one every while. */
const PROMPT_LINES = 20
const PAUSE_MS = 5000

/** Progress of long work on stderr: a bar that overwrites itself on a terminal, a line per new step elsewhere. */
export class Progress {
  readonly #output: Output
  #last = ''
  #drawn = false
  #drawnAt = 0
  #lines = 0

  constructor(output: Output) {
    this.#output = output
  }

  /** Shows a share from 0 to 1 (or `null` where it cannot be told) with words beside it. */
  update(step: string, share: number | null): void {
    if (this.#output.quiet) return
    const now = performance.now()
    if (!this.#output.interactive) {
      // a log is read later: the first steps tell what is done, and then one in a while that it goes on
      if (step !== this.#last && (this.#lines < PROMPT_LINES || now - this.#drawnAt >= PAUSE_MS)) {
        this.#output.note(step)
        this.#lines++
        this.#drawnAt = now
      }
      this.#last = step
      return
    }
    if (step === this.#last && now - this.#drawnAt < 50 && share !== 1) return
    this.#last = step
    this.#drawnAt = now
    const filled = share === null ? 0 : Math.round(Math.max(0, Math.min(1, share)) * BAR)
    const bar = share === null ? '' : `${'━'.repeat(filled)}${this.#output.tint('dim', '━'.repeat(BAR - filled))} `
    const room = this.#output.columns - (share === null ? 0 : BAR + 1) - 1
    const words = width(step) > room ? `${step.slice(0, Math.max(0, room - 1))}…` : step
    this.#output.transient(`\r\u001b[2K${bar}${words}`)
    this.#drawn = true
  }

  /** Shows bytes sent of a total. On a log only the start of each file is told, with its own size. */
  transfer({ what, size }: { what: string; size: number }, sent: number, total: number): void {
    const amount = this.#output.interactive ? `${what} ${bytes(sent)} of ${bytes(total)}` : `${what} (${bytes(size)})`
    this.update(amount, total === 0 ? 1 : sent / total)
  }

  /** Clears the bar. */
  end(): void {
    if (this.#drawn) this.#output.transient('\r\u001b[2K')
    this.#drawn = false
    this.#last = ''
  }
}
