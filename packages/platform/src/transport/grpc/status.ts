import { ERRORS, FairleadError } from '@fairlead/contract'

/** Statuses of gRPC by name (grpc.github.io/grpc/core/md_doc_statuscodes.html). */
const STATUS: Readonly<Record<string, number>> = {
  OK: 0,
  CANCELLED: 1,
  UNKNOWN: 2,
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  ALREADY_EXISTS: 6,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  FAILED_PRECONDITION: 9,
  ABORTED: 10,
  OUT_OF_RANGE: 11,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
  DATA_LOSS: 15,
  UNAUTHENTICATED: 16,
}

/** Longest text of an error; clients limit the size of all trailers together. */
const MAX_MESSAGE = 2000

/** Seconds after which no client waits any more: it is told not to try again. */
const MOST_PUSHBACK = 3600

/** Number of the status of an error, by the column `grpc` of the error table. */
export function statusOf(error: FairleadError): number {
  return STATUS[ERRORS[error.code].grpc] ?? STATUS.UNKNOWN!
}

/** The trailers that tell of an error. */
export function errorTrailers(error: FairleadError): Record<string, string> {
  return {
    'grpc-status': String(statusOf(error)),
    'grpc-message': percentEncode(error.message.length > MAX_MESSAGE ? `${error.message.slice(0, MAX_MESSAGE)}…` : error.message),
    'fairlead-code': error.code,
    ...(error.retryAfter === undefined ? {} : { 'grpc-retry-pushback-ms': pushback(error.retryAfter) }),
  }
}

/** Milliseconds to wait before the next try, a number of 32 bits; less than none says that there is to be none. */
function pushback(seconds: number): string {
  return String(seconds > MOST_PUSHBACK ? -1 : seconds * 1000)
}

/** Any error as one of the table; what is not of it is told to nobody but the log. */
export function known(error: unknown): FairleadError {
  if (error instanceof FairleadError) return error
  return new FairleadError('internal', 'something went wrong inside; the log of the platform has the details under this request id', { cause: error })
}

/** A text as `grpc-message` carries it: printable ASCII as it is but for `%`, everything else as the bytes of its UTF-8. */
export function percentEncode(text: string): string {
  if (/^[ -$&-~]*$/.test(text)) return text
  let encoded = ''
  for (const byte of Buffer.from(text)) {
    const plain = byte >= 0x20 && byte <= 0x7e && byte !== 0x25
    encoded += plain ? String.fromCharCode(byte) : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
  }
  return encoded
}
