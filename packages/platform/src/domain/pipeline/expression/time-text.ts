/** The furthest from 1970 that a time can be, in milliseconds: 100 million days. */
export const MOST_TIME = 8.64e15

const [ZERO, NINE, DASH, PLUS, COLON, POINT, COMMA, SPACE, BIG_T, SMALL_T, BIG_Z, SMALL_Z] = [...'09-+:., TtZz'].map((char) => char.charCodeAt(0))

/** The number that `count` digits at a place write; -1 where there are others. */
function digits(text: string, at: number, count: number): number {
  let value = 0
  for (let i = at; i < at + count; i++) {
    const unit = text.charCodeAt(i)
    if (!(unit >= ZERO! && unit <= NINE!)) return -1
    value = value * 10 + (unit - ZERO!)
  }
  return value
}

const MONTH_DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

/** Days of a month, which is counted from 1. */
export function daysOfMonth(year: number, month: number): number {
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
  return month === 2 && isLeap ? 29 : MONTH_DAYS[month - 1]!
}

/** Days since 1970 of a date of the Gregorian calendar, which is taken to have been there always; months are counted from 1. */
export function daysOfDate(year: number, month: number, day: number): number {
  // years that begin in March have the leap day at their end
  const marchYear = month <= 2 ? year - 1 : year
  const era = Math.floor(marchYear / 400)
  const yearOfEra = marchYear - era * 400
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1
  return era * 146_097 + yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear - 719_468
}

/**
 * Milliseconds since 1970 of a date or time as RFC 3339 and ISO 8601 write it: `2026-01-31`, `2026-01-31T12:00`, `2026-01-31 12:00:00.5+01:00`.
 * Without an offset it is UTC; what is finer than a millisecond is cut off, and spaces around it do not count. `undefined` for anything else, and for
 * days and hours that do not exist.
 */
export function parseTime(raw: string): number | undefined {
  const text = raw.charCodeAt(0) <= SPACE! || raw.charCodeAt(raw.length - 1) <= SPACE! ? raw.trim() : raw
  if (text.charCodeAt(4) !== DASH || text.charCodeAt(7) !== DASH) return undefined
  const year = digits(text, 0, 4)
  const month = digits(text, 5, 2)
  const day = digits(text, 8, 2)
  if (year < 0 || month < 1 || month > 12 || day < 1 || day > daysOfMonth(year, month)) return undefined
  const date = daysOfDate(year, month, day) * 86_400_000
  if (text.length === 10) return date
  const separator = text.charCodeAt(10)
  if (separator !== BIG_T && separator !== SMALL_T && separator !== SPACE) return undefined
  const within = clock(text)
  return within === undefined ? undefined : date + within
}

/** Milliseconds from midnight of the time of day from place 11 on, its offset taken off. */
function clock(text: string): number | undefined {
  const hour = digits(text, 11, 2)
  const minute = digits(text, 14, 2)
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || text.charCodeAt(13) !== COLON) return undefined
  let at = 16
  let millis = (hour * 60 + minute) * 60_000
  if (text.charCodeAt(at) === COLON) {
    const second = digits(text, at + 1, 2)
    if (second < 0 || second > 59) return undefined
    millis += second * 1000
    at += 3
    const point = text.charCodeAt(at)
    if (point === POINT || point === COMMA) {
      const from = at + 1
      at = from
      while (digits(text, at, 1) >= 0) at++
      if (at === from || at - from > 9) return undefined
      millis += Math.floor(Number(`0.${text.slice(from, Math.min(at, from + 3))}`) * 1000 + 0.5)
    }
  }
  const zone = offset(text, at)
  return zone === undefined ? undefined : millis - zone
}

/** Milliseconds that the rest of a text says the clock is ahead of UTC. */
function offset(text: string, at: number): number | undefined {
  const sign = text.charCodeAt(at)
  if (Number.isNaN(sign)) return 0
  if (sign === BIG_Z || sign === SMALL_Z) return text.length === at + 1 ? 0 : undefined
  if (sign !== PLUS && sign !== DASH) return undefined
  const minuteAt = text.charCodeAt(at + 3) === COLON ? at + 4 : at + 3
  const hour = digits(text, at + 1, 2)
  const minute = digits(text, minuteAt, 2)
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || text.length !== minuteAt + 2) return undefined
  return (hour * 60 + minute) * (sign === DASH ? -60_000 : 60_000)
}
