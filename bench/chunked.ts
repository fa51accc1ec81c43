const LINE_END = Buffer.from('\r\n')

/** Joins the chunks of a body (RFC 9112, section 7.1; without trailers), whatever pieces they come in. */
export class ChunkedBody {
  #held = Buffer.alloc(0)
  #parts: Buffer[] = []

  /** Takes the next piece; gives the body once its last chunk was read. Throws when it is no chunk. */
  read(piece: Buffer): Buffer | undefined {
    let rest: Buffer = this.#held.length === 0 ? piece : Buffer.concat([this.#held, piece])
    for (;;) {
      const lineEnd = rest.indexOf(LINE_END)
      if (lineEnd < 0) break
      const line = rest.toString('latin1', 0, lineEnd)
      if (!/^[\da-f]+(;.*)?$/i.test(line)) throw new Error(`No length of a chunk: ${line.slice(0, 40)}`)
      const length = Number.parseInt(line, 16)
      const from = lineEnd + LINE_END.length
      const to = from + length
      if (rest.length < to + LINE_END.length) break
      if (length === 0) return Buffer.concat(this.#parts)
      // the memory of a piece is used again for the next
      this.#parts.push(Buffer.from(rest.subarray(from, to)))
      rest = rest.subarray(to + LINE_END.length)
    }
    this.#held = Buffer.from(rest)
    return undefined
  }
}
