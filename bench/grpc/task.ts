/** One round of load over gRPC: unary calls on one connection, so many at a time, for some seconds. */
export interface GrpcTask {
  port: number
  path: string
  streams: number
  seconds: number
  /** Messages and right answers, both behind their prefixes. */
  requests: { message: Uint8Array; answer: Uint8Array }[]
}
