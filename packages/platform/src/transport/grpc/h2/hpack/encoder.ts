import { STATIC_TABLE } from './static-table.ts'

const BY_NAME = new Map<string, number>()
const BY_FIELD = new Map<string, number>()
for (const [at, [name, value]] of STATIC_TABLE.entries()) {
  if (!BY_NAME.has(name)) BY_NAME.set(name, at + 1)
  if (value !== '') BY_FIELD.set(`${name}\n${value}`, at + 1)
}

/** A whole number behind the `flag` of its first byte: RFC 7541, 5.1. */
function integer(value: number, { bits, flag }: { bits: number; flag: number }): number[] {
  const most = 2 ** bits - 1
  if (value < most) return [flag | value]
  const bytes = [flag | most]
  let rest = value - most
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80)
  bytes.push(rest)
  return bytes
}

/**
 * A header block of these fields, names in lower case, text as Latin-1. It uses the static table alone and changes none, so that a
 * block may be made once and sent on every connection, and blocks may follow one another in one.
 */
export function encodeHeaders(fields: readonly (readonly [name: string, value: string])[]): Buffer {
  const parts: Uint8Array[] = []
  for (const [name, value] of fields) {
    const whole = BY_FIELD.get(`${name}\n${value}`)
    if (whole !== undefined) {
      parts.push(Uint8Array.from(integer(whole, { bits: 7, flag: 0x80 })))
      continue
    }
    const known = BY_NAME.get(name)
    parts.push(Uint8Array.from(integer(known ?? 0, { bits: 4, flag: 0 })))
    for (const text of known === undefined ? [name, value] : [value]) {
      parts.push(Uint8Array.from(integer(text.length, { bits: 7, flag: 0 })), Buffer.from(text, 'latin1'))
    }
  }
  return Buffer.concat(parts)
}
