import { stripVTControlCharacters } from 'node:util'
import { writeJson } from '@fairlead/contract'

const UNITS: [number, string][] = [
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'min'],
  [1000, 's'],
]

/** `3 min ago`, from an RFC 3339 time; `–` when there is none. */
export function ago(time: string | null | undefined, now = Date.now()): string {
  if (!time) return '–'
  const millis = now - Date.parse(time)
  if (Number.isNaN(millis)) return time
  if (Math.abs(millis) < 1000) return 'just now'
  const text = duration(Math.abs(millis))
  // a span that somebody gave a moment ago is told as it was given: 90 days, not 89
  return millis < 0 ? `in ${duration(-millis + Math.min(60_000, -millis / 1000))}` : `${text} ago`
}

/** Milliseconds in the largest unit that fits: `5 d`, `12 s`, `340 ms`. */
export function duration(millis: number): string {
  for (const [size, unit] of UNITS) if (millis >= size) return `${Math.floor(millis / size)} ${unit}`
  return `${millis < 10 ? Number(millis.toPrecision(2)) : Math.round(millis)} ms`
}

/** Bytes in decimal units, as in the console, with three significant digits. */
export function bytes(count: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  let value = count
  let unit = 0
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000
    unit++
  }
  return `${unit === 0 ? value : Number(value.toPrecision(3))} ${units[unit]}`
}

/** The first twelve hex digits of a digest. */
export function shortDigest(digest: string): string {
  return digest.replace(/^sha256:/, '').slice(0, 12)
}

/** A number with as many digits as mean something. */
export function figure(value: number | null | undefined, unit = ''): string {
  if (value === null || value === undefined) return '–'
  const text = Math.abs(value) >= 1000 ? Math.round(value).toLocaleString('en-US') : String(Number(value.toPrecision(3)))
  return unit === '' ? text : `${text} ${unit}`
}

/** A value of a row as one cell of a table. */
export function cell(value: unknown): string {
  if (value === null || value === undefined) return '–'
  if (typeof value === 'number' && !Number.isInteger(value)) return String(Number(value.toPrecision(6)))
  if (typeof value === 'object') return writeJson(value)
  return printable(String(value))
}

/** Text without control characters: what others wrote must not steer the terminal. */
export function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, (character) => (character === '\n' || character === '\t' ? ' ' : '\ufffd'))
}

/** Columns that a text takes on a terminal: wide East Asian characters take two, combining marks none. */
export function width(text: string): number {
  let columns = 0
  for (const character of stripVTControlCharacters(text)) {
    if (/\p{M}/u.test(character)) continue
    columns += /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}]/u.test(character) ? 2 : 1
  }
  return columns
}

/** Aligned columns; those whose cells are all numbers stand right. The last column is not padded. */
export function alignTable(header: string[], rows: string[][]): string[] {
  const all = [header, ...rows]
  const widths = header.map((_, column) => Math.max(...all.map((row) => width(row[column] ?? ''))))
  const numeric = header.map(
    (_, column) => rows.length > 0 && rows.every((row) => /^(–|([<>] )?-?[\d.,]+( ?(%|µs|ms|s|B|kB|MB|GB|TB|\/s))?)$/.test(row[column] ?? '')),
  )
  return all.map((row) =>
    row
      .map((text, column) => {
        const gap = ' '.repeat(Math.max(0, widths[column]! - width(text)))
        return numeric[column] ? gap + text : text + gap
      })
      .join('  ')
      .trimEnd(),
  )
}
