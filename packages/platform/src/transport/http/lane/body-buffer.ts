/** Room that is made before any of a body has come: a caller who only promises a large one must not cost its memory. */
const FIRST_BYTES = 1024 * 1024
/** The size of the largest numbers: what begins at a multiple of it can be read as numbers where it is. */
const ALIGNMENT = 8

/**
 * A body of known length that comes in parts. Bodies up to 1 MiB are written into one buffer of their size, larger ones into one that grows. The
 * byte at `aligned`, where the body has one, comes to lie at a multiple of eight.
 */
export class BodyBuffer {
  readonly #end: number
  readonly #start: number
  #bytes: Buffer
  #filled: number

  constructor(length: number, aligned = 0) {
    this.#start = (ALIGNMENT - (aligned % ALIGNMENT)) % ALIGNMENT
    this.#end = this.#start + length
    this.#filled = this.#start
    this.#bytes = Buffer.allocUnsafeSlow(Math.min(this.#end, FIRST_BYTES))
  }

  /** Adds the next part. The parts together must not be longer than the body. */
  push(part: Uint8Array): void {
    if (this.#filled + part.length > this.#bytes.length) this.#grow(this.#filled + part.length)
    this.#bytes.set(part, this.#filled)
    this.#filled += part.length
  }

  /** What has come so far. */
  get bytes(): Buffer {
    return this.#bytes.subarray(this.#start, this.#filled)
  }

  #grow(needed: number): void {
    const larger = Buffer.allocUnsafeSlow(Math.min(this.#end, Math.max(needed, this.#bytes.length * 2)))
    larger.set(this.#bytes.subarray(0, this.#filled))
    this.#bytes = larger
  }
}
