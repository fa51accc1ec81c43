import { gunzip, gunzipSync } from 'node:zlib'
import { FairleadError } from '@fairlead/contract'

/** Small messages are unpacked at once; what turns out larger than this is done elsewhere. */
const SMALL = 16 * 1024
const SMALL_UNPACKED = 256 * 1024

/** Unpacks gzipped messages, the large ones one after the other, so that bombs cost the memory of one. */
export class Inflater {
  readonly #limit: number
  #queue: Promise<unknown> = Promise.resolve()

  /** No message may be larger than `limit` bytes when it is unpacked. */
  constructor(limit: number) {
    this.#limit = limit
  }

  /** Rejects with `body-too-large`, or `request-invalid` for what is not gzip. */
  async unpack(bytes: Buffer): Promise<Buffer> {
    if (bytes.length <= SMALL) {
      try {
        return gunzipSync(bytes, { maxOutputLength: Math.min(SMALL_UNPACKED, this.#limit) })
      } catch (error) {
        if (!isTooLarge(error) || this.#limit <= SMALL_UNPACKED) throw this.#refusal(error)
      }
    }
    const turn = this.#queue.then(() => this.#large(bytes))
    this.#queue = turn.catch(() => {})
    return turn
  }

  #large(bytes: Buffer): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      gunzip(bytes, { maxOutputLength: this.#limit }, (error, unpacked) => (error ? reject(this.#refusal(error)) : resolve(unpacked)))
    })
  }

  #refusal(error: unknown): FairleadError {
    if (isTooLarge(error)) return new FairleadError('body-too-large', `a message is larger than ${this.#limit} bytes when it is unpacked`)
    return new FairleadError('request-invalid', 'a message is marked as gzip and is not valid gzip')
  }
}

function isTooLarge(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE'
}
