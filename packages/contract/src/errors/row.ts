/** A row of the error table. */
export interface ErrorRow {
  /** HTTP status of Fairlead's own interfaces. */
  http: number
  /** gRPC status name. */
  grpc: string
  /** Whether the same request may succeed later. */
  retryable: boolean
  /** A short title, the same for every occurrence. */
  title: string
  /** What the reader can do. */
  remedy: string
}
