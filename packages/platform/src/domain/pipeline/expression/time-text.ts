const FORM = /^(\d{4})-(\d{2})-(\d{2})(?:[Tt ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?(?:([Zz])|([+-])(\d{2}):?(\d{2}))?)?$/

/**
 * Milliseconds since 1970 of a date or time as RFC 3339 and ISO 8601 write it: `2026-01-31`, `2026-01-31T12:00`, `2026-01-31 12:00:00.5+01:00`.
 * Without an offset it is UTC; what is finer than a millisecond is cut off. `undefined` for anything else, and for days that do not exist.
 */
export function parseTime(text: string): number | undefined {
  const match = FORM.exec(text.length <= 40 ? text.trim() : text)
  if (!match) return undefined
  const [, year, month, day, hour = '0', minute = '0', second = '0', fraction = '', , sign, offsetHour = '0', offsetMinute = '0'] = match
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59 || Number(offsetHour) > 23 || Number(offsetMinute) > 59) return undefined
  // Date.UTC takes the years from 0 to 99 for those of the last century
  const date = new Date(0)
  date.setUTCFullYear(Number(year), Number(month) - 1, Number(day))
  if (date.getUTCMonth() !== Number(month) - 1 || date.getUTCDate() !== Number(day)) return undefined
  date.setUTCHours(Number(hour), Number(minute), Number(second), Number(fraction.slice(0, 3).padEnd(3, '0')))
  const offset = (Number(offsetHour) * 60 + Number(offsetMinute)) * 60_000
  return date.getTime() - (sign === '-' ? -offset : offset)
}
