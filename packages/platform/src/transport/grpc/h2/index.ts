export { type ConnectionLimits, Http2Connection, refuseConnection } from './connection.ts'
export { encodeHeaders, type Headers } from './hpack/index.ts'
export { CODE } from './protocol.ts'
export type { Http2Stream, StreamHandler } from './stream.ts'
