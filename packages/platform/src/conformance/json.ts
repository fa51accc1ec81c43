import { must, Unmet } from './unmet.ts'

type Reviver = (key: string, value: unknown, context: { source?: string }) => unknown

const parseWithSource = JSON.parse as (text: string, reviver: Reviver) => unknown

function exactNumber(_key: string, value: unknown, { source }: { source?: string }): unknown {
  if (typeof value !== 'number' || source === undefined || Number.isSafeInteger(value) || !/^-?\d+$/.test(source)) return value
  return BigInt(source)
}

/** Parses strict JSON; whole numbers beyond 2^53 become bigints. Throws `Unmet` with what is wrong. */
export function parseJson(bytes: Uint8Array): unknown {
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw new Unmet('the body is not UTF-8')
  }
  must(text.trim() !== '', 'the body is empty')
  try {
    return parseWithSource(text, exactNumber)
  } catch (error) {
    if (error instanceof SyntaxError) throw new Unmet(`the body is not JSON: ${error.message.slice(0, 200)}`)
    if (error instanceof RangeError) throw new Unmet('the body is nested too deeply')
    throw error
  }
}

/** The object that the bytes are as JSON. */
export function parseObject(bytes: Uint8Array): Record<string, unknown> {
  const value = parseJson(bytes)
  must(isObject(value), `the body is ${kindOf(value)}, not an object`)
  return value
}

/** Whether a value is a JSON object. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** What a value is, in words. */
export function kindOf(value: unknown): string {
  if (value === undefined) return 'missing'
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'an array'
  return typeof value === 'object' ? 'an object' : shown(value)
}

/** A value as text, cut after 80 characters. */
export function shown(value: unknown): string {
  const text =
    JSON.stringify(value, (_key, inner: unknown) =>
      typeof inner === 'bigint' || Number.isNaN(inner) || Math.abs(Number(inner)) === Infinity ? String(inner) : inner,
    ) ?? 'undefined'
  return text.length > 80 ? `${text.slice(0, 80)}…` : text
}

/** The JSON object of these members, each already JSON text. */
export function objectText(members: Record<string, string | undefined>): string {
  const parts = Object.entries(members).flatMap(([key, text]) => (text === undefined ? [] : [`${JSON.stringify(key)}:${text}`]))
  return `{${parts.join(',')}}`
}
