import { isUtf8 } from 'node:buffer'

const TOKEN = /[ \t\n\r]*(?:("(?:[^"\\]|\\.)*")|(-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.])|(?:true|false|null)(?!\w))|([[\]{},:]))/y

/** What may come next: a value, a value or the end of an empty list, a key, a key or the end of an empty object, `:`, `,` or an end. */
type Next = 'value' | 'first' | 'key' | 'firstKey' | 'colon' | 'more'

/**
 * Offset of the first thing in a text, known not to be JSON, that cannot stand where it does; control characters in strings are not looked
 * for. Without recursion, so any depth is safe.
 */
export function wrongPlace(text: string): number {
  const open: string[] = []
  let next: Next = 'value'
  TOKEN.lastIndex = 0
  for (;;) {
    const from = TOKEN.lastIndex
    const match = TOKEN.exec(text)
    const after: Next | undefined = match ? step(next, match[1] !== undefined ? '"' : (match[3] ?? '0'), open) : undefined
    if (after === undefined) return from + (/^[ \t\n\r]*/.exec(text.slice(from))?.[0].length ?? 0)
    next = after
  }
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
