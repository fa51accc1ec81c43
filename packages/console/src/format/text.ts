import { writeJson } from '@fairlead/contract'

/** A digest as people compare it: the first characters after the algorithm. */
export function shortDigest(digest: string, length = 12): string {
  const at = digest.indexOf(':')
  return digest.slice(at + 1, at + 1 + length)
}

/** A value of a row as one line of text. */
export function formatValue(value: unknown): string {
  if (value === null || value === undefined) return '–'
  if (typeof value === 'number') return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(6)))
  if (typeof value === 'string') return value
  if (typeof value === 'boolean') return value ? 'true' : 'false'
  return writeJson(value)
}

/** A process as people speak of it: its role and place, `serve-1`; the marks of one start, which make its id unique, stay in titles. */
export function processName(id: string): string {
  return /^([a-z]+(?:-\d+)?)-[a-z0-9]{6,}-\d+$/.exec(id)?.[1] ?? id
}

/** Lower-case matching by words: every word of `query` occurs in `text`. */
export function matches(text: string, query: string): boolean {
  const haystack = text.toLowerCase()
  return query
    .toLowerCase()
    .split(/\s+/)
    .every((word) => haystack.includes(word))
}
