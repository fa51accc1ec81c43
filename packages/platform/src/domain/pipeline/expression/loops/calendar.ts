import type { Loop } from '../node.ts'
import { daysOfDate } from '../time-text.ts'

const DAY = 86_400_000

/*
 * The calendar by whole numbers alone, after Howard Hinnant's "chrono-Compatible Low-Level Date Algorithms". Years that begin in March have the leap
 * day at their end, and eras of 400 years are all alike. `| 0` keeps the divisions in whole numbers, which V8 then makes multiplications of.
 */

/** Days since the first of March of the year 0. */
function marchDays(time: number): number {
  return Math.floor(time / DAY) + 719_468
}

function eraOf(days: number): number {
  return Math.floor(days / 146_097)
}

function yearOfEra(dayOfEra: number): number {
  return ((dayOfEra - ((dayOfEra / 1460) | 0) + ((dayOfEra / 36_524) | 0) - ((dayOfEra / 146_096) | 0)) / 365) | 0
}

function dayOfMarchYear(dayOfEra: number, year: number): number {
  return (dayOfEra - (365 * year + ((year / 4) | 0) - ((year / 100) | 0))) | 0
}

export function yearOf(time: number): number {
  const days = marchDays(time)
  const era = eraOf(days)
  const dayOfEra = (days - era * 146_097) | 0
  const year = yearOfEra(dayOfEra)
  return year + era * 400 + (dayOfMarchYear(dayOfEra, year) >= 306 ? 1 : 0)
}

export function monthOf(time: number): number {
  const days = marchDays(time)
  const dayOfEra = (days - eraOf(days) * 146_097) | 0
  const month = ((5 * dayOfMarchYear(dayOfEra, yearOfEra(dayOfEra)) + 2) / 153) | 0
  return month < 10 ? month + 3 : month - 9
}

export function dayOf(time: number): number {
  const days = marchDays(time)
  const dayOfEra = (days - eraOf(days) * 146_097) | 0
  const dayOfYear = dayOfMarchYear(dayOfEra, yearOfEra(dayOfEra))
  const month = ((5 * dayOfYear + 2) / 153) | 0
  return dayOfYear - (((153 * month + 2) / 5) | 0) + 1
}

function dayOfYear(time: number): number {
  return Math.floor(time / DAY) - daysOfDate(yearOf(time), 1, 1) + 1
}

/** 1 for Monday to 7 for Sunday. */
function dayOfWeek(time: number): number {
  const days = Math.floor(time / DAY) + 3
  return days - Math.floor(days / 7) * 7 + 1
}

/** Weeks and years of ISO 8601: the week belongs to the year that has its Thursday. */
function thursday(time: number): number {
  return time + (4 - dayOfWeek(time)) * DAY
}

function within(time: number, whole: number, part: number): number {
  const rest = time - Math.floor(time / whole) * whole
  return (rest / part) | 0
}

/** Parts of times, each a whole number. */
export const PARTS = {
  year: (out, a, count) => {
    for (let i = 0; i < count; i++) out[i] = yearOf(a[i]!)
  },
  quarter: (out, a, count) => {
    for (let i = 0; i < count; i++) out[i] = ((monthOf(a[i]!) + 2) / 3) | 0
  },
  month: (out, a, count) => {
    for (let i = 0; i < count; i++) out[i] = monthOf(a[i]!)
  },
  day: (out, a, count) => {
    for (let i = 0; i < count; i++) out[i] = dayOf(a[i]!)
  },
  hour: (out, a, count) => {
    for (let i = 0; i < count; i++) out[i] = within(a[i]!, DAY, 3_600_000)
  },
  minute: (out, a, count) => {
    for (let i = 0; i < count; i++) out[i] = within(a[i]!, 3_600_000, 60_000)
  },
  second: (out, a, count) => {
    for (let i = 0; i < count; i++) out[i] = within(a[i]!, 60_000, 1000)
  },
  millisecond: (out, a, count) => {
    for (let i = 0; i < count; i++) out[i] = within(a[i]!, 1000, 1)
  },
  day_of_week: (out, a, count) => {
    for (let i = 0; i < count; i++) out[i] = dayOfWeek(a[i]!)
  },
  day_of_year: (out, a, count) => {
    for (let i = 0; i < count; i++) out[i] = dayOfYear(a[i]!)
  },
  week: (out, a, count) => {
    for (let i = 0; i < count; i++) out[i] = ((dayOfYear(thursday(a[i]!)) + 6) / 7) | 0
  },
  week_year: (out, a, count) => {
    for (let i = 0; i < count; i++) out[i] = yearOf(thursday(a[i]!))
  },
} satisfies Record<string, Loop<'time', 'number'>>

const LENGTHS = { second: 1000, minute: 60_000, hour: 3_600_000, day: DAY }

/** The beginning of the second, minute … year that a time lies in. */
export const TRUNCATE: Record<string, (time: number) => number> = {
  ...Object.fromEntries(Object.entries(LENGTHS).map(([unit, length]) => [unit, (time: number) => Math.floor(time / length) * length])),
  week: (time) => (Math.floor(time / DAY) - dayOfWeek(time) + 1) * DAY,
  month: (time) => daysOfDate(yearOf(time), monthOf(time), 1) * DAY,
  quarter: (time) => {
    const month = monthOf(time)
    return daysOfDate(yearOf(time), month - ((month - 1) % 3), 1) * DAY
  },
  year: (time) => daysOfDate(yearOf(time), 1, 1) * DAY,
}
