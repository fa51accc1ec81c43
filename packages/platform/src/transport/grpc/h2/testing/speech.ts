import { setTimeout as sleep } from 'node:timers/promises'
import { END_HEADERS, END_STREAM, FRAME, headerBlock, rawConnection } from '../../testing/raw-connection.ts'

export const HEAD = headerBlock({ ':method': 'POST', ':scheme': 'http', ':path': '/echo', te: 'trailers' })

/** A number of 32 bits as bytes. */
export function number(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

/** Settings as bytes. */
export function settings(...values: [name: number, value: number][]): Buffer {
  return Buffer.concat(values.map(([name, value]) => Buffer.concat([Buffer.from([0, name]), number(value)])))
}

/** Looks until it is so, for ten seconds at most. */
export async function until(isSo: () => boolean, what: string): Promise<void> {
  for (let i = 0; i < 2000 && !isSo(); i++) await sleep(5)
  if (!isSo()) throw new Error(`not within ten seconds: ${what}`)
}

/** A connection that has greeted with these settings, and what came back on it. */
export async function speech(port: number, greeting: Buffer = Buffer.alloc(0)) {
  const raw = await rawConnection(port)
  raw.socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')
  raw.send({ type: FRAME.settings, payload: greeting })
  return {
    ...raw,
    /** Begins a call. */
    begin: (stream: number, { end = false, block = HEAD }: { end?: boolean; block?: Buffer } = {}) =>
      raw.send({ type: FRAME.headers, flags: END_HEADERS | (end ? END_STREAM : 0), stream, payload: block }),
    data: (stream: number, payload: Buffer | string, end = false) =>
      raw.send({ type: FRAME.data, flags: end ? END_STREAM : 0, stream, payload: Buffer.from(payload) }),
    update: (stream: number, more: number) => raw.send({ type: FRAME.windowUpdate, stream, payload: number(more) }),
    /** All data that came on a call. */
    body: (stream: number) => Buffer.concat(raw.frames.filter((frame) => frame.type === FRAME.data && frame.stream === stream).map(({ payload }) => payload)),
    /** Whether a call was answered to its end. */
    ended: (stream: number) => raw.frames.some((frame) => frame.stream === stream && (frame.flags & END_STREAM) !== 0 && frame.type <= FRAME.headers),
    /** The code with which a call was broken off. */
    reset: (stream: number) => raw.frames.find((frame) => frame.type === FRAME.reset && frame.stream === stream)?.payload.readUInt32BE(0),
  }
}
