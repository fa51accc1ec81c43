/** Texts of ASCII one behind the other: text i ends at `ends[i]`. Reading and writing them as one makes no object for each. */
export interface PackedTexts {
  bytes: Uint8Array<ArrayBuffer>
  ends: Uint32Array<ArrayBuffer>
}

/** Packs texts; undefined where one has a character beyond ASCII. All are joined first, because the engine looks at a text of many pieces faster than we do. */
export function packTexts(texts: readonly string[]): PackedTexts | undefined {
  const all = texts.join('')
  const { length } = all
  if (Buffer.byteLength(all) !== length) return undefined
  const ends = new Uint32Array(texts.length)
  let end = 0
  for (let i = 0; i < texts.length; i++) ends[i] = end += texts[i]!.length
  const bytes = new Uint8Array(length)
  Buffer.from(bytes.buffer).write(all, 'latin1')
  return { bytes, ends }
}

/** Where a packed text begins. */
function startOf({ ends }: PackedTexts, index: number): number {
  return index === 0 ? 0 : ends[index - 1]!
}

/** One of the texts. */
export function textAt(packed: PackedTexts, index: number): string {
  const { buffer, byteOffset, byteLength } = packed.bytes
  return Buffer.from(buffer, byteOffset, byteLength).toString('latin1', startOf(packed, index), packed.ends[index])
}
