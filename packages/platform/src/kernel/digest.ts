import { createHash, type Hash } from 'node:crypto'

const PATTERN = /^sha256:([0-9a-f]{64})$/

/** SHA-256 of bytes or UTF-8 text, as `sha256:` and 64 hex digits. */
export function sha256(data: Uint8Array | string): string {
  return `sha256:${createHash('sha256').update(data).digest('hex')}`
}

/** SHA-256 over pieces that arrive one after another; counts their bytes. */
export class Sha256 {
  readonly #hash: Hash = createHash('sha256')
  #size = 0

  /** Bytes seen so far. */
  get size(): number {
    return this.#size
  }

  update(piece: Uint8Array): void {
    this.#hash.update(piece)
    this.#size += piece.byteLength
  }

  /** The digest of everything seen. May be called once. */
  digest(): string {
    return `sha256:${this.#hash.digest('hex')}`
  }
}

/** The 64 hex digits of a digest, or `undefined` where the text is not one. */
export function hexOf(digest: string): string | undefined {
  return PATTERN.exec(digest)?.[1]
}
