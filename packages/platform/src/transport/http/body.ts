import type { IncomingMessage } from 'node:http'
import { FairleadError } from '@fairlead/contract'

/** What came of reading a body: the bytes, or an error after which the connection cannot go on. */
export type BodyResult = { bytes: Buffer } | { error: FairleadError }

function tooLarge(limit: number): FairleadError {
  return new FairleadError('body-too-large', `the body is larger than ${limit} bytes`)
}

/**
 * Reads a body of at most `limit` bytes and calls back once. A body that says it is larger is not read at all. A client
 * that goes away is not called back.
 */
export function readBody(request: IncomingMessage, limit: number, done: (result: BodyResult) => void): void {
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
    else if (rest === undefined) rest = [first, chunk]
    else rest.push(chunk)
  })
  request.on('end', () => {
    if (!over) done({ bytes: rest ? Buffer.concat(rest, length) : (first ?? Buffer.alloc(0)) })
  })
  // the socket's end is all there is to say to a client that went away
  request.on('error', () => {})
}
