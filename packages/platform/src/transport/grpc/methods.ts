import type { Method } from './call.ts'
import { modelInfer } from './infer.ts'
import { streamInfer } from './stream-infer.ts'

const INFERENCE = '/inference.GRPCInferenceService/'

/** Longest message of a method that asks for no prediction: reading fields that nobody knows takes far longer than sending them. */
const SMALL_BYTES = 256 * 1024

/** Methods that need the protobuf runtime, which takes a tenth of a second to load: at the first call, not at the start. */
function small(name: keyof typeof import('./small-methods.ts').SMALL_METHODS, kind: Method['kind'] = 'unary'): Method {
  return {
    kind,
    guarded: false,
    messageBytes: SMALL_BYTES,
    reply: async (call, message) => (await import('./small-methods.ts')).SMALL_METHODS[name](call, message),
  }
}

const METHODS: ReadonlyMap<string, Method> = new Map<string, Method>([
  [`${INFERENCE}ModelInfer`, { kind: 'unary', guarded: true, reply: (call, message) => modelInfer(call, message) }],
  [`${INFERENCE}ModelStreamInfer`, { kind: 'stream', guarded: true, reply: streamInfer }],
  [`${INFERENCE}ServerLive`, small('serverLive')],
  [`${INFERENCE}ServerReady`, small('serverReady')],
  [`${INFERENCE}ModelReady`, small('modelReady')],
  [`${INFERENCE}ServerMetadata`, small('serverMetadata')],
  [`${INFERENCE}ModelMetadata`, small('modelMetadata')],
  [`${INFERENCE}ModelConfig`, small('modelConfig')],
  [`${INFERENCE}ModelStatistics`, small('modelStatistics')],
  [`${INFERENCE}RepositoryIndex`, small('repositoryIndex')],
  [`${INFERENCE}RepositoryModelLoad`, small('repositoryLoad')],
  [`${INFERENCE}RepositoryModelUnload`, small('repositoryUnload')],
  ['/grpc.health.v1.Health/Check', small('healthCheck')],
  ['/grpc.health.v1.Health/Watch', small('healthWatch', 'watch')],
  ['/grpc.reflection.v1.ServerReflection/ServerReflectionInfo', small('reflection', 'dialogue')],
  // the messages of the older version are the same
  ['/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo', small('reflection', 'dialogue')],
])

/** The method of a path; `undefined` when there is none. */
export function findMethod(path: string): Method | undefined {
  return METHODS.get(path)
}
