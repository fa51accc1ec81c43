import { isUtf8 } from 'node:buffer'

const MAX_SHOWN = 4096
const MAX_BINARY_SHOWN = 512

/** Text without anything that could steer a terminal; line ends stay. */
export function plain(text: string): string {
  return text.replace(/(?!\n)[\p{Cc}\p{Cf}\u2028\u2029]/gu, (character) => `\\u${character.codePointAt(0)?.toString(16).padStart(4, '0')}`)
}

/** A start line and headers as text. */
export function headText(first: string, headers: readonly (readonly [string, string])[]): string {
  const text = [first, ...headers.map(([name, value]) => `${name}: ${value}`)].join('\n')
  return plain(text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text)
}

/** A body for people: text as it is, other bytes as escapes, both cut at a bound that the text tells. */
export function bodyText(bytes: Uint8Array): { body: string; bytes: number } {
  const whole = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  const isText = isUtf8(whole) && !whole.includes(0)
  const limit = isText ? MAX_SHOWN : MAX_BINARY_SHOWN
  const cut = whole.subarray(0, limit)
  const body = isText ? plain(cut.toString()) : [...cut].map(escaped).join('')
  return { body: whole.length > limit ? `${body}… (${whole.length} bytes)` : body, bytes: whole.length }
}

function escaped(byte: number): string {
  return byte === 10 || (byte >= 32 && byte < 127 && byte !== 92) ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, '0')}`
}
