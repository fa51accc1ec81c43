import type { FrameHead } from './frame-cutter.ts'
import { CODE, ConnectionError, FLAG } from './protocol.ts'

/** Bounds of a block that comes in several frames. One within its limit for header fields needs less. */
const MOST_FRAMES = 8
const MOST_BYTES = 64 * 1024
const PRIORITY_BYTES = 5

/** A payload without its padding: RFC 9113, 6.1. Throws ConnectionError. */
export function unpadded({ flags }: FrameHead, payload: Buffer): Buffer {
  if ((flags & FLAG.padded) === 0) return payload
  const padding = payload[0] ?? payload.length
  if (padding >= payload.length) throw new ConnectionError(CODE.protocol, 'a frame is shorter than its padding')
  return payload.subarray(1, payload.length - padding)
}

/** A block of header fields that has come whole. */
export interface HeaderBlock {
  stream: number
  /** Whether the client sends nothing after it. */
  end: boolean
  bytes: Buffer
}

/** Joins the frames of a block: RFC 9113, 6.2 and 6.10. Throws ConnectionError. */
export class BlockGatherer {
  #begun: HeaderBlock | undefined
  #parts: Buffer[] = []
  #bytes = 0

  /** The call of which a block has begun and not ended: nothing else may come before its end. */
  get stream(): number | undefined {
    return this.#begun?.stream
  }

  /** Takes the first frame of a block; answers the block if that is all of it. */
  begin(head: FrameHead, payload: Buffer): HeaderBlock | undefined {
    let bytes = unpadded(head, payload)
    if (head.flags & FLAG.priority) {
      if (bytes.length < PRIORITY_BYTES) throw new ConnectionError(CODE.frameSize, 'there is no room for the priority of a call')
      bytes = bytes.subarray(PRIORITY_BYTES)
    }
    const block = { stream: head.stream, end: (head.flags & FLAG.endStream) !== 0, bytes }
    if (head.flags & FLAG.endHeaders) return block
    this.#begun = block
    this.#add(bytes)
    return undefined
  }

  /** Takes a further frame. */
  goOn({ flags, stream }: FrameHead, payload: Buffer): HeaderBlock | undefined {
    const begun = this.#begun
    if (begun?.stream !== stream) throw new ConnectionError(CODE.protocol, 'header fields go on that have not begun')
    this.#add(payload)
    if ((flags & FLAG.endHeaders) === 0) return undefined
    begun.bytes = Buffer.concat(this.#parts)
    this.#begun = undefined
    this.#parts = []
    this.#bytes = 0
    return begun
  }

  #add(part: Buffer): void {
    this.#bytes += part.length
    if (this.#parts.length > MOST_FRAMES || this.#bytes > MOST_BYTES) throw new ConnectionError(CODE.calm, 'header fields without end')
    // a copy: what was read may be much larger, and would be kept with it
    this.#parts.push(Buffer.from(part))
  }
}
