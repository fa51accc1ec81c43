import type { Limiter } from '../../domain/governance/index.ts'
import type { Caller, Inference, ModelRepository } from '../../domain/inference/index.ts'
import type { SeriesSnapshot } from '../../domain/monitoring/index.ts'
import type { AccessRequest } from '../http/index.ts'

/** Bounds of the gRPC port. Bytes and milliseconds. */
export interface GrpcLimits {
  /** One message, also after it is unpacked. */
  messageBytes: number
  /** Messages that are still coming, of one connection and of all. */
  connectionBytes: number
  pendingBytes: number
  /** Connections at a time, of all clients and of one address. */
  connections: number
  connectionsPerAddress: number
  /** Calls of one connection at a time. */
  streams: number
  /** All headers of one call together. */
  headerBytes: number
  /** Time for the first words of a connection, for a whole message, and for taking the answer. */
  greetingMs: number
  requestMs: number
  answerMs: number
  /** A silent connection is asked whether it is still there, and closed when it does not say so in time. */
  pingMs: number
  pingAnswerMs: number
  /** Pings and settings that a connection may send in ten seconds. */
  controlFrames: number
}

const MIB = 1024 * 1024

const DEFAULT_LIMITS: GrpcLimits = {
  messageBytes: 64 * MIB,
  connectionBytes: 128 * MIB,
  pendingBytes: 512 * MIB,
  connections: 10_000,
  connectionsPerAddress: Number.POSITIVE_INFINITY,
  streams: 1000,
  headerBytes: 16 * 1024,
  greetingMs: 10_000,
  requestMs: 60_000,
  answerMs: 60_000,
  pingMs: 120_000,
  pingAnswerMs: 20_000,
  controlFrames: 1000,
}

/** The limits in force: those given, and for the others such as go with the size of a message. */
export function grpcLimits(given: Partial<GrpcLimits> = {}): GrpcLimits {
  const { messageBytes } = { ...DEFAULT_LIMITS, ...given }
  return {
    ...DEFAULT_LIMITS,
    connectionBytes: Math.max(DEFAULT_LIMITS.connectionBytes, 2 * messageBytes),
    pendingBytes: Math.max(DEFAULT_LIMITS.pendingBytes, 4 * messageBytes),
    ...given,
  }
}

export interface ServeGrpcOptions {
  inference: Inference
  /** The models as the repository extension shows and changes them. */
  repository: ModelRepository
  /** Answers who calls; throws `not-authenticated` or `not-allowed`. */
  authorize(request: AccessRequest): Caller
  /** Limits how often and for how many rows callers may ask; none are limited without it. */
  limiter?: Pick<Limiter, 'allowance'>
  /** What was counted of every release by all processes together. */
  counted(): Promise<readonly SeriesSnapshot[]>
  version: string
  isDraining(): boolean
  /** Told of errors that are the platform's own fault. */
  onError?(error: unknown, requestId: string): void
  limits?: Partial<GrpcLimits>
}
