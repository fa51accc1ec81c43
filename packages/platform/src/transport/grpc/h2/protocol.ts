/** Types of frames: RFC 9113, section 6. */
export const FRAME = {
  data: 0,
  headers: 1,
  priority: 2,
  reset: 3,
  settings: 4,
  pushPromise: 5,
  ping: 6,
  goaway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const

/** Flags of frames; an acknowledgement and the end of a stream are the same bit. */
export const FLAG = { endStream: 1, ack: 1, endHeaders: 4, padded: 8, priority: 0x20 } as const

/** Error codes: RFC 9113, section 7. */
export const CODE = {
  noError: 0,
  protocol: 1,
  internal: 2,
  flowControl: 3,
  streamClosed: 5,
  frameSize: 6,
  refused: 7,
  cancel: 8,
  compression: 9,
  calm: 11,
} as const

/** Settings: RFC 9113, 6.5.2. */
export const SETTING = { tableBytes: 1, push: 2, streams: 3, window: 4, frameBytes: 5, listBytes: 6 } as const

/** The words with which every client begins. */
export const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1')
export const HEAD_BYTES = 9
/** What holds until settings say otherwise, and the largest frame that everybody takes. */
export const DEFAULT_WINDOW = 65_535
export const DEFAULT_FRAME_BYTES = 16_384
export const MOST_WINDOW = 2 ** 31 - 1

/** What this end offers: windows of a call and of a connection, the size of a frame, and of the table of headers. */
export const OFFER = { window: 1024 * 1024, connectionWindow: 16 * 1024 * 1024, frameBytes: 64 * 1024, tableBytes: 4096 } as const

/** Ends the connection with this code. */
export class ConnectionError extends Error {
  override readonly name = 'ConnectionError'
  readonly code: number

  constructor(code: number, detail: string) {
    super(detail)
    this.code = code
  }
}
