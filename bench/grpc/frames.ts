/** Types and flags of HTTP/2 frames (RFC 9113, section 6). */
export const DATA = 0
export const HEADERS = 1
export const RESET = 3
export const SETTINGS = 4
export const PING = 6
export const GOAWAY = 7
export const WINDOW_UPDATE = 8
export const END_STREAM = 1
export const ACK = 1
export const END_HEADERS = 4
const HEAD_BYTES = 9

/** A frame as bytes. */
export function frameOf(type: number, { flags = 0, payload = Buffer.alloc(0) }: { flags?: number; payload?: Uint8Array } = {}): Buffer {
  const bytes = Buffer.alloc(HEAD_BYTES + payload.length)
  bytes.writeUIntBE(payload.length, 0, 3)
  bytes[3] = type
  bytes[4] = flags
  bytes.set(payload, HEAD_BYTES)
  return bytes
}

/** A window update of the whole connection. */
export function windowUpdate(bytes: number): Buffer {
  const payload = Buffer.alloc(4)
  payload.writeUInt32BE(bytes)
  return frameOf(WINDOW_UPDATE, { payload })
}

/** Headers as HPACK literals that are in no table, so that the same bytes serve for every request. */
export function literalHeaders(headers: Record<string, string>): Buffer {
  const text = (value: string) => {
    if (value.length > 126) throw new RangeError('a header of the benchmark is too long')
    return Buffer.concat([Buffer.from([value.length]), Buffer.from(value, 'latin1')])
  }
  return Buffer.concat(Object.entries(headers).flatMap(([name, value]) => [Buffer.from([0]), text(name), text(value)]))
}

/** Told of each frame; the payload is valid during the call. */
export type TakeFrame = (type: number, flags: number, stream: number, payload: Buffer) => void

/** Cuts what is read into frames. */
export class FrameCutter {
  readonly #take: TakeFrame
  #rest: Buffer | undefined

  constructor(take: TakeFrame) {
    this.#take = take
  }

  push(chunk: Buffer): void {
    const bytes = this.#rest ? Buffer.concat([this.#rest, chunk]) : chunk
    let at = 0
    while (bytes.length - at >= HEAD_BYTES) {
      const end = at + HEAD_BYTES + bytes.readUIntBE(at, 3)
      if (end > bytes.length) break
      this.#take(bytes[at + 3]!, bytes[at + 4]!, bytes.readUInt32BE(at + 5) & 0x7fffffff, bytes.subarray(at + HEAD_BYTES, end))
      at = end
    }
    this.#rest = at < bytes.length ? Buffer.from(bytes.subarray(at)) : undefined
  }
}
