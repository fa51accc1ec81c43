import { FairleadError } from '@fairlead/contract'
import type { Headers } from './h2/index.ts'

const TIMEOUT = /^(\d{1,8})([HMSmun])$/
const MILLIS: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1000, m: 1, u: 1e-3, n: 1e-6 }
const MOST_MS = 24 * MILLIS.H!

/** Encodings of messages that are read. */
export const ENCODINGS = 'identity,gzip'

/**
 * Whole milliseconds of `grpc-timeout`, one to eight digits and a unit; `undefined` when there is none. Throws `request-invalid`.
 * Clients send a nanosecond for a deadline that has passed.
 */
export function timeoutOf(headers: Headers): number | undefined {
  const given = headers['grpc-timeout']
  if (given === undefined) return undefined
  const match = TIMEOUT.exec(String(given))
  if (!match) throw new FairleadError('request-invalid', 'grpc-timeout must be up to eight digits and one of H, M, S, m, u, n')
  // the clock that deadlines are held against knows no parts of a millisecond: with them the last would never seem over
  return Math.floor(Math.min(Number(match[1]) * MILLIS[match[2]!]!, MOST_MS))
}

/** Whether messages of this encoding may come. Throws `not-supported`. */
export function isGzip(headers: Headers): boolean {
  const encoding = headers['grpc-encoding']
  if (encoding === undefined || encoding === 'identity') return false
  if (encoding === 'gzip') return true
  throw new FairleadError('not-supported', `messages in the encoding "${String(encoding).slice(0, 50)}" are not read; use one of ${ENCODINGS}`)
}

/** Whether a content type is that of gRPC at all, and whether with messages in protobuf. */
export function contentKind(headers: Headers): 'protobuf' | 'other' | 'foreign' {
  const type = headers['content-type']
  if (type === 'application/grpc' || type === 'application/grpc+proto') return 'protobuf'
  const match = /^application\/grpc(\+[^;\s]*)?\s*(;|$)/i.exec(type ?? '')
  if (!match) return 'foreign'
  return match[1] === undefined || match[1].toLowerCase() === '+proto' ? 'protobuf' : 'other'
}
