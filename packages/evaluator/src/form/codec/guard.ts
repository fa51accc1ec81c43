import { UnreadableModel } from '../../unreadable.ts'

/** Lists and objects of a head: one for each column of a wide model, and some. */
const mostParts = 4_000_000

/** Looks at JSON before anything is made of it: how deep it is, and how many lists and objects it has. */
export function guardJson(bytes: Uint8Array, deepest: number): void {
  let depth = 0
  let parts = 0
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at]!
    if (byte === 0x22) at = endOfText(bytes, at)
    else if (byte === 0x5b || byte === 0x7b) {
      if (++depth > deepest) throw new UnreadableModel('malformed', 'head', `is more than ${deepest} deep`)
      if (++parts > mostParts) throw new UnreadableModel('too-large', 'head', `has more than ${mostParts} lists and objects`)
    } else if (byte === 0x5d || byte === 0x7d) depth--
  }
}

function endOfText(bytes: Uint8Array, start: number): number {
  let at = start + 1
  while (at < bytes.length && bytes[at] !== 0x22) at += bytes[at] === 0x5c ? 2 : 1
  return at
}
