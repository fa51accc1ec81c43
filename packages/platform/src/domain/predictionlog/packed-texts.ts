/** Texts of ASCII one behind the other: text i ends at `ends[i]`. Reading and writing them as one makes no object for each. */
export interface PackedTexts {
  bytes: Uint8Array<ArrayBuffer>
  ends: Uint32Array<ArrayBuffer>
}

const LAST_ASCII = 0x7f

/** Packs texts; undefined where one has a character beyond ASCII. */
export function packTexts(texts: readonly string[]): PackedTexts | undefined {
  const ends = new Uint32Array(texts.length)
  let length = 0
  for (let i = 0; i < texts.length; i++) {
    length += texts[i]!.length
    ends[i] = length
  }
  const bytes = new Uint8Array(length)
  let at = 0
  for (const text of texts) {
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i)
      if (code > LAST_ASCII) return undefined
      bytes[at++] = code
    }
  }
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
