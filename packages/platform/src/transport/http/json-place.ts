import { isUtf8 } from 'node:buffer'

const QUOTE = 0x22
const BACKSLASH = 0x5c
/** A number, true, false or null; what is cut or goes on is none of them. */
const PLAIN = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.])|(?:true|false|null)(?!\w)/y

/** What may come next: a value, a value or the end of an empty list, a key, a key or the end of an empty object, `:`, `,` or an end. */
type Next = 'value' | 'first' | 'key' | 'firstKey' | 'colon' | 'more'

/**
 * Offset of the first thing in a text, known not to be JSON, that cannot stand where it does; control characters in strings are not looked
 * for. Without recursion, so any depth is safe.
 */
export function wrongPlace(text: string): number {
  const open: string[] = []
  let next: Next = 'value'
  for (let at = 0; ; ) {
    while (isSpace(text.charCodeAt(at))) at++
    const end = tokenEnd(text, at)
    const token = text[at] ?? ''
    const after: Next | undefined = end < 0 ? undefined : step(next, '[]{},:"'.includes(token) ? token : '0', open)
    if (after === undefined) return at
    next = after
    at = end
  }
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39
}

/** Where the token ends that begins at `at`; negative when there is none. */
function tokenEnd(text: string, at: number): number {
  const code = text.charCodeAt(at)
  if (code === QUOTE) {
    let to = at + 1
    while (to < text.length && text.charCodeAt(to) !== QUOTE) to += text.charCodeAt(to) === BACKSLASH ? 2 : 1
    return to < text.length ? to + 1 : -1
  }
  // most tokens are one character: an expression for each would take seconds over a large body
  if (code === 0x5b || code === 0x5d || code === 0x7b || code === 0x7d || code === 0x2c || code === 0x3a) return at + 1
  const behind = text.charCodeAt(at + 1)
  if (isDigit(code) && (isSpace(behind) || behind === 0x2c || behind === 0x5d || behind === 0x7d)) return at + 1
  PLAIN.lastIndex = at
  return PLAIN.test(text) ? PLAIN.lastIndex : -1
}

/** What may come after a token, a string being `"` and any other plain value `0`; undefined when it may not stand here. */
function step(next: Next, token: string, open: string[]): Next | undefined {
  const valued = next === 'value' || next === 'first'
  const ended = () => open.pop() && 'more'
  if (token === ']') return (next === 'first' || next === 'more') && open.at(-1) === '[' ? (ended() as Next) : undefined
  if (token === '}') return (next === 'firstKey' || next === 'more') && open.at(-1) === '{' ? (ended() as Next) : undefined
  if (token === ',') return next === 'more' && open.length > 0 ? (open.at(-1) === '{' ? 'key' : 'value') : undefined
  if (token === ':') return next === 'colon' ? 'value' : undefined
  if (token === '"' && (next === 'key' || next === 'firstKey')) return 'colon'
  if (!valued) return undefined
  if (token !== '[' && token !== '{') return 'more'
  open.push(token)
  return token === '[' ? 'first' : 'firstKey'
}

/** Offset of the first byte that belongs to no UTF-8 character, in bytes known to have one. Each byte is looked at about twice. */
export function wrongByte(bytes: Uint8Array): number {
  let [good, end] = [0, bytes.length]
  while (end - good > 8) {
    let middle = (good + end) >> 1
    // between two characters, where there are any
    for (let back = 0; back < 3 && (bytes[middle]! & 0xc0) === 0x80; back++) middle--
    if (isUtf8(bytes.subarray(good, middle))) good = middle
    else end = middle
  }
  for (;;) {
    const size = [1, 2, 3, 4].find((n) => good + n <= bytes.length && isUtf8(bytes.subarray(good, good + n)))
    if (size === undefined) return good
    good += size
  }
}
