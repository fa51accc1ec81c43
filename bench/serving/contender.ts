import type { GrpcTask } from '../grpc/task.ts'
import type { LoadRequest } from '../load.ts'

/** What is asked of every server. */
export const LOADS = {
  'row-32': { title: 'One row, 32 connections', face: 'row', connections: 32 },
  'row-1': { title: 'One row, one connection', face: 'row', connections: 1 },
  'grpc-64': { title: 'One row over gRPC, 64 calls at a time on one connection', face: 'grpc', connections: 64 },
  tensor: { title: 'A tensor of 602,112 bytes there and back, 8 connections', face: 'tensor', connections: 8 },
} as const

export type Load = keyof typeof LOADS

/** How a server is asked one kind of thing: the requests with the answers that are right, and where an answer is always the same. */
export interface Face {
  requests: LoadRequest[]
  /** As in `LoadTask`: where the part of an answer begins that is the same for the same request. */
  marker: string
}

/** How a server is asked over gRPC: messages with the answers that are right, found out by asking each once. */
export type GrpcFace = (address: string) => Promise<GrpcTask['requests']>

/** How a server is asked under a load; undefined when it cannot be. */
export function faceOf({ faces }: Contender, load: Load): Face | GrpcFace | undefined {
  if (load === 'row-1' && faces.lone) return faces.lone
  return faces[LOADS[load].face]
}

/** Where a server keeps what it installs, and where it may write while it runs. */
export interface Place {
  cache: string
}

/** A started server. */
export interface Running {
  /** Port by face. */
  port: { row: number; tensor: number; grpc?: number }
  /** The process whose descendants do the work. */
  pids: number[]
  stop(): Promise<void>
}

/** A server that is compared. */
export interface Contender {
  name: string
  title: string
  /** The settings it was given, for the reader who wonders whether it was given its best. */
  settings: string
  /** Makes it ready to be started; quick when it was done before. Throws with the reason where it cannot be installed here. */
  install(place: Place): Promise<void>
  start(place: Place): Promise<Running>
  /** `lone`: how it is asked by one connection, where that differs from how it is asked by many. */
  faces: { row: Face; lone?: Face; tensor?: Face; grpc?: GrpcFace }
  /** How many times as fast ours has to be. */
  bars?: Partial<Record<Load, number>>
}
