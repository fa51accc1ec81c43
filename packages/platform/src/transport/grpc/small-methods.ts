import { FairleadError, OIP_TYPES, type TensorSpec } from '@fairlead/contract'
import { modelConfig } from '../model-config.ts'
import { OIP_EXTENSIONS } from '../oip-extensions.ts'
import { oipPlatform } from '../oip-platform.ts'
import { modelStatistics } from '../statistics.ts'
import type { Call } from './call.ts'
import { HealthCheckRequestSchema, HealthCheckResponse_ServingStatus, HealthCheckResponseSchema } from './generated/grpc/health/v1/health_pb.ts'
import { ServerReflectionRequestSchema, ServerReflectionResponseSchema } from './generated/grpc/reflection/v1/reflection_pb.ts'
import {
  ModelConfigRequestSchema,
  ModelConfigResponseSchema,
  ModelMetadataRequestSchema,
  ModelMetadataResponseSchema,
  ModelReadyRequestSchema,
  ModelReadyResponseSchema,
  ModelStatisticsRequestSchema,
  ModelStatisticsResponseSchema,
  ServerLiveResponseSchema,
  ServerMetadataResponseSchema,
  ServerReadyResponseSchema,
} from './generated/open_inference_grpc_pb.ts'
import { watchHealth } from './health.ts'
import { read, write, writeJson } from './messages.ts'
import { isReady } from './readiness.ts'
import { reflect, SERVICES } from './reflection.ts'
import { releaseNumber } from './release-number.ts'
import { repositoryIndex, repositoryLoad, repositoryUnload } from './repository.ts'

const NOT_READY: ReadonlySet<string> = new Set(['release-not-ready', 'release-not-loaded', 'model-unloaded'])
const { SERVING, NOT_SERVING, SERVICE_UNKNOWN } = HealthCheckResponse_ServingStatus

/** How it stands with a service; `undefined` when there is none of that name. */
function servingStatus(call: Call, service: string): typeof SERVING | typeof NOT_SERVING | undefined {
  if (service !== '' && !SERVICES.includes(service)) return undefined
  return isReady(call.world.options) ? SERVING : NOT_SERVING
}

function modelReady(call: Call, message: Buffer): Buffer {
  const { name, version } = read(ModelReadyRequestSchema, message)
  try {
    call.world.options.inference.resolve(name, releaseNumber(name, version))
    return write(ModelReadyResponseSchema, { ready: true })
  } catch (error) {
    if (!(error instanceof FairleadError) || !NOT_READY.has(error.code)) throw error
    return write(ModelReadyResponseSchema, { ready: false })
  }
}

function metadataOf({ name, type, shape }: TensorSpec) {
  return { name, datatype: OIP_TYPES[type], shape: shape.map(BigInt) }
}

function modelMetadata(call: Call, message: Buffer): Buffer {
  const { name, version } = read(ModelMetadataRequestSchema, message)
  const release = releaseNumber(name, version)
  call.access(name, release)
  const { inference } = call.world.options
  const { tensors, release: served } = inference.resolve(name, release)
  const { releases, current } = inference.describe(name)
  const ready = releases.filter(({ state, number }) => state === 'ready' || number === current)
  return write(ModelMetadataResponseSchema, {
    name,
    versions: ready.map(({ number }) => String(number)),
    platform: oipPlatform(served),
    inputs: tensors.inputs.map(metadataOf),
    outputs: tensors.outputs.map(metadataOf),
  })
}

function configOf(call: Call, message: Buffer): Buffer {
  const { name, version } = read(ModelConfigRequestSchema, message)
  const release = releaseNumber(name, version)
  call.access(name, release)
  return writeJson(ModelConfigResponseSchema, { config: modelConfig(call.world.options.inference.resolve(name, release)) })
}

async function statistics(call: Call, message: Buffer): Promise<Buffer> {
  const { name, version } = read(ModelStatisticsRequestSchema, message)
  if (name === '' && version !== '') throw new FairleadError('request-invalid', 'a version is asked for, and no model')
  const which = name === '' ? {} : { deployment: name, release: releaseNumber(name, version) }
  call.access(which.deployment, which.release)
  const { inference, counted } = call.world.options
  // what is not there is told before the other processes are asked
  modelStatistics(inference, [], which)
  return writeJson(ModelStatisticsResponseSchema, { model_stats: modelStatistics(inference, await counted(), which) })
}

function healthCheck(call: Call, message: Buffer): Buffer {
  const { service } = read(HealthCheckRequestSchema, message)
  const status = servingStatus(call, service)
  // a service is a path of this interface, and that is what there is not
  if (status === undefined) throw new FairleadError('path-unknown', `there is no service "${service.slice(0, 200)}"`)
  return write(HealthCheckResponseSchema, { status })
}

function healthWatch(call: Call, message: Buffer): undefined {
  const { service } = read(HealthCheckRequestSchema, message)
  watchHealth(
    call,
    () => servingStatus(call, service) ?? SERVICE_UNKNOWN,
    (status) => write(HealthCheckResponseSchema, { status }),
  )
}

/** The methods whose messages are small and rare, read and written by the protobuf runtime. */
export const SMALL_METHODS = {
  serverLive: () => write(ServerLiveResponseSchema, { live: true }),
  serverReady: (call: Call) => write(ServerReadyResponseSchema, { ready: isReady(call.world.options) }),
  serverMetadata: (call: Call) =>
    write(ServerMetadataResponseSchema, { name: 'fairlead', version: call.world.options.version, extensions: [...OIP_EXTENSIONS] }),
  modelReady,
  modelMetadata,
  modelConfig: configOf,
  modelStatistics: statistics,
  repositoryIndex,
  repositoryLoad,
  repositoryUnload,
  healthCheck,
  healthWatch,
  reflection: (_call: Call, message: Buffer) => {
    const question = read(ServerReflectionRequestSchema, message)
    return write(ServerReflectionResponseSchema, { validHost: question.host, originalRequest: question, messageResponse: reflect(question) })
  },
} satisfies Record<string, (call: Call, message: Buffer) => Buffer | undefined | Promise<Buffer>>
