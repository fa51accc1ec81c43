import { connect, type Socket } from 'node:net'

/** Types of HTTP/2 frames (RFC 9113, section 6). */
export const FRAME = { data: 0, headers: 1, reset: 3, settings: 4, ping: 6, goaway: 7, windowUpdate: 8, continuation: 9 } as const
export const END_STREAM = 1
export const END_HEADERS = 4

export interface Frame {
  type: number
  flags: number
  stream: number
  payload: Buffer
}

/** A frame as bytes. */
export function http2Frame({ type, flags = 0, stream = 0, payload = Buffer.alloc(0) }: Partial<Frame> & { type: number }): Buffer {
  const head = Buffer.alloc(9)
  head.writeUIntBE(payload.length, 0, 3)
  head[3] = type
  head[4] = flags
  head.writeUInt32BE(stream, 5)
  return Buffer.concat([head, payload])
}

/** Headers as a block of HPACK literals that touch no table. */
export function headerBlock(headers: Record<string, string>): Buffer {
  const text = (value: string) => {
    const bytes = Buffer.from(value, 'latin1')
    const length = bytes.length < 127 ? [bytes.length] : [127, ...lengthRest(bytes.length - 127)]
    return Buffer.concat([Buffer.from(length), bytes])
  }
  return Buffer.concat(Object.entries(headers).flatMap(([name, value]) => [Buffer.from([0]), text(name), text(value)]))
}

function lengthRest(value: number): number[] {
  return value < 128 ? [value] : [(value % 128) | 128, ...lengthRest(Math.floor(value / 128))]
}

/** A connection that speaks HTTP/2 frame by frame, and keeps no rule. */
export async function rawConnection(port: number) {
  const frames: Frame[] = []
  let rest = Buffer.alloc(0)
  const socket: Socket = connect(port, '127.0.0.1')
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
  socket.on('error', () => {})
  socket.on('data', (chunk) => {
    rest = Buffer.concat([rest, chunk])
    while (rest.length >= 9 && rest.length >= 9 + rest.readUIntBE(0, 3)) {
      const end = 9 + rest.readUIntBE(0, 3)
      frames.push({ type: rest[3]!, flags: rest[4]!, stream: rest.readUInt32BE(5), payload: rest.subarray(9, end) })
      rest = rest.subarray(end)
    }
  })
  await new Promise<void>((resolve) => socket.once('connect', resolve))
  return {
    socket,
    frames,
    /** Settles when the other side has closed. */
    closed,
    /** The words every connection begins with, and settings of our own. */
    greet: () => socket.write(Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), http2Frame({ type: FRAME.settings })])),
    send: (frame: Partial<Frame> & { type: number }) => socket.write(http2Frame(frame)),
    /** The error code of the GOAWAY that came, if one did. */
    goaway: () => frames.find(({ type }) => type === FRAME.goaway)?.payload.readUInt32BE(4),
    [Symbol.dispose]: () => socket.destroy(),
  }
}

/** The head of a call. */
export const CALL_HEAD = {
  ':method': 'POST',
  ':scheme': 'http',
  ':path': '/inference.GRPCInferenceService/ModelInfer',
  ':authority': 'localhost',
  'content-type': 'application/grpc',
  te: 'trailers',
}
