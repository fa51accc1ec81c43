type RawJson = { rawJSON?: (text: string) => unknown }
type Reviver = (key: string, value: unknown, context?: { source?: string }) => unknown

/**
 * JSON as the platform reads it: `NaN` and infinities as their names in quotes (plain JSON would make them null),
 * `bigint` as a whole number of any length where the runtime can write one, else as text.
 */
export function writeJson(value: unknown): string {
  const { rawJSON } = JSON as RawJson
  return JSON.stringify(value, (_, one: unknown) => {
    if (typeof one === 'bigint') return rawJSON ? rawJSON(String(one)) : String(one)
    return typeof one === 'number' && !Number.isFinite(one) ? String(one) : one
  })
}

const LONG_INTEGER = /[:[,]\s*-?\d{16,}\s*[,}\]]/
const exact: Reviver = (_, value, context) => {
  if (typeof value !== 'number' || Number.isSafeInteger(value) || !context?.source) return value
  return /^-?\d+$/.test(context.source) ? BigInt(context.source) : value
}

/** Reads JSON; whole numbers beyond 2^53 become `bigint`, exactly. */
export function parseJson(text: string): unknown {
  return LONG_INTEGER.test(text) ? JSON.parse(text, exact as (key: string, value: unknown) => unknown) : JSON.parse(text)
}
