import type { IncomingMessage } from 'node:http'
import type { FairleadError } from '@fairlead/contract'
import { overloaded, tooLarge } from './body-refusals.ts'

/** What came of reading a body: the bytes, or why it was not taken. After `body-too-large` the connection cannot go on; after `overloaded` the rest is thrown away as it comes. */
export type BodyResult = { bytes: Buffer } | { error: FairleadError }

/**
 * Reads a body of at most `limit` bytes and calls back once. A body that says it is larger is not read at all. A client
 * that goes away is not called back. `hold` asks for room for what does not come in one piece.
 */
export function readBody(request: IncomingMessage, { limit, hold }: { limit: number; hold(bytes: number): boolean }, done: (result: BodyResult) => void): void {
  const declared = request.headers['content-length']
  if (declared !== undefined && Number(declared) > limit) {
    done({ error: tooLarge(limit) })
    return
  }
  let first: Buffer | undefined
  let rest: Buffer[] | undefined
  let length = 0
  let over = false
  request.on('data', (chunk: Buffer) => {
    if (over) return
    length += chunk.length
    if (length > limit) {
      over = true
      first = rest = undefined
      done({ error: tooLarge(limit) })
    } else if (first === undefined) first = chunk
    else if (!hold(rest ? chunk.length : first.length + chunk.length)) {
      over = true
      first = rest = undefined
      done({ error: overloaded() })
    } else if (rest === undefined) rest = [first, chunk]
    else rest.push(chunk)
  })
  request.on('end', () => {
    if (!over) done({ bytes: rest ? Buffer.concat(rest, length) : (first ?? Buffer.alloc(0)) })
  })
  // the socket's end is all there is to say to a client that went away
  request.on('error', () => {})
}
