const REPLACEMENT = '\ufffd'
const STRICT = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** The bytes as text; `undefined` when they are not valid UTF-8. */
export function utf8(bytes: Buffer, from: number, to: number): string | undefined {
  const text = bytes.toString('utf8', from, to)
  if (!text.includes(REPLACEMENT)) return text
  // the character may have been sent as it is
  try {
    return STRICT.decode(bytes.subarray(from, to))
  } catch {
    return undefined
  }
}
