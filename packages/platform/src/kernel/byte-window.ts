import { closeSync, openSync, readSync } from 'node:fs'

const FIRST_BYTES = 2 ** 21
const LF = 0x0a

/** Turns bytes of another encoding into UTF-8. */
export type Transcoder = (bytes: Uint8Array, last: boolean) => Uint8Array

/**
 * A part of a file in memory that moves on through it: what is needed is kept, more is read behind it. A line feed stands behind the last byte, so
 * that whoever looks for one need not look for the end.
 */
export class ByteWindow implements Disposable {
  bytes = Buffer.allocUnsafe(FIRST_BYTES)
  /** Bytes that are there. */
  end = 0
  /** Whether the file has no more. */
  last = false
  /** Where in the file the first byte stands. */
  base: number
  readonly #file: number
  readonly #most: number
  readonly #transcode: Transcoder | undefined
  #next: number

  /** `most`: bytes that may be in memory. Throws as the file system. */
  constructor(path: string, { from, most, transcode }: { from: number; most: number; transcode?: Transcoder | undefined }) {
    this.#file = openSync(path, 'r')
    this.base = from
    this.#next = from
    this.#most = most
    this.#transcode = transcode
    this.bytes[0] = LF
  }

  /** Whether nothing more can be read without letting go of something. */
  get full(): boolean {
    return this.end + 1 >= this.#most
  }

  /** Keeps what is at `from` and behind it, and reads more. */
  move(from: number): void {
    this.bytes.copyWithin(0, from, this.end)
    this.end -= from
    this.base += from
    const room = this.bytes.length - 1 - this.end
    if (room < this.bytes.length / 2 && this.bytes.length < this.#most) this.#grow()
    this.#read()
    this.bytes[this.end] = LF
  }

  #grow(): void {
    const larger = Buffer.allocUnsafe(Math.min(this.#most, this.bytes.length * 2))
    this.bytes.copy(larger, 0, 0, this.end)
    this.bytes = larger
  }

  #read(): void {
    const room = this.bytes.length - 1 - this.end
    if (this.#transcode) {
      // no encoding's text becomes more than three times as long
      const raw = Buffer.allocUnsafe(Math.max(1, Math.floor(room / 3)))
      const got = readSync(this.#file, raw, 0, raw.length, this.#next)
      this.#next += got
      this.last = got === 0
      const text = this.#transcode(raw.subarray(0, got), this.last)
      this.bytes.set(text, this.end)
      this.end += text.length
      return
    }
    for (let left = room; left > 0; ) {
      const got = readSync(this.#file, this.bytes, this.end, left, this.#next)
      this.#next += got
      this.end += got
      left -= got
      this.last = got === 0
      if (this.last) return
    }
  }

  [Symbol.dispose](): void {
    closeSync(this.#file)
  }
}
