/** An answer is larger than its reader takes. */
export class TooLarge extends Error {
  constructor(limit: number) {
    super(`it is larger than ${limit} bytes`)
  }
}

/**
 * The whole body of an answer. One that is larger than `limit` bytes is cut off as soon as that shows, with `TooLarge`;
 * a connection that breaks rejects as `fetch` has it.
 */
export async function bytesOf(response: Response, limit: number): Promise<Uint8Array<ArrayBuffer>> {
  const { body, headers } = response
  const declared = headers.get('content-length')
  if (Number(declared ?? 0) > limit) {
    body?.cancel().catch(() => {})
    throw new TooLarge(limit)
  }
  // the length of a compressed body says nothing of what comes out of it
  if (!body || (declared !== null && !headers.has('content-encoding'))) {
    const bytes = new Uint8Array(await response.arrayBuffer())
    // browsers hide the encoding of another origin's answers
    if (bytes.byteLength > limit) throw new TooLarge(limit)
    return bytes
  }
  const reader = body.getReader()
  const pieces: Uint8Array[] = []
  let length = 0
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return joined(pieces, length)
    length += value.byteLength
    if (length > limit) {
      reader.cancel().catch(() => {})
      throw new TooLarge(limit)
    }
    pieces.push(value)
  }
}

/** The pieces one after the other, of `length` bytes in all. */
export function joined(pieces: readonly Uint8Array[], length: number): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(length)
  let at = 0
  for (const piece of pieces) {
    whole.set(piece, at)
    at += piece.byteLength
  }
  return whole
}
