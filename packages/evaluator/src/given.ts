/**
 * Refuses what is no bytes before it is looked into: a path, a text or the ArrayBuffer of a response.
 *
 * @throws TypeError saying what to hand over
 */
export function requireBytes(bytes: unknown): void {
  // not instanceof: the array may be of another realm, as in tests under jsdom
  if (ArrayBuffer.isView(bytes) && 'BYTES_PER_ELEMENT' in bytes && bytes.BYTES_PER_ELEMENT === 1) return
  if (typeof bytes === 'string') throw new TypeError("a text is given, and the file's bytes are needed: readFileSync(path), without an encoding")
  throw new TypeError("the file's bytes are needed as a Uint8Array: new Uint8Array(await response.arrayBuffer())")
}

/**
 * Refuses a word that an option does not know, which would otherwise count as not given.
 *
 * @throws TypeError naming the option and its words
 */
export function requireWord(name: string, word: unknown, words: readonly string[]): void {
  if (word !== undefined && !words.includes(word as string)) throw new TypeError(`${name} is ${words.join(' or ')}, not ${JSON.stringify(word)}`)
}

/** Whose answers a model of a library gives. */
export const ANSWERS: readonly string[] = ['booster', 'classifier', 'regressor']
