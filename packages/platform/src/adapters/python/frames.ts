/** A message of a worker: what it says, and the bytes that go with it. */
export interface Frame {
  header: Record<string, unknown>
  body: Uint8Array
}

/** Longest of what a worker may send: text, and bytes with it. */
const MOST_TEXT = 64 * 2 ** 20
const MOST_BYTES = 2 ** 31 - 1
const HEAD = 8

/** The parts of a message in the order in which they are sent: the lengths of both, text of JSON, bytes. */
export function framed(header: Readonly<Record<string, unknown>>, body: Uint8Array | undefined): Uint8Array[] {
  const text = Buffer.from(JSON.stringify(header))
  const head = Buffer.allocUnsafe(HEAD)
  head.writeUInt32LE(text.length, 0)
  head.writeUInt32LE(body?.length ?? 0, 4)
  const start = Buffer.concat([head, text])
  return body && body.length > 0 ? [start, body] : [start]
}

/** Puts messages together out of what arrives. */
export class FrameReader {
  #parts: Uint8Array[] = []
  #have = 0
  #need = HEAD

  /** Takes bytes and answers the messages that are whole now. Throws RangeError for lengths that no worker of ours sends, SyntaxError for what is no JSON. */
  take(bytes: Uint8Array): Frame[] {
    this.#parts.push(bytes)
    this.#have += bytes.length
    const frames: Frame[] = []
    while (this.#have >= this.#need) {
      const joined = this.#parts.length === 1 ? this.#parts[0]! : Buffer.concat(this.#parts, this.#have)
      const view = new DataView(joined.buffer, joined.byteOffset, joined.byteLength)
      const [text, body] = [view.getUint32(0, true), view.getUint32(4, true)]
      if (text > MOST_TEXT || body > MOST_BYTES) throw new RangeError(`a message of ${text} and ${body} bytes`)
      const end = HEAD + text + body
      this.#parts = [joined]
      this.#need = end
      if (joined.length < end) break
      const header = JSON.parse(Buffer.from(joined.buffer, joined.byteOffset + HEAD, text).toString()) as Frame['header']
      // a copy lies at a multiple of 8, as the numbers in it must
      frames.push({ header, body: joined.slice(HEAD + text, end) })
      const rest = joined.subarray(end)
      this.#parts = rest.length > 0 ? [rest] : []
      this.#have = rest.length
      this.#need = HEAD
    }
    return frames
  }
}
