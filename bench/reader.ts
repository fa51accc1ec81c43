import { ChunkedBody } from './chunked.ts'

const HEAD_END = Buffer.from('\r\n\r\n')

/** One answer. `body` is a view that is overwritten by what is read next. */
export interface HttpAnswer {
  status: number
  body: Buffer
}

/** Reads the answers of one connection, one request at a time, whatever pieces they come in. */
export class AnswerReader {
  /** What was read of the head so far. */
  #head: Buffer | undefined
  /** The whole answer when it is longer than a piece; grows and stays. */
  #whole = Buffer.alloc(0)
  #total = 0
  #filled = 0
  #headEnd = 0
  #chunked: { status: number; body: ChunkedBody } | undefined

  /** Takes the next piece; gives the answer once it is whole. Throws when it has no length and no chunks, or goes on past its end. */
  read(piece: Buffer): HttpAnswer | undefined {
    if (this.#total > 0) return this.#more(piece)
    if (this.#chunked) return this.#chunk(this.#chunked, piece)
    const bytes = this.#head ? Buffer.concat([this.#head, piece]) : piece
    const headEnd = bytes.indexOf(HEAD_END)
    if (headEnd < 0) {
      this.#head = Buffer.from(bytes)
      return undefined
    }
    this.#head = undefined
    const head = bytes.toString('latin1', 0, headEnd)
    const length = /\r\ncontent-length: *(\d+)/i.exec(head)
    if (!length && /\r\ntransfer-encoding: *chunked/i.test(head)) {
      this.#chunked = { status: Number(head.slice(9, 12)), body: new ChunkedBody() }
      return this.#chunk(this.#chunked, bytes.subarray(headEnd + HEAD_END.length))
    }
    if (!length) throw new Error(`An answer without Content-Length: ${head}`)
    this.#headEnd = headEnd + HEAD_END.length
    const total = this.#headEnd + Number(length[1])
    if (bytes.length >= total) return this.#answer(bytes, total)
    this.#total = total
    if (this.#whole.length < total) this.#whole = Buffer.allocUnsafe(total)
    this.#filled = bytes.copy(this.#whole)
    return undefined
  }

  #chunk(chunked: { status: number; body: ChunkedBody }, piece: Buffer): HttpAnswer | undefined {
    const body = chunked.body.read(piece)
    if (!body) return undefined
    this.#chunked = undefined
    return { status: chunked.status, body }
  }

  #more(piece: Buffer): HttpAnswer | undefined {
    if (this.#filled + piece.length > this.#total) throw new Error('More bytes than the answer says it has')
    this.#filled += piece.copy(this.#whole, this.#filled)
    if (this.#filled < this.#total) return undefined
    const total = this.#total
    this.#total = 0
    return this.#answer(this.#whole.subarray(0, total), total)
  }

  #answer(bytes: Buffer, total: number): HttpAnswer {
    if (bytes.length > total) throw new Error('More bytes than the answer says it has')
    return { status: Number(bytes.toString('latin1', 9, 12)), body: bytes.subarray(this.#headEnd, total) }
  }
}
