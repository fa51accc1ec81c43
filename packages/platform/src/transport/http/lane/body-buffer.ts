/** Room that is made before any of a body has come: a caller who only promises a large one must not cost its memory. */
const FIRST_BYTES = 1024 * 1024

/** A body of known length that comes in parts. Bodies up to 1 MiB are written into one buffer of their size, larger ones into one that grows. */
export class BodyBuffer {
  readonly #length: number
  #bytes: Buffer
  #filled = 0

  constructor(length: number) {
    this.#length = length
    this.#bytes = Buffer.allocUnsafeSlow(Math.min(length, FIRST_BYTES))
  }

  /** Adds the next part. The parts together must not be longer than the body. */
  push(part: Uint8Array): void {
    if (this.#filled + part.length > this.#bytes.length) this.#grow(this.#filled + part.length)
    this.#bytes.set(part, this.#filled)
    this.#filled += part.length
  }

  /** What has come so far. */
  get bytes(): Buffer {
    return this.#bytes.subarray(0, this.#filled)
  }

  #grow(needed: number): void {
    const larger = Buffer.allocUnsafeSlow(Math.min(this.#length, Math.max(needed, this.#bytes.length * 2)))
    larger.set(this.bytes)
    this.#bytes = larger
  }
}
