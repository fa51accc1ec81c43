import type { Quota } from '@fairlead/contract'
import { type Window, windowAt } from './window.ts'

/** Rows to be added to what was spent in a window. */
export interface Spent {
  subject: string
  window: string
  rows: number
}

export interface SpendingOptions {
  /** Rows that all processes together spent in a window. */
  spent(subject: string, window: string): number
  /** Told of the first rows after an exchange; false to be told again. */
  onFirst(spending: Spending): boolean
  now: number
}

/** Rows of one quota: what all processes spent as far as this one knows, and what it spent itself since it told them. */
export class Spending {
  readonly subject: string
  quota: Quota
  usedAt: number
  readonly #options: Omit<SpendingOptions, 'now'>
  #window: Window
  #shared: number
  #unsent = 0
  /** Rows of a window that ended before they were told. */
  #late: Spent[] = []
  #told = true

  constructor(subject: string, quota: Quota, { now, ...options }: SpendingOptions) {
    this.subject = subject
    this.quota = quota
    this.#options = options
    this.#window = windowAt(quota.window, now)
    this.#shared = options.spent(subject, this.#window.label)
    this.usedAt = now
  }

  /** Rows that are left. */
  left(now: number): number {
    this.#roll(now)
    return Math.max(0, this.quota.rows - this.#shared - this.#unsent)
  }

  /** Milliseconds until the quota begins anew. */
  resetMs(now: number): number {
    this.#roll(now)
    return this.#window.endsAt - now
  }

  /** Length of the window that runs, in seconds. */
  seconds(now: number): number {
    this.#roll(now)
    return (this.#window.endsAt - this.#window.beginsAt) / 1000
  }

  /** Counts rows; fewer than none gives some back. */
  add(rows: number, now: number): void {
    this.#roll(now)
    this.#unsent += rows
    this.usedAt = now
    if (this.#told) this.#told = !this.#options.onFirst(this)
  }

  /** What the others have not been told. */
  untold(): Spent[] {
    return this.#unsent === 0 ? this.#late : [...this.#late, { subject: this.subject, window: this.#window.label, rows: this.#unsent }]
  }

  /** The others have been told what `untold` said just before. */
  told(): void {
    this.#shared += this.#unsent
    this.#unsent = 0
    this.#late = []
    this.#told = true
  }

  /** Takes up what all processes spent. */
  learn(window: string, rows: number): void {
    if (window === this.#window.label) this.#shared = rows
  }

  #roll(now: number): void {
    // before its beginning too: the clock may have been set back
    if (now < this.#window.endsAt && now >= this.#window.beginsAt) return
    const next = windowAt(this.quota.window, now)
    if (this.#unsent !== 0) this.#late.push({ subject: this.subject, window: this.#window.label, rows: this.#unsent })
    this.#window = next
    this.#unsent = 0
    this.#shared = this.#options.spent(this.subject, next.label)
  }
}
