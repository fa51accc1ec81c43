const LONGEST = 64
const SLOTS = 1024
const BACKSLASH = 0x5c

/** Short texts of plain ASCII, as keys are: one that comes again is found and not made anew. */
export class ShortTexts {
  readonly #known = new Array<string>(SLOTS).fill('')

  /** The text of these bytes; undefined for one that is long, has other letters than ASCII, or escapes. */
  find(bytes: Uint8Array, from: number, to: number): string | undefined {
    if (to - from > LONGEST) return undefined
    let hash = to - from
    for (let at = from; at < to; at++) {
      const byte = bytes[at]!
      if (byte < 0x20 || byte >= 0x80 || byte === BACKSLASH) return undefined
      hash = Math.imul(hash ^ byte, 0x01000193)
    }
    const slot = (hash ^ (hash >>> 15)) & (SLOTS - 1)
    const known = this.#known[slot]!
    if (isText(known, bytes, { from, to })) return known
    const made = String.fromCharCode(...bytes.subarray(from, to))
    this.#known[slot] = made
    return made
  }
}

function isText(text: string, bytes: Uint8Array, { from, to }: { from: number; to: number }): boolean {
  if (text.length !== to - from) return false
  for (let at = from; at < to; at++) if (text.charCodeAt(at - from) !== bytes[at]) return false
  return true
}
