type RawJson = { rawJSON?: (text: string) => unknown }
type Reviver = (key: string, value: unknown, context?: { source?: string }) => unknown

/** A run of digits long enough to be a whole number that a double cannot hold. */
const MANY_DIGITS = /\d{16}/

const exact: Reviver = (_, value, context) => {
  if (typeof value !== 'number' || Number.isSafeInteger(value) || !context?.source) return value
  // longer ones fit no type, and take a time that grows with the square of their length to read exactly
  return context.source.length <= 40 && /^-?\d+$/.test(context.source) ? BigInt(context.source) : value
}

/** Members of the control API's documents that hold rows of a model: their whole numbers are exact, all others plain numbers. */
export const ROW_MEMBERS: readonly string[] = ['rows', 'predictions', 'example']

/** Reads JSON as `parseJson` does without `members`; apart from it so that who needs no more carries no more. */
export function parseExactJson(text: string): unknown {
  return MANY_DIGITS.test(text) ? JSON.parse(text, exact as (key: string, value: unknown) => unknown) : JSON.parse(text)
}

/**
 * Reads JSON; whole numbers beyond 2^53 become `bigint`, exactly (by ES2026's access to the source text in `JSON.parse`): all of them,
 * or only those inside members called as in `members`. Throws SyntaxError like `JSON.parse`.
 */
export function parseJson(text: string, members?: readonly string[]): unknown {
  const value = parseExactJson(text)
  return members === undefined || !MANY_DIGITS.test(text) ? value : plain(value, members)
}

function plain(value: unknown, members: readonly string[]): unknown {
  if (typeof value === 'bigint') return Number(value)
  if (Array.isArray(value)) return value.map((one) => plain(one, members))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, members.includes(key) ? one : plain(one, members)]))
}

/**
 * JSON as the platform reads it: `NaN` and infinities as their names in quotes (plain JSON would make them null),
 * `bigint` as a whole number of any length where the runtime can write one, else as text.
 */
export function writeJson(value: unknown, indent?: number): string {
  const { rawJSON } = JSON as RawJson
  const replace = (_: string, one: unknown) => {
    if (typeof one === 'bigint') return rawJSON ? rawJSON(String(one)) : String(one)
    return typeof one === 'number' && !Number.isFinite(one) ? String(one) : one
  }
  return JSON.stringify(value, replace, indent)
}
