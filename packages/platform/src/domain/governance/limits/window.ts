import type { Quota } from '@fairlead/contract'

/** A stretch of time in which rows are counted: a day or a month of UTC. */
export interface Window {
  /** `2026-11-21` or `2026-11`. */
  label: string
  /** Milliseconds since 1970. */
  beginsAt: number
  /** When the next begins. */
  endsAt: number
}

/** The window that a moment, in milliseconds since 1970, lies in. */
export function windowAt(kind: Quota['window'], now: number): Window {
  const date = new Date(now)
  const [year, month, day] = [date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()]
  const text = date.toISOString()
  if (kind === 'day') return { label: text.slice(0, 10), beginsAt: Date.UTC(year, month, day), endsAt: Date.UTC(year, month, day + 1) }
  return { label: text.slice(0, 7), beginsAt: Date.UTC(year, month), endsAt: Date.UTC(year, month + 1) }
}
