import type { Socket } from 'node:net'
import { DEFAULT_FRAME_BYTES, FLAG, FRAME, HEAD_BYTES } from './protocol.ts'

/** Frames are written side by side into pieces of this size. */
const PIECE_BYTES = 64 * 1024
/** Payloads beyond this are sent from where they lie. */
const COPIED_BYTES = 8 * 1024
const SPARE_PIECES = 8
const NOTHING: Buffer = Buffer.alloc(0)
/** Pieces of which everything has been sent, of all connections. */
const spare: Buffer[] = []

/** What leaves on one connection: all frames of one turn of the event loop go out together. */
export class Outbox {
  readonly #socket: Socket
  readonly #flushed: () => void
  #piece: Buffer = NOTHING
  #start = 0
  #at = 0
  readonly #parts: Uint8Array[] = []
  #scheduled = false
  #closed = false

  /** `flushed` is called whenever something was given to the socket. */
  constructor(socket: Socket, flushed: () => void) {
    this.#socket = socket
    this.#flushed = flushed
  }

  /** A frame of this type and these flags. */
  frame(type: number, flags: number, { stream = 0, payload = NOTHING }: { stream?: number; payload?: Uint8Array } = {}): void {
    this.#head(type, flags, stream, payload.length)
    this.#put(payload)
  }

  /** A part of a message. */
  data(stream: number, payload: Uint8Array): void {
    this.#head(FRAME.data, 0, stream, payload.length)
    this.#put(payload)
  }

  /** A block of header fields, cut into frames that everybody takes. */
  headers(stream: number, block: Uint8Array, end: boolean): void {
    const flags = end ? FLAG.endStream : 0
    if (block.length <= DEFAULT_FRAME_BYTES) {
      this.#head(FRAME.headers, flags | FLAG.endHeaders, stream, block.length)
      this.#put(block)
      return
    }
    for (let at = 0; at < block.length; at += DEFAULT_FRAME_BYTES) {
      const payload = block.subarray(at, at + DEFAULT_FRAME_BYTES)
      const last = at + DEFAULT_FRAME_BYTES >= block.length ? FLAG.endHeaders : 0
      this.#head(at === 0 ? FRAME.headers : FRAME.continuation, (at === 0 ? flags : 0) | last, stream, payload.length)
      this.#put(payload)
    }
  }

  /** A frame whose payload is one number of 32 bits. */
  number(type: number, stream: number, value: number): void {
    this.#head(type, 0, stream, 4)
    this.#at = this.#room(4).writeUInt32BE(value, this.#at)
  }

  /** Gives what there is to the socket. */
  flush(): void {
    if (this.#at > this.#start) this.#endPart()
    const parts = this.#parts
    if (parts.length === 0) return
    const socket = this.#socket
    if (parts.length === 1) socket.write(socket.writableLength > 0 ? Buffer.from(parts[0]!) : parts[0]!)
    else {
      socket.cork()
      for (const part of parts) socket.write(part)
      socket.uncork()
    }
    parts.length = 0
    this.#giveBack()
    this.#flushed()
  }

  /** Nothing leaves any more. */
  close(): void {
    this.#closed = true
    this.#parts.length = 0
    this.#piece = NOTHING
    this.#start = this.#at = 0
  }

  #head(type: number, flags: number, stream: number, length: number): void {
    if (!this.#scheduled) {
      this.#scheduled = true
      process.nextTick(Outbox.turnOver, this)
    }
    const bytes = this.#room(HEAD_BYTES)
    const at = this.#at
    bytes[at] = length >>> 16
    bytes[at + 1] = length >>> 8
    bytes[at + 2] = length
    bytes[at + 3] = type
    bytes[at + 4] = flags
    bytes[at + 5] = stream >>> 24
    bytes[at + 6] = stream >>> 16
    bytes[at + 7] = stream >>> 8
    bytes[at + 8] = stream
    this.#at = at + HEAD_BYTES
  }

  #put(payload: Uint8Array): void {
    const { length } = payload
    if (length > COPIED_BYTES) {
      this.#endPart()
      if (!this.#closed) this.#parts.push(payload)
    } else if (length > 0) {
      this.#room(length).set(payload, this.#at)
      this.#at += length
    }
  }

  /** The piece at hand, with room for so many bytes at the place where the next is written. */
  #room(bytes: number): Buffer {
    if (this.#at + bytes <= this.#piece.length) return this.#piece
    this.#endPart()
    this.#piece = spare.pop() ?? Buffer.allocUnsafeSlow(PIECE_BYTES)
    this.#start = this.#at = 0
    return this.#piece
  }

  #endPart(): void {
    if (this.#at > this.#start && !this.#closed) this.#parts.push(this.#piece.subarray(this.#start, this.#at))
    this.#start = this.#at
  }

  /** What the socket still holds must not be written over, and a connection that waits needs no piece. */
  #giveBack(): void {
    if (this.#socket.writableLength === 0 && spare.length < SPARE_PIECES && this.#piece.length > 0) spare.push(this.#piece)
    this.#piece = NOTHING
    this.#start = this.#at = 0
  }

  static turnOver(outbox: Outbox): void {
    outbox.#scheduled = false
    outbox.flush()
  }
}
