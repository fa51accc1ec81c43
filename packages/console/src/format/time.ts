import { NONE } from './number.ts'

const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** A span in milliseconds, in its largest unit: `12 s`, `4 min`, `3 h`, `2 days`. */
export function formatSpan(ms: number): string {
  const span = Math.abs(ms)
  if (span < MINUTE) return `${Math.floor(span / SECOND)}\u00a0s`
  if (span < HOUR) return `${Math.floor(span / MINUTE)}\u00a0min`
  if (span < 2 * DAY) return `${Math.floor(span / HOUR)}\u00a0h`
  if (span < 90 * DAY) return `${Math.floor(span / DAY)}\u00a0days`
  return span < 730 * DAY ? `${Math.floor(span / (30 * DAY))}\u00a0months` : `${Math.floor(span / (365 * DAY))}\u00a0years`
}

/** How long ago a time is: `just now`, `4 min ago`, `in 2 h`. */
export function relativeTime(at: string | null | undefined, now: number): string {
  if (!at) return NONE
  const span = now - Date.parse(at)
  if (Number.isNaN(span)) return NONE
  if (Math.abs(span) < 10 * SECOND) return 'just now'
  return span > 0 ? `${formatSpan(span)} ago` : `in ${formatSpan(span)}`
}

const exact = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'long' })
const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' })

/** The exact local time with its zone, for a title. */
export function exactTime(at: string | number): string {
  const time = new Date(at)
  return Number.isNaN(time.getTime()) ? String(at) : exact.format(time)
}

/** The local time of day: `14:03:20`. */
export function clockTime(at: string | number): string {
  const time = new Date(at)
  return Number.isNaN(time.getTime()) ? NONE : clock.format(time)
}

/** The local time of day to the millisecond: `14:03:20.417`. */
export function preciseTime(at: string | number): string {
  const time = new Date(at)
  return Number.isNaN(time.getTime()) ? NONE : `${clock.format(time)}.${String(time.getMilliseconds()).padStart(3, '0')}`
}

/** Windows that the range picker offers. */
export const RANGES = ['15m', '1h', '6h', '24h', '7d'] as const
export type Range = (typeof RANGES)[number]

/** Whether a text is one of the offered windows. */
export function isRange(value: unknown): value is Range {
  return RANGES.some((range) => range === value)
}
